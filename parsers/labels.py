"""Which cells are labels and titles: by any synonym, folded; several in one cell; with the value behind a colon."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from parsers.choices import ChoiceBook, choice_names
from parsers.folding import fold, remembered, simplified, spellings
from parsers.values import means_empty
from rules.fields import Catalogue, Form, FormKind, Kind
from rules.locales import Locale

LONGEST_LABEL = 60  # characters of a cell that is nothing but labels
_COLON = re.compile(r"[:：\u2236\ufe13]")
_PARTS = re.compile(r"[/、&＆|\n]|／")
_SEGMENT_END = re.compile(r"\s{2,}|[\n\t;；　]")
_CHINESE, _LATIN = r"[\u2e80-\u9fff][\u2e80-\u9fff\s()*:]*?", r"[A-Za-z][A-Za-z\s.()*-]*?"
_BETWEEN = r"[\s:/|(]*"
_BILINGUAL = re.compile(
    rf"(?P<c1>{_CHINESE}){_BETWEEN}(?P<l1>{_LATIN})\)?|(?P<l2>{_LATIN}){_BETWEEN}(?P<c2>{_CHINESE})\)?"
)
_NUMBER_WORD = re.compile(r"(?<=[a-z])[\s_]+(?:no\.?|number)[\s:*]*$", re.IGNORECASE)
_LONGEST_HINT = 120
_TITLE_SURPLUS = 20  # characters a title may have besides: a firm's name, a year

# Labels of no field: they end the search for a value, and may share a cell with a label (簽名/時間).
_COMPANION_WORDS = (
    "備註 備考 說明 性別 年齡 地址 住址 顏色 車身顏色 生日 簽名 簽字 簽章 蓋章 時間 職務 職稱 職位 序號 項次 "
    "製表人 製表 覆核 審核 審批 核准 批准 主管 客戶簽名 客戶簽字 "
    "remarks remark notes gender age address colour color signature signed time position approved-by checked-by"
)
COMPANIONS = frozenset(fold(word) for word in _COMPANION_WORDS.split())


@dataclass(frozen=True)
class Label:
    """A cell read as a label: its fields in order (None for a companion of no field) and how good a name it used.

    `rank` 0 is the printed label, higher ranks are synonyms. `inline` holds what stands behind the colon(s).
    """

    keys: tuple[str | None, ...]
    rank: int = 0
    inline: tuple[tuple[str, str], ...] = ()

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The fields it names."""
        return tuple(key for key in self.keys if key is not None)


@dataclass(frozen=True)
class TitleMatch:
    """A cell read as a form's title."""

    kind: FormKind
    blank: str


@dataclass(frozen=True)
class Said:
    """What a cell's text may be: a form's title, or a label of these forms."""

    title: TitleMatch | None
    labels: Mapping[FormKind, Label]


class LabelBook:
    """The labels of one form, and how to recognise them."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.fields = {field.key: field for field in form.fields}
        self._names: dict[str, tuple[str, int]] = {}
        self._choices = {
            fold(name)
            for field in form.fields
            for choice in field.choices
            for name in (*choice.label.all(), *choice.synonyms)
        }
        for field in form.fields:
            for rank, name in enumerate((field.label.all(), *field.synonyms)):
                for spelling in [name] if isinstance(name, str) else name:
                    self._add(fold(spelling), field.key, rank)
        self._read = remembered(self.read)

    @cached_property
    def _options(self) -> frozenset[str]:
        asked = (field for field in self.form.fields if field.kind in (Kind.CHOICE, Kind.YES_NO))
        return frozenset(name for field in asked for name in ChoiceBook.of(field).names())

    def is_option(self, text: str) -> bool:
        """Tell whether a text names a choice of any field."""
        return not self._options.isdisjoint(choice_names(text))

    def _add(self, name: str, key: str, rank: int) -> None:
        if name not in self._names or self._names[name][1] > rank:
            self._names[name] = (key, rank)

    def match(self, text: str) -> Label | None:
        """Read a cell's text as a label and remember it; None if it is none."""
        return self._read(text)

    def read(self, text: str) -> Label | None:
        """Read a cell's text as a label; None if it is none."""
        narrow = unicodedata.normalize("NFKC", text).strip()
        if len(narrow) <= LONGEST_LABEL and (plain := self._plain(narrow)) is not None:
            return plain
        return self._with_inline(narrow) if _COLON.search(narrow[: LONGEST_LABEL * 2]) else None

    def _plain(self, narrow: str) -> Label | None:
        """Read a text that is nothing but one label or several."""
        found = self._one(narrow)
        if found is not None:
            return Label((found[0],), found[1])
        return self._compound(narrow) or self._bilingual(narrow)

    def _one(self, text: str) -> tuple[str, int] | None:
        short = _NUMBER_WORD.sub("", text)  # Phone No.
        names = (*spellings(text), *(spellings(short) if short != text else ()))
        return next((self._names[spelling] for spelling in names if spelling in self._names), None)

    def _compound(self, narrow: str) -> Label | None:
        """Read `姓名/電話`, `簽名/日期`; synonyms of one field are one label."""
        parts = [part for part in _PARTS.split(narrow.rstrip(" :")) if part.strip()]
        if not 2 <= len(parts) <= 4:
            return None
        found = [self._one(part) for part in parts]
        unknown = [part for part, match in zip(parts, found, strict=True) if match is None]
        if len(unknown) == len(parts) or any(fold(part) not in COMPANIONS for part in unknown):
            return None
        keys = dict.fromkeys(match[0] if match else None for match in found)
        return Label(tuple(keys), max(match[1] for match in found if match))

    def _bilingual(self, narrow: str) -> Label | None:
        """Read `客戶姓名 Customer`, `聯絡電話/Tel`: two halves; where both are labels they agree."""
        found = _BILINGUAL.fullmatch(narrow.rstrip(" :*"))
        if found is None:
            return None
        chinese, latin = (next(filter(None, (found[f"{name}1"], found[f"{name}2"]))) for name in ("c", "l"))
        known = [match for match in (self._one(chinese), self._one(latin)) if match is not None]
        if len({key for key, _ in known}) != 1 or (len(known) == 1 and self._is_choice(chinese, latin)):
            return None
        return Label((known[0][0],), max(rank for _, rank in known))

    def _is_choice(self, *halves: str) -> bool:
        """`來電 Phone` is an answer: where one half alone is a label, neither may be a choice."""
        return any(fold(half) in self._choices for half in halves)

    def _with_inline(self, narrow: str) -> Label | None:
        """Read `姓名：王小明`, and `姓名：王小明  電話：0912` as two."""
        pairs = list(self._pairs(narrow))
        if not pairs:
            return None
        keys = tuple(dict.fromkeys(key for label, _ in pairs for key in label.keys))
        inline = tuple((label.known[0], text) for label, text in pairs if not means_empty(text))
        return Label(keys, max(label.rank for label, _ in pairs), inline)

    def _pairs(self, narrow: str) -> Iterator[tuple[Label, str]]:
        """Cut the text at every colon behind a label; the text must begin with one."""
        label: Label | None = None
        begin = 0
        for colon in _COLON.finditer(narrow):
            before = narrow[begin : colon.start()]
            value, found = self._label_at_end(before) if label else ("", self._label_whole(before))
            if found is None:
                if label is None:
                    return
                continue
            if label is not None:
                yield label, value
            label, begin = found, colon.end()
        if label is not None:
            yield label, narrow[begin:].strip()

    def _label_whole(self, text: str) -> Label | None:
        return self._plain(text.strip()) if 0 < len(text.strip()) <= LONGEST_LABEL else None

    def _label_at_end(self, text: str) -> tuple[str, Label | None]:
        """Split `王小明  電話` into the value and the next label; a label here stands behind a wide gap."""
        gaps = [*_SEGMENT_END.finditer(text)]
        if not gaps:
            return text, None
        tail = text[gaps[-1].end() :]
        return text[: gaps[-1].start()].strip(), self._label_whole(tail)


class FormBook:
    """Everything by which the forms of a catalogue are recognised."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.labels = {form.kind: LabelBook(form) for form in catalogue.forms}
        self._titles = {
            fold(title): TitleMatch(form.kind, blank.key)
            for form in catalogue.forms
            for blank in form.blanks
            for title in (*blank.title.all(), *blank.synonyms)
        }
        self._hints = {
            fold(hint)
            for form in catalogue.forms
            for field in form.fields
            if field.hint
            for hint in field.hint.all()
        }
        printed = "".join(
            text for form in catalogue.forms for field in form.fields for text in field.label.all()[:1]
        )
        self._simplified_only = {simplified(character) for character in printed} - set(printed)
        self._known = remembered(self._say)
        self._known_hint = remembered(self._is_hint)
        self._known_locale = remembered(self._locale_of)

    def said(self, text: str) -> Said:
        """Read a cell's text as a title and as a label of each form."""
        return self._known(text)

    def _say(self, text: str) -> Said:
        read = {kind: book.read(text) for kind, book in self.labels.items()}
        return Said(self.title(text), {kind: label for kind, label in read.items() if label is not None})

    def title(self, text: str) -> TitleMatch | None:
        """Read a cell's text as a title, with a firm's name before it or a year behind it."""
        if len(text) > LONGEST_LABEL + _TITLE_SURPLUS:
            return None
        folded = fold(text)
        for spelling in (folded, *spellings(text)):
            if spelling in self._titles:
                return self._titles[spelling]
        around = [
            title
            for title in self._titles
            for spelling in (folded, *spellings(text))
            if len(folded) <= len(title) + _TITLE_SURPLUS
            and (spelling.endswith(title) or spelling.startswith(title))
        ]
        return self._titles[max(around, key=len)] if around else None

    def is_hint(self, text: str) -> bool:
        """Tell whether a cell only explains how to fill in another."""
        return len(text) <= _LONGEST_HINT and self._known_hint(text)

    def _is_hint(self, text: str) -> bool:
        narrow = unicodedata.normalize("NFKC", text).strip().casefold()
        return fold(text) in self._hints or narrow.startswith(("例:", "例如:", "e.g.", "(例", "(e.g."))

    def locale_of(self, texts: Iterator[str]) -> Locale | None:
        """Tell the language of labels by majority; None if they do not say (some are alike in both scripts)."""
        votes = {Locale.EN: 0, Locale.ZH_HANT: 0, Locale.ZH_HANS: 0}
        for text in texts:
            locale = self._known_locale(text)
            if locale is not None:
                votes[locale] += 1
        best = max(votes, key=lambda locale: votes[locale])
        return best if votes[best] else None

    def _locale_of(self, text: str) -> Locale | None:
        """Tell the language of one label; None where it is written alike in both scripts."""
        if all(character < "\u2e80" for character in text):
            return Locale.EN
        if simplified(text) != text:
            return Locale.ZH_HANT
        return Locale.ZH_HANS if any(character in self._simplified_only for character in text) else None


@remembered
def looks_like_label(text: str) -> bool:
    """Tell whether a text that names no field is still a label: it ends in a colon, or is a common one (備註)."""
    narrow = unicodedata.normalize("NFKC", text).strip()
    parts = [fold(part) for part in _PARTS.split(narrow)]
    return len(narrow) <= 20 and (narrow.endswith((":", "∶")) or all(part in COMPANIONS for part in parts))


def is_signature(text: str) -> bool:
    """Tell whether a row begins with words of a page's foot: `審核：王小明`."""
    head, colon, _ = text.replace("：", ":").partition(":")
    return bool(colon) and looks_like_label(head)
