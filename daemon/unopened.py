"""What the sender of an archive is told when something in it was not opened: named by file, with what to do."""

from collections.abc import Sequence

from mailer.message import Attachment, Unopened
from parsers.results import ParsedFile
from rules.locales import Locale, Text

MOST_NAMED = 5  # files under one reason

REASONS = {
    Unopened.PASSWORD: Text(
        zh_hant="設有密碼，無法開啟，請取消密碼，或直接附上表單與照片後重寄",
        zh_hans="设有密码，无法打开，请取消密码，或直接附上表单与照片后重发",
        en="protected by a password and not opened; send it without one, or attach the form and photos themselves",
    ),
    Unopened.TOO_LARGE: Text(
        zh_hant="解壓縮後過大，為安全起見未予開啟，請直接附上表單，照片分次寄送",
        zh_hans="解压后过大，为安全起见未予打开，请直接附上表单，照片分次发送",
        en="too large once unpacked and not opened; attach the form itself, and send photos a few at a time",
    ),
    Unopened.TOO_MANY: Text(
        zh_hant="壓縮檔內的檔案過多，未予開啟，請直接附上表單，照片分次寄送",
        zh_hans="压缩包内的文件过多，未予打开，请直接附上表单，照片分次发送",
        en="the archive holds too many files and was not opened; attach the form itself, and fewer photos at a time",
    ),
    Unopened.DAMAGED: Text(
        zh_hant="檔案已損毀或不完整，無法開啟，請直接附上表單與照片後重寄",
        zh_hans="文件已损坏或不完整，无法打开，请直接附上表单与照片后重发",
        en="damaged or incomplete and could not be opened; attach the form and photos themselves and send them again",
    ),
    Unopened.TOO_DEEP: Text(
        zh_hant="壓縮檔層層包在壓縮檔裡，未予開啟，請直接附上表單與照片後重寄",
        zh_hans="压缩包层层套在压缩包里，未予打开，请直接附上表单与照片后重发",
        en="archives within archives are not opened this deep; attach the form and photos themselves",
    ),
    Unopened.EMPTY: Text(
        zh_hant="壓縮檔是空的，裡面沒有任何檔案，請重新附上表單",
        zh_hans="压缩包是空的，里面没有任何文件，请重新附上表单",
        en="the archive is empty; attach the form again",
    ),
    Unopened.METHOD: Text(
        zh_hant="壓縮方式特殊，無法開啟，請直接附上表單與照片，或壓縮成一般的 .zip 後重寄",
        zh_hans="压缩方式特殊，无法打开，请直接附上表单与照片，或压缩成普通的 .zip 后重发",
        en="packed in an uncommon way that cannot be opened; attach the files themselves, or make an ordinary .zip",
    ),
    Unopened.OTHER_KIND: Text(
        zh_hant="只能開啟 .zip 壓縮檔（無法開啟 .rar、.7z 等），請直接附上表單與照片，或壓縮成 .zip 後重寄",
        zh_hans="只能打开 .zip 压缩包（无法打开 .rar、.7z 等），请直接附上表单与照片，或压缩成 .zip 后重发",
        en="only .zip archives are opened, not .rar, .7z and the like; attach the files themselves, or make a .zip",
    ),
}
_MORE = Text(zh_hant=" 等 {count} 個檔案", zh_hans=" 等 {count} 个文件", en=" and others ({count} files)")


def as_refused(attachment: Attachment) -> ParsedFile:
    """Return an archive as a file that could not be read: by reason, with the names of what stayed shut in it."""
    error = Text(
        zh_hant=_said(attachment, Locale.ZH_HANT),
        zh_hans=_said(attachment, Locale.ZH_HANS),
        en=_said(attachment, Locale.EN),
    )
    return ParsedFile(file=attachment.name, forms=(), error=error)


def _said(attachment: Attachment, locale: Locale) -> str:
    names: dict[Unopened, list[str]] = {}
    for name, reason in attachment.unopened:
        names.setdefault(reason, []).extend([name] if name else [])
    return "\n".join(_named(inside, locale) + REASONS[reason].get(locale) for reason, inside in names.items())


def _named(names: Sequence[str], locale: Locale) -> str:
    """Return the files that a reason holds for, as the beginning of a line; nothing where it holds for all of them."""
    if not names:
        return ""
    comma, colon = (", ", ": ") if locale is Locale.EN else ("、", "：")
    more = _MORE.get(locale).format(count=len(names)) if len(names) > MOST_NAMED else ""
    return comma.join(names[:MOST_NAMED]) + more + colon
