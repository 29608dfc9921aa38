"""A long mail is cut to its writer's own words once, not by every reader of it anew."""

from datetime import date

from parsers.reply_absence import parse_absence
from parsers.reply_call_lines import parse_calls
from parsers.reply_lines import addressed
from parsers.reply_quotes import own_text
from parsers.reply_reviews import parse_review
from parsers.reply_verdicts import parse_blame, parse_verdict, says_nothing

SHORT_LINES = "\n".join(f"{number:x}" for number in range(20_000))


def test_all_readers_of_a_mail_share_one_look_at_it() -> None:
    own_text.cache_clear()
    for read in (addressed, parse_verdict, parse_blame, parse_review, parse_calls, says_nothing):
        read(SHORT_LINES)
    parse_absence(SHORT_LINES, date(2026, 11, 23))
    assert own_text.cache_info().misses == 1
