"""Messages in line: the files of those behind are with the reading child while those before them are taken in."""

from collections import deque
from collections.abc import Iterable

from daemon.ledger import StoredMail
from daemon.reading import Attempt, Begun, MailReader, Waiting

THINGS = 200  # messages begun and not taken yet
WEIGHT = 16 * 2**20  # bytes of them together, unpacked; or one alone
IN_LINE = (
    500  # messages that wait to be begun at most, even if nobody has anything better to do than fetch more
)


class Ahead:
    """Reads messages in their order, ahead of whoever takes them in; for one caller."""

    def __init__(self, reader: MailReader) -> None:
        self._reader = reader
        self._waiting: deque[Waiting] = deque()
        self._begun: deque[tuple[Waiting, Begun]] = deque()
        self._weight = 0  # of what is begun

    def __bool__(self) -> bool:
        """Tell whether anything is left to be taken."""
        return bool(self._begun or self._waiting)

    @property
    def wants_more(self) -> bool:
        """Tell whether more could be begun than there is, or whoever takes them would only wait for the child."""
        if not self._waiting:
            return self._has_room(0)
        return len(self._waiting) < IN_LINE and not self._reader.is_read(self._begun[0][1])

    @property
    def not_taken(self) -> list[Waiting]:
        """The messages that were added and not taken yet."""
        return [*(waiting for waiting, _ in self._begun), *self._waiting]

    def add(self, messages: Iterable[Waiting]) -> None:
        """Put messages in line, and begin as many as there is room for."""
        self._waiting.extend(messages)
        self._begin()

    def take(self, most: int) -> list[Attempt]:
        """Wait until the first is read and return it with those behind it that are, `most` at most."""
        taken = [self._finish()]
        while self._begun and len(taken) < most and self._reader.is_read(self._begun[0][1]):
            taken.append(self._finish())
        self._begin()
        return taken

    def _finish(self) -> Attempt:
        (mail, _), begun = self._begun.popleft()
        self._weight -= _weight(mail, begun)
        return mail, self._reader.finish(begun)

    def _begin(self) -> None:
        while self._waiting and self._has_room(self._waiting[0][0].size):
            mail, returned = waiting = self._waiting.popleft()
            begun = self._reader.begin(mail, returned)
            self._begun.append((waiting, begun))
            self._weight += _weight(mail, begun)

    def _has_room(self, weight: int) -> bool:
        return not self._begun or (len(self._begun) < THINGS and self._weight + weight <= WEIGHT)


def _weight(mail: StoredMail, begun: Begun) -> int:
    return max(mail.size, begun.weight)
