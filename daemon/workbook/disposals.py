"""What a manager asks to change of a case in the columns 處置 and 處置說明, in the words of a reply (K06, K07)."""

from datetime import datetime

from daemon.site import Site
from parsers.change_verbs import ChangeKind
from parsers.readings import Surroundings
from parsers.reply_corrections import ChangeAsked, parse_change
from sheets.registry import DISPOSALS

DISPOSAL, DISPOSAL_NOTE = "disposal", "disposal_note"
COLUMNS = (DISPOSAL, DISPOSAL_NOTE)
_VERBS = {
    ChangeKind.CORRECT: "更正",
    ChangeKind.REASSIGN: "改派",
    ChangeKind.MERGE: "併入",
    ChangeKind.WITHDRAW: "撤案",
    ChangeKind.HOLD: "暫停",
    ChangeKind.RELEASE: "恢復計時",
    ChangeKind.REOPEN: "重啟",
}


def kind_of(chosen: str) -> ChangeKind | None:
    """Return what a choice of the list asks, in any language; None if it is none of them."""
    wanted = chosen.strip().casefold()
    named = (key for key, label in DISPOSALS.items() if wanted in (word.casefold() for word in label.all()))
    key = next(named, None)
    return None if key is None else ChangeKind(key)


def asked(kind: ChangeKind, note: str, site: Site, now: datetime) -> ChangeAsked | None:
    """Read what stands beside a choice as a reply is read; None while it still waits for its explanation."""
    if not note.strip() and kind is not ChangeKind.RELEASE:
        return None
    around = Surroundings(site.zone, now)
    whole = parse_change(note, site.catalogue, around)  # whoever copies the example copies its verb
    if whole is not None and whole.kind is kind:
        return whole
    return parse_change(f"{_VERBS[kind]} {note}", site.catalogue, around)
