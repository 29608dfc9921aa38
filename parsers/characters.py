"""Texts converted character by character at the speed of `str.translate`."""

from collections.abc import Callable

_MOST = 20_000  # characters remembered; no language of ours has more


class Characters(dict[int, str]):
    """A table for `str.translate` that asks once for every character what becomes of it, and remembers most of them."""

    def __init__(self, convert: Callable[[str], str]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, point: int) -> str:
        if len(self) >= _MOST:
            self.clear()
        self[point] = converted = self._convert(chr(point))
        return converted
