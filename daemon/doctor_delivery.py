"""What `kesu doctor` says of delivery: the Sent folder, the provider's limits, the second channel."""

import stat
from collections.abc import Iterator

from daemon import alarm_words as words
from daemon.alarm_urls import urls_of
from daemon.alarms import sent
from daemon.bootstrap import mailbox_settings, pace_of, sent_folder, smtp_settings
from daemon.errors import ConfigurationError
from daemon.site import Site
from mailer.chat import Chat, ChatAddressError
from mailer.inbox import MailboxUnavailable

Said = tuple[str, str, str]  # what was tried, what was found, what to do where it is to be mended


def delivery(site: Site) -> Iterator[Said]:
    """Try what mails depend on besides their servers; nothing here keeps kesu from working."""
    yield ("sent", *_sent(site))
    yield ("pace", _pace(site), "")
    yield ("alarms", *_alarms(site))


def _sent(site: Site) -> tuple[str, str]:
    nowhere = "a mail that may have left is sent again under the same Message-ID"
    try:
        folder = sent_folder(site.config, mailbox_settings(site.config), smtp_settings(site.config))
        name = folder.name() if folder else ""
    except (MailboxUnavailable, ConfigurationError, ValueError) as error:
        return str(error), f"mend the mailbox first, then [smtp] sent_folder; until then {nowhere}"
    if not name:
        return f"no Sent folder is known: {nowhere}", ""
    return f"mails that may have left are looked up in {name} first", ""


def _pace(site: Site) -> str:
    pace = pace_of(site.config)
    limits = ((pace.per_minute, "a minute"), (pace.per_day, "a day"), (pace.session_mails, "a connection"))
    said = [f"{most} {span}" for most, span in limits if most]
    return (
        f"mails leave as the provider allows: {', '.join(said)}"
        if said
        else "no limit of the provider is known"
    )


def _alarms(site: Site) -> tuple[str, str]:
    try:
        urls = urls_of(site.config.alarms, site.config.base)
        chat = Chat(urls)
        chat.open()
    except (ConfigurationError, ChatAddressError) as error:
        return str(error), "check [alarms]: alarms reach nobody"
    if not urls:
        return "no second channel: nobody is told when mail itself is down", ""
    return f"alarms go to {', '.join(chat.kinds)}", _readable_by_others(site)


def _readable_by_others(site: Site) -> str:
    section = site.config.alarms
    if section.urls_env or not section.urls_file:
        return ""
    mode = (site.config.base / section.urls_file).stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"others can read {section.urls_file}, which holds secrets: chmod 600"
    return ""


def try_alarm(site: Site) -> Said:
    """Send a test over the second channel, which only somebody who reads it can judge."""
    try:
        urls = urls_of(site.config.alarms, site.config.base)
        if not urls:
            return "alarm", "no second channel is configured", "name [alarms] urls_env or urls_file"
        reached = sent(Chat(urls), site, words.TEST, words.TESTED.get(site.locale))
    except ConfigurationError as error:
        return "alarm", str(error), "check [alarms]"
    if not reached:
        return "alarm", "nobody took the test", "check the addresses, and that this machine may reach them"
    return "alarm", "the test was taken; look whether it came", ""
