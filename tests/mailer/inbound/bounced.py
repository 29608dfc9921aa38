"""Bounces as the mail systems of the field write them, about a mail of ours to `reader`."""

from base64 import b64encode

OURS = "<0f3a6c1d9b7e4a52834c6d7e8f901234.main@example.com>"
READER = "service.manager@example.com"
SUBJECT = "[KS-20261123-001] 許雅婷 維修品質"

ORIGINAL = """\
Return-Path: <complaints@example.com>
Received: from kesu (localhost [127.0.0.1]) by mx.example.com with ESMTPSA id 4F1
From: =?utf-8?b?5a6i5oi26Zec5oSb6YOo?= <complaints@example.com>
To: {reader}
Subject: {subject}
Message-ID: {ours}
Auto-Submitted: auto-generated
Content-Type: text/plain; charset=utf-8

a customer complaint for you to handle
"""


def original(ours: str = OURS, reader: str = READER, subject: str = SUBJECT) -> str:
    """The mail that came back, as plain text."""
    return ORIGINAL.format(reader=reader, ours=ours, subject=subject)


def postfix(
    ours: str = OURS, reader: str = READER, *, status: str = "5.1.1", action: str = "failed"
) -> bytes:
    """A delivery status notification with the headers of the mail alone (RFC 3464, RFC 6522)."""
    return f"""\
Return-Path: <>
Received: by mx.example.net (Postfix) id 1A2B3C; Mon, 23 Nov 2026 09:02:00 +0800 (CST)
Date: Mon, 23 Nov 2026 09:02:00 +0800 (CST)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: complaints@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="1A2B3C.1/mx"
Message-Id: <20261123010200.1A2B3C@mx.example.net>

This is a MIME-encapsulated message.

--1A2B3C.1/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<{reader}>: host mx.example.com[192.0.2.1] said: 550 {status} User unknown
    (in reply to RCPT TO command)

--1A2B3C.1/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 1A2B3C
Arrival-Date: Mon, 23 Nov 2026 09:01:58 +0800 (CST)

Final-Recipient: rfc822; {reader}
Original-Recipient: rfc822;{reader}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 {status} <{reader}>:
    User unknown

--1A2B3C.1/mx
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{original(ours, reader).partition(chr(10) * 2)[0]}

--1A2B3C.1/mx--
""".encode()


def exim(ours: str = OURS, reader: str = READER) -> bytes:
    """Exim puts the action first, and the whole mail behind."""
    return f"""\
Return-path: <>
X-Failed-Recipients: {reader}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: complaints@example.com
Content-Type: multipart/report; report-type=delivery-status; boundary=1677731246-eximdsn-678287796
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1pXaXO-0008gb-6g@mail.example.net>

--1677731246-eximdsn-678287796
Content-type: text/plain; charset=us-ascii

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {reader}
    Unrouteable address

--1677731246-eximdsn-678287796
Content-type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Action: failed
Final-Recipient: rfc822;{reader}
Status: 5.0.0

--1677731246-eximdsn-678287796
Content-type: message/rfc822

{original(ours, reader)}
--1677731246-eximdsn-678287796--
""".encode()


def gmail(ours: str = OURS, reader: str = READER) -> bytes:
    """Gmail answers the mail, so to speak, and writes the recipient once more into the header."""
    return f"""\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: complaints@example.com
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {ours}
In-Reply-To: {ours}
X-Failed-Recipients: {reader}
Message-ID: <65a1.170a0220.1.GMR@mx.google.com>
Content-Type: multipart/report; boundary="0000000000004"; report-type=delivery-status

--0000000000004
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {reader} because the address couldn't be found.

--0000000000004
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Sun, 22 Nov 2026 17:02:00 -0800 (PST)

Final-Recipient: rfc822; {reader}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
Last-Attempt-Date: Sun, 22 Nov 2026 17:02:00 -0800 (PST)

--0000000000004--
""".encode()


def exchange(ours: str = OURS, reader: str = READER) -> bytes:
    """An Exchange server's report in prose, its Diagnostic information below, the mail beside it as TNEF."""
    return f"""\
Return-Path: <>
From: <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>
To: complaints@example.com
Subject: =?utf-8?B?{b64encode(("未傳遞: " + SUBJECT).encode()).decode()}?=
Message-ID: <c2f8@EX01.example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="_000_c2f8"

--_000_c2f8
Content-Type: text/plain; charset="utf-8"

Delivery has failed to these recipients or groups:

{reader}
The recipient's mailbox is full and can't accept messages now.

Diagnostic information for administrators:

Generating server: EX01.example.com

{reader}
Remote Server returned '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException'

Original message headers:

Received: from mx.example.com (192.0.2.1) by EX01.example.com
Message-ID: {ours}
From: complaints@example.com
To: {reader}

--_000_c2f8
Content-Type: application/ms-tnef; name="winmail.dat"
Content-Transfer-Encoding: base64

eJ8+IgAAAAA=

--_000_c2f8--
""".encode()


def qmail(ours: str = OURS, reader: str = READER) -> bytes:
    """The qmail-send program says hello."""
    return f"""\
Return-Path: <>
Date: 23 Nov 2026 01:02:00 -0000
From: MAILER-DAEMON@qmail.example.net
To: complaints@example.com
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{reader}>:
192.0.2.1 does not like recipient.
Remote host said: 550 No such user here
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

{original(ours, reader)}
""".encode()


def qq(reader: str = READER, subject: str = SUBJECT, returned: str = "") -> bytes:
    """QQ writes a table in HTML; in some years it attached the mail, in others it did not."""
    page = f"""<html><body><p>很抱歉您发送的邮件被退回，以下是该邮件的相关信息：</p>
<table><tr><td>被退回邮件</td><td>主 题：{subject}<br/>时 间：2026-11-23 09:01:58</td></tr></table>
<table><tr><td colspan="2">无法发送到 {reader}</td></tr>
<tr><td>退信原因</td><td>收件人邮件地址（{reader}）不存在，邮件无法送达。<br/>
host mx.example.com[192.0.2.1] said: 550 5.1.1 Mailbox not found</td></tr>
<tr><td>解决方案</td><td>请联系您的收件人，重新核实邮箱地址，或发送到其他收信邮箱。</td></tr></table></body></html>"""
    attached = (
        f"--_NextPart_1\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\n" if returned else ""
    ).encode()
    body = b64encode(page.encode("gb18030"))
    return (
        "From: =?gb18030?B?UG9zdE1hc3Rlcg==?= <PostMaster@qq.com>\r\nTo: complaints@example.com\r\n"
        f"Subject: =?gb18030?B?{b64encode('来自qq.com的退信'.encode('gb18030')).decode()}?=\r\n"
        "Message-ID: <tencent_1@qq.com>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="_NextPart_1"\r\n\r\n'
        '--_NextPart_1\r\nContent-Type: text/html; charset="gb18030"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    ).encode() + b"%s\r\n%s--_NextPart_1--\r\n" % (body, attached)


def netease(reader: str = READER, ours: str = OURS) -> bytes:
    """NetEase apologises in HTML and attaches the mail as a file."""
    page = f"""<html><body><h1>抱歉，您的邮件被退回来了……</h1><table>
<tr><th>原邮件信息：</th><td><table><tr><th>时　间：</th><td>2026-11-23 09:01:58</td></tr>
<tr><th>主　题：</th><td>{SUBJECT}</td></tr><tr><th>收件人：</th><td>{reader}</td></tr></table></td></tr>
<tr><th>退信原因：</th><td><div>收信人不存在。</div><div>英文说明:rcpt handle timeout.(User unknown)</div></td></tr>
</table><span>This message is generated by Coremail.</span></body></html>"""
    page64 = b64encode(page.encode("gb18030"))
    file = b64encode(original(ours, reader).encode())
    return (
        "From: Postmaster@163.com\r\nTo: complaints@example.com\r\n"
        f"Subject: =?gbk?B?{b64encode('系统退信/The email is returned'.encode('gbk')).decode()}?=\r\n"
        'Message-ID: <50E2@163smtp12>\r\nContent-Type: multipart/mixed; boundary="b1"\r\n\r\n'
        '--b1\r\nContent-Type: text/html; charset="gb2312"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    ).encode() + (
        b"%s\r\n--b1\r\nContent-Type: application/octet-stream; name=original.eml\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b1--\r\n" % (page64, file)
    )


def delayed(ours: str = OURS, reader: str = READER) -> bytes:
    """Sendmail warns after some hours that it goes on trying."""
    return postfix(ours, reader, status="4.4.1", action="delayed").replace(
        b"Undelivered Mail Returned to Sender", b"Warning: could not send message for past 4 hours"
    )


def read_receipt(ours: str = OURS, reader: str = READER) -> bytes:
    """A disposition notification (RFC 8098): somebody opened the mail."""
    return f"""\
From: {reader}
To: complaints@example.com
Subject: Read: {SUBJECT}
In-Reply-To: {ours}
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: text/plain

Your message was read.

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;{reader}
Original-Message-ID: {ours}
Disposition: manual-action/MDN-sent-manually; displayed

--b--
""".encode()
