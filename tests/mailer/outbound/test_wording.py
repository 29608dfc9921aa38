"""The three language files say the same things, each in its own language only."""

import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from jinja2 import Environment, meta
from opencc import OpenCC

from mailer.wording import TEMPLATES, flatten, wording
from rules.locales import Locale


def sentences(locale: Locale) -> dict[str, str]:
    return dict(flatten(tomllib.loads((TEMPLATES / f"{locale}.toml").read_text(encoding="utf-8"))))


def source(locale: Locale) -> str:
    return (TEMPLATES / f"{locale}.toml").read_text(encoding="utf-8")


def variables(sentence: str) -> set[str]:
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(sentence))


def test_every_language_has_exactly_the_same_keys_in_the_same_order() -> None:
    keys = [list(sentences(locale)) for locale in Locale]
    assert keys[0] == keys[1] == keys[2]
    assert len(keys[0]) > 200


def test_a_sentence_shows_the_same_facts_in_both_chinese_scripts() -> None:
    traditional, simplified = sentences(Locale.ZH_HANT), sentences(Locale.ZH_HANS)
    assert {key: variables(text) for key, text in traditional.items()} == {
        key: variables(text) for key, text in simplified.items()
    }


def test_the_english_sentences_use_no_fact_that_the_chinese_ones_do_not_know() -> None:
    known = set().union(*(variables(text) for text in sentences(Locale.ZH_HANT).values()))
    assert set().union(*(variables(text) for text in sentences(Locale.EN).values())) <= known


def test_traditional_wording_has_no_simplified_characters() -> None:
    text = source(Locale.ZH_HANT)
    assert OpenCC("s2tw").convert(text) == text
    text.encode("cp950")  # Big5 knows no simplified characters


def test_simplified_wording_has_no_traditional_characters() -> None:
    text = source(Locale.ZH_HANS)
    assert OpenCC("t2s").convert(text) == text
    text.encode("gb2312")  # GB 2312 knows no traditional characters


def test_the_layouts_speak_no_language() -> None:
    for file in [*TEMPLATES.glob("*.html"), *TEMPLATES.glob("*.txt"), *(TEMPLATES / "blocks").iterdir()]:
        assert not any("\u3400" <= sign <= "\u9fff" for sign in file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize(
    ("locale", "foreign"),
    [
        (Locale.ZH_HANT, ("信息", "郵箱", "默認", "單元格", "文件夾", "反饋", "發送", "剎車", "審批")),
        (
            Locale.ZH_HANS,
            ("电子邮件", "档案", "信箱", "储存格", "资料夹", "烦请", "寄", "回报", "煞车", "核定", "本信"),
        ),
        (Locale.EN, ("：", "，", "。", "「")),
    ],
)
def test_words_of_the_other_side_do_not_slip_in(locale: Locale, foreign: tuple[str, ...]) -> None:
    said = "\n".join(sentences(locale).values())
    assert [word for word in foreign if word in said] == []


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        (Locale.ZH_HANT, "2026-11-23（一）11:00"),
        (Locale.ZH_HANS, "2026-11-23（周一）11:00"),
        (Locale.EN, "Mon 2026-11-23 11:00"),
    ],
)
def test_times_carry_their_weekday(locale: Locale, written: str) -> None:
    assert wording(locale).moment(datetime(2026, 11, 23, 11, 0, 59, tzinfo=UTC)) == written


@pytest.mark.parametrize(
    ("span", "traditional", "english"),
    [
        (timedelta(0), "0 秒", "0 seconds"),
        (timedelta(seconds=1), "1 秒", "1 second"),
        (timedelta(seconds=59.9), "59 秒", "59 seconds"),
        (timedelta(minutes=1), "1 分鐘", "1 minute"),
        (timedelta(hours=1, minutes=42, seconds=59), "1 小時 42 分", "1 hour 42 min"),
        (timedelta(hours=2), "2 小時", "2 hours"),
        (timedelta(days=1, minutes=5), "1 天", "1 day"),
        (timedelta(days=2, hours=3, minutes=50), "2 天 3 小時", "2 days 3 hours"),
        (timedelta(seconds=-5), "0 秒", "0 seconds"),
    ],
)
def test_spans_are_rounded_down_to_two_units(span: timedelta, traditional: str, english: str) -> None:
    assert (wording(Locale.ZH_HANT).span(span), wording(Locale.EN).span(span)) == (traditional, english)


def test_an_unknown_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        wording(Locale.EN).say("general.nothing")


@pytest.mark.parametrize("locale", [Locale.ZH_HANT, Locale.ZH_HANS])
def test_a_latin_name_is_set_apart_from_the_words_around_it(locale: Locale) -> None:
    assert wording(locale).say("general.complaint", customer="Mr Sun").startswith("Mr Sun 的")
    assert wording(locale).say("general.complaint", customer="許雅婷").startswith("許雅婷的")
