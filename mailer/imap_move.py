"""Moving mails by UID so that it can be repeated, and so that nobody else's mail is touched."""

from collections.abc import Callable, Sequence
from typing import Any

from imap_tools.utils import encode_folder

from mailer.imap_errors import refused
from mailer.imap_fetch import read_answers, uid_set

UidCommand = Callable[..., tuple[str, list[Any]]]
_AT_ONCE = 200  # keeps the command's line short


def move(
    run: UidCommand,
    capabilities: Sequence[str],
    uids: Sequence[int],
    folder: str,
    make_folder: Callable[[str], str],
) -> None:
    """Move sorted `uids` to `folder`; those that are gone already are passed over.

    One UID MOVE where the server has it (RFC 6851). Else UID COPY, a silent \\Deleted of our own, and UID EXPUNGE of
    exactly these (RFC 4315). Without UIDPLUS they stay in their folder, copied and flagged \\Deleted: a plain EXPUNGE
    would also erase what other people marked.
    """
    for start in range(0, len(uids), _AT_ONCE):
        chunk = uids[start : start + _AT_ONCE]
        if "MOVE" in capabilities:
            _transfer(run, "MOVE", chunk, folder, make_folder)
        else:
            _copy_and_delete(run, chunk, folder, make_folder, has_uidplus="UIDPLUS" in capabilities)


def present(run: UidCommand, uids: Sequence[int]) -> list[int]:
    """Which of `uids` the selected folder still holds."""
    status, answer = run("SEARCH", f"UID {uid_set(uids)}")
    if status != "OK":
        raise refused("search refused", answer)
    return sorted(set(read_search(answer)) & set(uids))


def read_search(answer: Sequence[Any]) -> list[int]:
    """The numbers of a SEARCH answer, which may come in several lines and with a MODSEQ behind."""
    lines = [line for line in answer if isinstance(line, bytes)]
    return [int(word) for line in lines for word in line.partition(b"(")[0].split() if word.isdigit()]


def _transfer(
    run: UidCommand, verb: str, uids: Sequence[int], folder: str, make_folder: Callable[[str], str]
) -> None:
    """MOVE or COPY, once more for what is left when the server stumbled over one that is gone."""
    target = encode_folder(folder)
    status, answer = run(verb, uid_set(uids), target)
    if status == "OK":
        return
    if any(b"TRYCREATE" in part for part in answer if isinstance(part, bytes)):
        target = encode_folder(make_folder(folder))
    left = present(run, uids)
    if not left:
        return
    status, answer = run(verb, uid_set(left), target)
    if status != "OK":
        raise refused(f"cannot move mail to {folder}", answer)


def _copy_and_delete(
    run: UidCommand,
    uids: Sequence[int],
    folder: str,
    make_folder: Callable[[str], str],
    *,
    has_uidplus: bool,
) -> None:
    here = present(run, uids)
    # Without UIDPLUS a moved mail stays here flagged; when the move is repeated it must not be copied again.
    to_copy = here if has_uidplus else _not_deleted(run, here)
    if to_copy:
        _transfer(run, "COPY", to_copy, folder, make_folder)
        _expect_ok(run, "STORE", uid_set(to_copy), "+FLAGS.SILENT", r"(\Deleted)")
    if here and has_uidplus:
        _expect_ok(run, "EXPUNGE", uid_set(here))


def _not_deleted(run: UidCommand, uids: Sequence[int]) -> list[int]:
    if not uids:
        return []
    answers = read_answers(_expect_ok(run, "FETCH", uid_set(uids), "(UID FLAGS)"))
    deleted = {answer.uid for answer in answers if answer.deleted}
    return [uid for uid in uids if uid not in deleted]


def _expect_ok(run: UidCommand, *command: str) -> list[Any]:
    status, answer = run(*command)
    if status != "OK":
        raise refused(f"{command[0]} refused", answer)
    return answer
