"""Names, subjects and words as mailers really send them: raw, mislabelled, cut in the wrong place, encoded twice."""

import base64

import pytest

from mailer.message import Message, read_message
from mailer.message_words import decode_bytes

SIMPLIFIED = "客户投诉登记表.xlsx"
TRADITIONAL = "客戶抱怨處理單.xlsx"


def b64(text: str, codec: str) -> str:
    return base64.b64encode(text.encode(codec)).decode()


def subject(raw: str | bytes) -> str:
    raw = raw if isinstance(raw, bytes) else raw.encode()
    return read_message(b"Subject: " + raw + b"\r\nFrom: a@b.c\r\n\r\ntext\r\n").subject


def body(content: bytes, label: str = "") -> str:
    charset = f"; charset={label}".encode() if label else b""
    return read_message(b"From: a@b.c\r\nContent-Type: text/plain" + charset + b"\r\n\r\n" + content).text


def attached(*lines: str | bytes) -> Message:
    head = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines)
    return read_message(
        b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + head
        + b"\r\nPK\x03\x04 a file\r\n--b--\r\n"
    )


def name_of(*lines: str | bytes) -> str:
    (found,) = attached(*lines).attachments
    return found.name


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("gbk", "gbk"),
        ("GB2312", "gb2312"),
        ("gb18030", "gb18030"),
        ("x-gbk", "gbk"),
        ("GB_2312-80", "gb2312"),
        ("cp936", "gbk"),
        ("windows-936", "gbk"),
        ("hz-gb-2312", "hz"),
        ("HZ", "hz"),
        ("iso-2022-cn", "hz"),  # labelled so by an old gateway; the bytes say what they are
        ("utf-7", "utf-7"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("utf8", "utf-8"),
        ("UTF_8", "utf-8"),
        ("utf-8mb4", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
    ],
)
def test_every_charset_of_the_mainland_is_read_under_its_own_label(label: str, codec: str) -> None:
    assert decode_bytes(SIMPLIFIED.encode(codec), label) == SIMPLIFIED
    assert subject(f"=?{label}?B?{b64(SIMPLIFIED, codec)}?=") == SIMPLIFIED


@pytest.mark.parametrize(
    "label", ["big5", "Big5-HKSCS", "x-big5", "cn-big5", "big5-tw", "cp950", "windows-950"]
)
def test_every_label_of_big5_is_read(label: str) -> None:
    assert subject(f"=?{label}?B?{b64(TRADITIONAL, 'big5')}?=") == TRADITIONAL


def test_characters_of_hong_kong_and_rare_ones_are_kept() -> None:
    assert body("啲客投訴".encode("big5hkscs"), "big5") == "啲客投訴"
    assert body("朱镕基喆".encode("gb18030"), "gb2312") == "朱镕基喆"
    assert body("𠮷野家".encode("gb18030"), "gbk") == "𠮷野家"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("gb2312", "utf-8"),
        ("gbk", "utf-8"),
        ("big5", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("iso-8859-1", "gbk"),
        ("windows-1252", "gbk"),
        ("utf-8", "gbk"),
        ("us-ascii", "gbk"),
        ("us-ascii", "utf-8"),
        ("ascii", "utf-8"),
        ("x-unknown", "gbk"),
        ("default", "gbk"),
        ("", "gbk"),
        ("", "utf-8"),
    ],
)
def test_a_wrong_label_does_not_garble_what_the_bytes_say(label: str, codec: str) -> None:
    words = "您好，附件是客户投诉登记表，请查收。王小明 13800138000"
    assert body(words.encode(codec), label) == words
    if label:
        assert subject(f"=?{label}?B?{b64(words, codec)}?=") == words


@pytest.mark.parametrize(
    "words",
    [
        "客戶抱怨處理單，請查收",
        "您好，附件是客訴單，謝謝",
        "林先生反映煞車異音，請派員處理",
        "報告",
        "投訴單.xlsx",
    ],
)
def test_big5_without_any_label_is_told_from_gbk(words: str) -> None:
    assert decode_bytes(words.encode("big5")) == words
    assert body(words.encode("big5"), "iso-8859-1") == words
    assert subject(words.encode("big5")) == words


@pytest.mark.parametrize(
    "words",
    ["客户投诉登记表，请查收", "您好，附件是投诉单，谢谢", "王先生反映刹车异响", "报告", "投诉单.xlsx"],
)
def test_gbk_without_any_label_is_still_gbk(words: str) -> None:
    assert decode_bytes(words.encode("gbk")) == words
    assert subject(words.encode("gbk")) == words


@pytest.mark.parametrize(
    "words", ["Größe und Äußeres", "déjà vu à la française", "Señor Núñez", "Ærø smørrebrød", "Äpfel Äste"]
)
def test_words_of_western_europe_stay_what_their_label_says(words: str) -> None:
    assert body(words.encode("iso-8859-1"), "iso-8859-1") == words
    assert body(words.encode("utf-8"), "iso-8859-1") == words


def test_what_could_be_utf_8_as_well_is_what_an_eastern_label_says() -> None:
    assert body("投".encode("gbk"), "gb2312") == "投"
    assert body("投".encode(), "gb2312") == "投"


def test_bytes_that_could_be_both_are_what_another_part_of_the_mail_says() -> None:
    assert decode_bytes("高雄".encode("big5"), hint="big5") == "高雄"
    assert decode_bytes("蔼动".encode("gbk"), hint="gb2312") == "蔼动"


@pytest.mark.parametrize("label", ['charset="big5"', "=?big5?b?sKq2rg==?="])
def test_a_label_that_tells_nothing_does_not_hide_one_that_does(label: str) -> None:
    head = b"From: a@b.c\r\nSubject: " + "高雄".encode("big5") + b"\r\nX-First: charset=us-ascii, charset\r\n"
    more = b"X-Second: charset=utf-8 =?utf-8?q?a?=\r\nX-Third: " + label.encode() + b"\r\n\r\ntext\r\n"
    assert read_message(head + more).subject == "高雄"


def test_text_cut_within_a_character_loses_that_one_only() -> None:
    words = "您好，附件是客户投诉登记表，请查收" * 3
    for codec in ("utf-8", "gbk", "big5"):
        content = words.replace("户", "戶").replace("诉", "訴").replace("记", "記").replace("请", "請")
        text = decode_bytes(content.encode(codec)[:-1], codec)
        assert text.rstrip("\ufffd")[:-1] in content
        assert text.count("\ufffd") <= 1
    assert decode_bytes(words.encode("utf-8")[:-1]).startswith(words[:-1])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # split within a character, with and without a space, in two encodings
        ("=?gbk?B?zba=?= =?gbk?B?38ux?=", None),
        ("=?utf-8?B?5oqV6K+=?= =?utf-8?B?iS54bHN4?=", None),
        ("=?UTF-8?Q?=E6=8A=95=E8=AF?=\r\n =?UTF-8?Q?=89.xlsx?=", "投诉.xlsx"),
        ("=?utf-8?q?=E6=8A=95=E8?= =?UTF-8?B?r4k=?=", "投诉"),
        ("=?gb2312?Q?=CD=B6=CB?= =?GB2312?Q?=DF?=", "投诉"),
        # quotes, glued words, lower case, language, spaces in Q, underscores
        ('"=?utf-8?B?5oqV6K+J?="', '"投诉"'),
        ("x=?utf-8?B?5oqV6K+J?=y", "x投诉y"),
        ("=?utf-8?B?5oqV?==?utf-8?B?6K+J?=", "投诉"),
        ("=?utf-8?b?5oqV6K+J?=", "投诉"),
        ("=?utf-8*zh-cn?B?5oqV6K+J?=", "投诉"),
        ("=?utf-8?Q?=E6=8A=95 =E8=AF=89?=", "投 诉"),
        ("=?utf-8?Q?=E6=8A=95_=E8=AF=89?=", "投 诉"),
        ("=?utf-8?q?=e6=8a=95=e8=af=89?=", "投诉"),
        # white space where none may be
        ("=?utf-8?B? 5oqV 6K+J ?=", "投诉"),
        ("=? utf-8 ?B?5oqV6K+J?=", "投诉"),
        ("=?utf-8?B?5oqV\r\n 6K+J?=", "投诉"),
        # padding forgotten; unfinished
        ("=?utf-8?B?5oqV6K+JLg?=", "投诉."),
        ("=?utf-8?B?5oqV6K+J", "投诉"),
        ("=?utf-8?B?5oqV6K+J?", "投诉"),
        ("=?utf-8?Q?=E6=8A=95=E8=AF=89", "投诉"),
        # what is no encoded word stays
        ("1=?2", "1=?2"),
        ("=?utf-8?X?5oqV?=", "=?utf-8?X?5oqV?="),
        ("a =?= b", "a =?= b"),
        # a question mark inside Q that should have been encoded
        ("=?utf-8?Q?what=3F_really?_yes?=", "what? really? yes"),
        # an encoded word inside an encoded word, as a gateway makes it
        ("=?utf-8?B?" + base64.b64encode(b"=?utf-8?B?5oqV6K+J?=").decode() + "?=", "投诉"),
    ],
)
def test_encoded_words_in_every_broken_form(raw: str, expected: str | None) -> None:
    if expected is None:
        assert "投" in subject(raw)
    else:
        assert subject(raw) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # continuations: out of order, encoded and plain mixed, the first missing, one missing
        ("filename*1*=%AF%89.xlsx; filename*0*=utf-8''%E6%8A%95%E8", "投诉.xlsx"),
        ("filename*0*=utf-8''%E6%8A%95; filename*1=abc; filename*2*=%E8%AF%89.xlsx", "投abc诉.xlsx"),
        ("filename*0=abc; filename*1*=%E8%AF%89; filename*2=.xlsx", "abc诉.xlsx"),
        ("filename*1=b; filename*2=.xlsx", "b.xlsx"),
        ("filename*0=a; filename*2=.xlsx", "a.xlsx"),
        ("filename*00=a; filename*01=.xlsx", "a.xlsx"),
        ("filename*=a.xlsx", "a.xlsx"),
        # each section with its own charset
        ("filename*0*=utf-8''%E6%8A%95; filename*1*=utf-8''%E8%AF%89.xlsx", "投诉.xlsx"),
        # no quotes, one quote, empty charset, wrong charset, unknown charset
        ("filename*=%E6%8A%95%E8%AF%89.xlsx", "投诉.xlsx"),
        ("filename*=utf-8'%E6%8A%95%E8%AF%89.xlsx", "投诉.xlsx"),
        ("filename*=''%E6%8A%95%E8%AF%89.xlsx", "投诉.xlsx"),
        ("filename*=''%CD%B6%CB%DF.xlsx", "投诉.xlsx"),
        ("filename*=utf-8''%CD%B6%CB%DF.xlsx", "投诉.xlsx"),
        ("filename*=gbk''%E6%8A%95%E8%AF%89%E5%8D%95.xlsx", "投诉单.xlsx"),
        ("filename*=x-strange''%E6%8A%95%E8%AF%89.xlsx", "投诉.xlsx"),
        ("filename*=\"utf-8''%E6%8A%95%E8%AF%89.xlsx\"", "投诉.xlsx"),
        ("filename*=UTF-8''" + "=?utf-8?B?5oqV6K+JLnhsc3g=?=", "投诉.xlsx"),
        # raw bytes where percent signs belong
        (b"filename*=utf-8''" + "投诉.xlsx".encode(), "投诉.xlsx"),
        (b"filename*=gbk''" + "投诉.xlsx".encode("gbk"), "投诉.xlsx"),
        # named twice
        ("filename=a.xlsx; filename=b.xlsx", "a.xlsx"),
        ('filename="old.xlsx"; filename*=utf-8\'\'%E6%8A%95%E8%AF%89.xlsx; name="x.xlsx"', "投诉.xlsx"),
        ("filename*=utf-8''; filename=plain.xlsx", "plain.xlsx"),
        # encoded words in parameters, cut anywhere
        ('filename="=?gb2312?B?zba=?= =?gb2312?B?y98ueGxzeA==?="', None),
        ('filename="=?utf-8?Q?=E6=8A=95=E8=AF=89?=.xlsx"', "投诉.xlsx"),
        ('filename="=?utf-8?B?5oqV6K+J?= =?utf-8?B?LnhscA==?=', "投诉.xlp"),
        ('filename="=?utf-8?B?5oqV6K+J?=\r\n\t=?utf-8?B?Lnhsc3g=?="', "投诉.xlsx"),
        ('filename="=?utf-8?B?5oqV6K+J', "投诉"),
        # names of nothing, or of an ending only
        ('filename=".xlsx"', "attachment-1.xlsx"),
        ('filename=" .xlsx "', "attachment-1.xlsx"),
        ('filename="=?gbk?B??=.xlsx"', "attachment-1.xlsx"),
        ("filename=投诉.xlsx", "投诉.xlsx"),
        ("filename = spaced.xlsx", "spaced.xlsx"),
        ("filename='single.xlsx'", "single.xlsx"),
        ("filename=a.xlsx;", "a.xlsx"),
        ("filename=a.xlsx; size=10; =x;;", "a.xlsx"),
        ('filename="a.xlsx" creation-date="today"', "a.xlsx"),
        ('Filename="C:\\\\Users\\\\wang\\\\a.xlsx"', "a.xlsx"),
    ],
)
def test_names_in_every_broken_form(line: str | bytes, expected: str | None) -> None:
    line = line if isinstance(line, bytes) else line.encode()
    found = name_of(b"Content-Type: application/octet-stream", b"Content-Disposition: attachment; " + line)
    if expected is None:
        assert found.endswith(".xlsx")
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("Content-Type: a.xlsx",), "a.xlsx"),
        (('Content-Type: "投诉.xlsx"',), "投诉.xlsx"),
        (("Content-Disposition: a.xlsx",), "a.xlsx"),
        (("Content-Disposition: filename=a.xlsx",), "a.xlsx"),
        (("Content-Disposition: attachment filename=a.xlsx",), "a.xlsx"),
        (("Content-Disposition: attachment, filename=a.xlsx",), "a.xlsx"),
        (("Content-Type: application/octet-stream name=a.xlsx",), "a.xlsx"),
        (("Content-Type: application/octet-stream", "Content-Description: a.xlsx"), "a.xlsx"),
        (("Content-Type: application/octet-stream", "Content-Location: a.xlsx"), "a.xlsx"),
        (("Content-Type: application/vnd.ms-excel", "Content-Disposition:"), "attachment-1.xls"),
        (("Content-Type: application/octet-stream",), "attachment-1.zip"),
    ],
)
def test_a_name_is_found_wherever_a_mailer_put_it(lines: tuple[str, ...], expected: str) -> None:
    assert name_of(*lines) == expected
