"""A short answer by e-mail instead of a handling form: `已解決 更換水泵，優惠工時費30%`, `unresolved …`.

Only the reader's own first lines count; what he quotes is cut first. What can be read in two ways, a result or a
concession, is a problem, never a guess: it stops the clock and is held against the author's authority (D10–D12,
D19–D21, D38).
"""

import re
from dataclasses import dataclass, field

from parsers.reply_concessions import read_concessions
from parsers.reply_quotes import own_text
from parsers.reply_verbs import opening, plain_text, reports, verb_at
from parsers.values import read_text
from parsers.wordings import quoted, say
from rules.conditions import FactValue
from rules.fields import Catalogue, FormKind
from rules.locales import Text

_LEADING = " \t\r\n,，。.:：;；!！-–—、*"
_PARAGRAPH_ENDS = re.compile(r"\n[ \t\u3000\xa0]*\n")


@dataclass(frozen=True)
class Reply:
    """What a short reply reports, by the fact keys of the handling form; no facts if it is unclear whether it does."""

    facts: dict[str, FactValue] = field(default_factory=dict)
    problems: tuple[Text, ...] = ()


def parse_reply(
    text: str, catalogue: Catalogue, *, answered: str = "", detailed: bool = False
) -> Reply | None:
    """Read a short reply; None if its first line does not begin with a verb.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    `detailed`: the verb was put there for him, so that it takes words of his own to mean it.
    """
    if all(form.kind is not FormKind.HANDLING for form in catalogue.forms):
        return None
    body = own_text(text, answered)
    plain = plain_text(body)  # as long as `body`, so that positions hold in both
    begin = opening(plain)
    found = verb_at(plain, begin)
    if found is None:
        return None
    verb, end = found
    if not reports(verb, plain[end:]):
        return Reply(problems=(_no_result(body[begin:]),))
    reply = _reply(verb.result, body[end:])
    if detailed and "resolution" not in reply.facts and not reply.problems:
        return Reply(problems=(_how(body[begin:]),))
    return reply


def _reply(result: str, rest: str) -> Reply:
    facts: dict[str, FactValue] = {"result": result}
    resolution = read_text(rest.strip(_LEADING)).value
    if resolution:
        facts["resolution"] = resolution
    granted, problems = read_concessions(_first_paragraph(rest))
    return Reply(facts | granted, problems)


def _first_paragraph(rest: str) -> str:
    """Cut what follows the first words said: a signature may well advertise a discount."""
    return _PARAGRAPH_ENDS.split(rest.lstrip(_LEADING + "\u3000\xa0"), maxsplit=1)[0]


def _how(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」後面請寫上怎麼處理的，例如「{shown} 更換水泵，客戶滿意」",
        f"“{shown}”后面请写上怎么处理的，例如“{shown} 更换水泵，客户满意”",
        f"write behind '{shown}' what was done, for example '{shown} New water pump fitted'",
    )


def _no_result(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」看不出是否已解決。已解決請寫例如「已解決 更換水泵」，還沒解決請寫「未解決」和目前進度",
        f"“{shown}”看不出是否已解决。已解决请写例如“已解决 更换水泵”，还没解决请写“未解决”和目前进度",
        f"'{shown}' does not say whether it is resolved; write 'resolved' and how, for example "
        "'resolved New water pump fitted', or 'not resolved' and the progress",
    )
