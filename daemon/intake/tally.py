"""What a message came to, gathered while it is taken in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from daemon.answers import Outcome
from daemon.asking import Unproven
from daemon.followup.lists import Taken
from daemon.letters import LetterOrder
from parsers.results import ParsedFile


@dataclass
class Tally:
    """What a message came to, gathered while it is taken in."""

    outcomes: list[Outcome] = field(default_factory=list)
    unreadable: list[ParsedFile] = field(default_factory=list)
    duplicates: int = 0
    leave: bool = False  # it was about its sender's own absence, and is answered as such
    lists: list[Taken] = field(default_factory=list)
    unproven: list[Unproven] = field(default_factory=list)
    orders: list[LetterOrder] = field(
        default_factory=list
    )  # answers of its own, beside those to the outcomes
    note: str = ""  # what became of a message that came to no outcome of its own
    refused: str = ""  # why a message is set aside
    ignored: str = ""  # why a message without forms comes to nothing, where that is known

    def put_aside(self, what: Unproven | LetterOrder | None) -> None:
        """Note words that may not act: they wait to be confirmed, or are asked back, or say nothing."""
        if what is None:
            return
        self.unreadable.clear()  # what lies beside words is no form, but kept with the case
        if isinstance(what, Unproven):
            self.unproven.append(what)
        else:
            self.note = "asked back"
            self.orders.append(what)

    def add_lists(self, taken: Sequence[Taken]) -> None:
        """Note what became of lists, and the cases they concern."""
        self.lists += taken
        self.outcomes += [Outcome(case, "listed") for each in taken for case in each.touched]

    @property
    def cases(self) -> list[str]:
        """The numbers of the cases concerned, once each."""
        return list(dict.fromkeys(o.case.number for o in self.outcomes if o.case_or_none is not None))
