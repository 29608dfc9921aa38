"""Who a mail is from, as the receiving server says: real servers' headers, and what a forger writes (RFC 8601)."""

import pytest

from mailer.authenticity import COREMAIL, MICROSOFT_365, Verdict, authenticity
from mailer.message import read_message

BOSS = "boss@example.com"
FAILED, UNKNOWN, VERIFIED = Verdict.FAILED, Verdict.UNKNOWN, Verdict.VERIFIED


def verdict(head: str, trusted: str = "mx.example.com", sender: str = f"Boss <{BOSS}>") -> Verdict:
    """What is made of a mail whose header begins with `head`, as it travels."""
    lines = f"{head.strip()}\nFrom: {sender}\nSubject: x\n\nwords\n".replace("\n", "\r\n")
    return authenticity(read_message(lines.encode()), trusted).verdict


def said(results: str, sender: str = BOSS, server: str = "mx.example.com") -> Verdict:
    """What is made of results the trusted server wrote."""
    return verdict(f"Authentication-Results: {server}; {results}", sender=sender)


GMAIL = """\
Delivered-To: complaints@dealer.example
Received: by 2002:a05:6a10:8f0e:b0:5f1:1234 with SMTP id x; Mon, 21 Sep 2026 10:00:02 -0700
ARC-Authentication-Results: i=1; mx.google.com; dkim=pass header.i=@example.com
Return-Path: <boss@example.com>
Received: from mail.example.com (mail.example.com. [203.0.113.5]) by mx.google.com with ESMTPS id y
Received-SPF: pass (google.com: domain of boss@example.com designates 203.0.113.5 as permitted sender)
Authentication-Results: mx.google.com;
       dkim=pass header.i=@example.com header.s=s1 header.b="abc/d+";
       spf=pass (google.com: domain of boss@example.com designates 203.0.113.5 as permitted sender)
        smtp.mailfrom=boss@example.com;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com"""

RSPAMD = """\
Authentication-Results: mx.example.com;
	dkim=pass header.d=example.com header.s=mail header.b=Q1;
	dmarc=pass (policy=quarantine) header.from=example.com;
	spf=pass (mx.example.com: domain of boss@example.com designates 203.0.113.5 as permitted sender)
	smtp.mailfrom=boss@example.com"""

OPENDMARC = """\
Authentication-Results: mx.example.com; dmarc=pass (p=none dis=none) header.from=example.com
Authentication-Results: mx.example.com;
	dkim=pass (2048-bit key; unprotected) header.d=example.com header.i=@example.com header.a=rsa-sha256
	header.s=mail header.b="AbC"; dkim-atps=neutral"""

EXIM = """\
Authentication-Results: mx.example.com;
	iprev=pass (mail.example.com) smtp.remote-ip=2001:db8:e0a:50e4::2;
	spf=pass smtp.mailfrom=example.com;
	dkim=pass header.d=example.com header.s=mail header.a=rsa-sha256;
	dmarc=pass header.from=example.com;
	arc=none"""

MICROSOFT = """\
Authentication-Results: spf=pass (sender IP is 203.0.113.5)
 smtp.mailfrom=example.com; dkim=pass (signature was verified)
 header.d=example.com;dmarc=pass action=none
 header.from=example.com;compauth=pass reason=100
Received-SPF: Pass (protection.outlook.com: domain of example.com designates 203.0.113.5 as permitted sender)"""

NETEASE = """\
Received: from xmbgsz.mail.qq.com (unknown [192.0.2.1]) by gzga-mx-mtada-g0-8 (Coremail)
	with SMTP id PikvCgD3xXxx.123S4; Tue, 18 Aug 2026 11:31:10 +0800
{forged}From: Lin <lin@qq.com>
X-QQ-mid: xmsmtpt1786700897
Authentication-Results: gzga-mx-mtada-g0-8; spf=pass smtp.mail=li
	n@qq.com; dk
	im=pass header.i=@qq.com
X-CM-TRANSID: PikvCgD3xXxx.123S4"""

YANDEX = "Authentication-Results: mxback2g.mail.yandex.net; dkim=pass header.i=@example.com"


@pytest.mark.parametrize(
    ("head", "trusted"),
    [
        pytest.param(GMAIL, "mx.google.com", id="gmail"),
        pytest.param(RSPAMD, "mx.example.com", id="rspamd"),
        pytest.param(OPENDMARC, "mx.example.com", id="opendmarc"),
        pytest.param(EXIM, "mx.example.com", id="exim"),
        pytest.param(MICROSOFT, MICROSOFT_365, id="microsoft"),
        pytest.param(YANDEX, "*.mail.yandex.net", id="yandex"),
        pytest.param(RSPAMD, "mx1.example.com, MX.Example.COM", id="several"),
    ],
)
def test_what_real_servers_write_of_a_genuine_mail_is_understood(head: str, trusted: str) -> None:
    assert verdict(head, trusted) is VERIFIED


def test_the_same_headers_prove_nothing_of_another_domain() -> None:
    for head, trusted in ((GMAIL, "mx.google.com"), (RSPAMD, "mx.example.com"), (MICROSOFT, MICROSOFT_365)):
        assert verdict(head, trusted, "boss@other.example") is UNKNOWN


def test_another_servers_headers_are_not_believed() -> None:
    assert verdict(GMAIL, "mx.example.com") is UNKNOWN
    assert verdict(GMAIL, MICROSOFT_365) is UNKNOWN
    assert verdict(GMAIL, COREMAIL) is UNKNOWN
    assert verdict(MICROSOFT, "mx.example.com") is UNKNOWN


def test_a_mail_without_such_a_header_is_unverified_not_failed() -> None:
    found = authenticity(read_message(b"From: boss@example.com\r\n\r\nwords"), "mx.example.com")
    assert (found.verdict, found.silent) == (UNKNOWN, True)


def test_arc_is_not_believed() -> None:
    assert (
        verdict("ARC-Authentication-Results: i=1; mx.example.com; dmarc=pass header.from=example.com")
        is UNKNOWN
    )
    assert (
        said("arc=pass (i=1 spf=pass spfdomain=example.com dkim=pass dmarc=pass fromdomain=example.com)")
        is UNKNOWN
    )


# ---------------------------------------------------------------- which method tells what


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass header.from=example.com", VERIFIED),
        ("DMARC=Pass header.From=Example.COM", VERIFIED),
        ("dmarc=pass", UNKNOWN),
        ("dmarc=pass header.from=evil.example", UNKNOWN),
        ("dmarc=fail (p=none dis=none) header.from=example.com", FAILED),
        ("dkim=pass header.d=example.com; dmarc=fail header.from=example.com", FAILED),
        ("dmarc=pass header.from=example.com; dmarc=fail header.from=example.com", FAILED),
        ("dmarc=pass header.from=example.com; dmarc=none header.from=example.com", UNKNOWN),
        ("dkim=pass header.d=example.com; dmarc=pass header.from=evil.example", UNKNOWN),
        ("dkim=pass header.d=example.com; dmarc=用 header.from=example.com", UNKNOWN),
        ("dkim=pass header.d=example.com; dmarc=none header.from=example.com", VERIFIED),
        ("dkim=pass header.d=example.com; dmarc=temperror header.from=example.com", VERIFIED),
        ("dkim=pass header.i=@example.com", VERIFIED),
        ("dkim=pass header.i=boss@example.com", VERIFIED),
        ("dkim=pass header.d=mail.example.com", VERIFIED),
        ("dkim=pass header.d=evil.example", UNKNOWN),
        ("dkim=pass header.d=evil.example header.i=boss@example.com", UNKNOWN),
        ("dkim=pass header.d=com", UNKNOWN),
        ("dkim=pass header.d=notexample.com", UNKNOWN),
        ("dkim=pass header.d=example.com.evil.example", UNKNOWN),
        ("dkim=pass", UNKNOWN),
        ("dkim=fail header.d=example.com", FAILED),
        ("dkim=fail header.d=example.com; dkim=pass header.d=example.com", VERIFIED),
        ("dkim=none (message not signed) header.d=none", UNKNOWN),
        ('dkim=pass reason="1024-bit key; insecure" header.d=example.com', VERIFIED),
        ("spf=pass smtp.mailfrom=boss@example.com", VERIFIED),
        ("spf=pass smtp.mailfrom=bounce.example.com", VERIFIED),
        ("spf=pass smtp.mail=boss@example.com", VERIFIED),
        ("spf=pass smtp.mailfrom=x@evil.example", UNKNOWN),
        ("spf=pass smtp.helo=mail.example.com", UNKNOWN),
        ("spf=softfail smtp.mailfrom=boss@example.com", FAILED),
        ("spf=fail smtp.mailfrom=x@forwarder.example", UNKNOWN),
        ("spf=pass smtp.mailfrom=<boss@example.com>", UNKNOWN),
        ("spf=none smtp.mailfrom=<>; dkim=pass header.d=example.com", VERIFIED),
        ("iprev=pass (mail.example.com) policy.iprev=203.0.113.5", UNKNOWN),
        ("auth=pass (LOGIN) smtp.auth=boss@example.com", VERIFIED),
        ("auth=pass (LOGIN) smtp.auth=boss", VERIFIED),
        ("auth=pass smtp.auth=somebody smtp.mailfrom=boss@example.com", UNKNOWN),
        ("auth=pass smtp.auth=boss@other.example", UNKNOWN),
        ("none", UNKNOWN),
    ],
)
def test_what_a_result_proves_of_the_from_domain(results: str, expected: Verdict) -> None:
    assert said(results) is expected


def test_a_subdomain_may_be_signed_for_by_the_domain_above_but_not_by_its_sister() -> None:
    assert said("dkim=pass header.d=example.com", "boss@sales.example.com") is VERIFIED
    assert said("dkim=pass header.d=mail.example.com", "boss@sales.example.com") is UNKNOWN
    assert said("dmarc=pass header.from=sales.example.com", "boss@sales.example.com") is VERIFIED


def test_a_bare_login_of_another_domain_than_the_servers_proves_nothing() -> None:
    assert said("auth=pass smtp.auth=boss", "boss@other.example") is UNKNOWN


def test_a_domain_of_other_letters_is_the_same_in_ascii() -> None:
    assert said("dmarc=pass header.from=xn--fiqs8s.example", "a@中国.example") is VERIFIED
    assert said("dmarc=pass header.from=xn--fiqs8s.example", "a@中國.example") is UNKNOWN


@pytest.mark.parametrize(
    "value",
    [
        "mx.example.com 1; dkim=pass header.d=example.com",
        "mx.example.com (at the door; really) 1 (first); dkim=pass (good; signature (2048)) header.d=example.com",
        "MX.EXAMPLE.COM;\n\tdkim=pass\n\theader.d=example.com;",
    ],
)
def test_versions_comments_and_folds_change_nothing(value: str) -> None:
    assert verdict(f"Authentication-Results: {value}") is VERIFIED


def test_a_version_we_do_not_know_is_not_guessed_at() -> None:
    assert verdict("Authentication-Results: mx.example.com 2; dkim=pass header.d=example.com") is UNKNOWN


# ---------------------------------------------------------------- forgers


def test_a_header_of_our_servers_name_below_its_own_is_the_forgers() -> None:
    head = """\
Authentication-Results: mx.example.com; dkim=none; dmarc=fail header.from=example.com
Received: from evil.example by mx.example.com
Authentication-Results: mx.example.com; dmarc=pass header.from=example.com"""
    assert verdict(head) is FAILED


def test_a_forgers_header_of_another_name_on_top_hides_nothing() -> None:
    head = "Authentication-Results: evil.example; dmarc=fail header.from=example.com\n" + RSPAMD
    assert verdict(head) is VERIFIED


@pytest.mark.parametrize(
    "value",
    [
        "mx.example.com.evil.example; dmarc=pass header.from=example.com",
        "evil-mx.example.com; dmarc=pass header.from=example.com",
        '"mx.example.com"; dmarc=pass header.from=example.com',
        "(mx.example.com) evil.example; dmarc=pass header.from=example.com",
        "mx.example.com dmarc=pass header.from=example.com",
        "; mx.example.com; dmarc=pass header.from=example.com",
        "",
        ";;;;",
        "((((((",
        '"',
    ],
)
def test_a_name_that_only_looks_like_our_servers_is_not_believed(value: str) -> None:
    assert verdict(f"Authentication-Results: {value}") is UNKNOWN


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.com"@evil.example',
        "spf=pass (domain of x; dmarc=pass header.from=example.com; designates) smtp.mailfrom=x@evil.example",
        "spf=pass (of a) smtp.mailfrom=boss@example.com (b) smtp.mailfrom=x@evil.example",
        "dkim=fail header.d=evil.example (dkim=pass header.d=example.com)",
        "spf=pass (\\) smtp.mailfrom=boss@example.com (\\)) smtp.mailfrom=x@evil.example",
    ],
)
def test_what_a_sender_smuggles_into_comments_and_values_is_no_result(results: str) -> None:
    assert said(results) is UNKNOWN


@pytest.mark.parametrize(
    "sender",
    [
        "boss@example.com, x@evil.example",
        "x@evil.example, boss@example.com",
        "boss@example.com\nFrom: x@evil.example",
        "undisclosed:;",
        "nobody",
    ],
)
def test_a_from_that_does_not_name_one_sender_is_never_verified(sender: str) -> None:
    assert said("dmarc=pass header.from=example.com", sender) is UNKNOWN


def test_a_name_that_looks_like_an_address_is_no_address() -> None:
    assert said("dmarc=pass header.from=evil.example", '"boss@example.com" <x@evil.example>') is VERIFIED
    assert said("dmarc=pass header.from=example.com", '"boss@example.com" <x@evil.example>') is UNKNOWN


def test_ten_thousand_results_are_no_trouble() -> None:
    assert said("dkim=pass header.d=evil.example; " * 500) is UNKNOWN
    assert said("(" * 9000) is UNKNOWN


# ---------------------------------------------------------------- Microsoft 365 and Coremail


def test_microsoft_marks_mail_of_the_own_organisation() -> None:
    unsigned = """\
Authentication-Results: dkim=none (message not signed)
 header.d=none;dmarc=none action=none header.from=example.com;"""
    assert verdict(unsigned, MICROSOFT_365) is UNKNOWN
    assert verdict(f"{unsigned}\nX-MS-Exchange-Organization-AuthAs: Internal", MICROSOFT_365) is VERIFIED
    assert verdict(f"{unsigned}\nX-MS-Exchange-Organization-AuthAs: Anonymous", MICROSOFT_365) is UNKNOWN
    assert verdict(f"{unsigned}\nX-MS-Exchange-CrossTenant-AuthAs: Internal", MICROSOFT_365) is UNKNOWN
    twice = "X-MS-Exchange-Organization-AuthAs: Internal\nX-MS-Exchange-Organization-AuthAs: Anonymous"
    assert verdict(f"{unsigned}\n{twice}", MICROSOFT_365) is UNKNOWN


def test_microsofts_mark_counts_nowhere_else() -> None:
    assert verdict("X-MS-Exchange-Organization-AuthAs: Internal") is UNKNOWN


def test_a_forged_mail_at_microsoft_fails() -> None:
    head = """\
Authentication-Results: spf=none (sender IP is 192.0.2.12)
 smtp.helo=dispatch.evil.example; dkim=none (message not signed)
 header.d=none;dmarc=fail action=none
 header.from=example.com;compauth=softpass reason=202
Authentication-Results: spf=pass smtp.mailfrom=example.com; dmarc=pass action=none header.from=example.com"""
    assert verdict(head, MICROSOFT_365) is FAILED


def coremail(forged: str = "", head: str = NETEASE) -> Verdict:
    raw = head.format(forged=forged).replace("\n", "\r\n") + "\r\nSubject: x\r\n\r\nwords\r\n"
    return authenticity(read_message(raw.encode()), COREMAIL).verdict


def test_coremail_writes_below_the_sender_and_folds_inside_words() -> None:
    assert coremail() is VERIFIED


def test_at_coremail_a_header_above_is_the_forgers() -> None:
    forged = "Authentication-Results: gzga-mx-mtada-g0-8; spf=pass smtp.mail=lin@qq.com\n"
    failing = NETEASE.replace("spf=pass", "spf=fail").replace("im=pass", "im=none")
    assert coremail(forged, failing) is FAILED


def test_at_coremail_the_last_header_counts_only_with_the_mark_of_the_mails_own_passage() -> None:
    assert coremail(head=NETEASE.replace("X-CM-TRANSID: Pikv", "X-CM-TRANSID: forged")) is UNKNOWN
    assert coremail(head=NETEASE.replace("Results: gzga", "Results: elsewhere")) is UNKNOWN
    assert coremail(head=NETEASE.partition("\n")[2]) is UNKNOWN
