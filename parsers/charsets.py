"""The charset of a text that does not name it, or names the wrong one: UTF-8, UTF-16, GB18030 or Big5."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 20_000  # bytes that are looked at for a guess
# What complaint forms and letters are made of, in both scripts: a wrong charset yields characters hardly anyone uses.
_COMMON = frozenset(
    "的一是不了在人有我他這这個个們们中來来上大為为和國国地到以說说時时要就出會会也你對对生能而子得於于著着下自之年過过後后"
    "作里裡用道行所然家種种事成方多經经去同現现沒没動动面起看定天分還还進进好小部其些主樣样理本前開开但因只從从想實实日者意無无"
    "與与長长把機机第公此已工使情明知全三又關关點点業业外將将兩两高間间由問问很最重物手應应向頭头文體体美相見见利什二等產产或新"
    "己制身果加西月話话合回特代內内信表化老給给世位次度門门任先教原東东聲声提及比員员解水名真處处走各入幾几口認认條条平系氣气題题"
    "活更別别打女變变四總总何電电數数安少報报反受目太量再感建務务做接必場场件計计管期市直金指區区保至隊队形社便空決决服速"
    "客戶户姓抱怨投訴诉單单號号碼码類类型容價价格車车牌銷销售質质修聯联絡络地址期備备註注编編填寫写責责任门店經经理顧顾問问维維"
)


def decoded(content: bytes, named: str = "") -> str:
    """Decode a text by its byte order mark, as UTF-8 if it is that, by the charset it names, else by the likeliest."""
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(charset, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_known(named) or _guessed(content), "replace")


def _known(named: str) -> str:
    """Return a Chinese charset under its widest name (gb2312 stands for GBK and more), "" for what is unknown."""
    try:
        charset = codecs.lookup(named.strip()).name
    except (LookupError, ValueError):
        return ""
    if charset in ("gb2312", "gbk"):
        return "gb18030"
    return "cp950" if charset == "big5" else "" if charset in ("utf-8", "ascii", "iso8859-1") else charset


def _guessed(content: bytes) -> str:
    return max(("gb18030", "cp950"), key=lambda charset: _likelihood(content[:_SAMPLE], charset))


def _likelihood(sample: bytes, charset: str) -> float:
    """Return the share of common characters among those outside ASCII; what cannot be decoded counts against it."""
    foreign = [character for character in sample.decode(charset, "replace") if not character.isascii()]
    common = sum(1 for character in foreign if character in _COMMON)
    return (common - 5 * foreign.count("\ufffd")) / max(len(foreign), 1)
