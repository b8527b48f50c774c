"""A memo of a pure function of short strings, bounded: the words of natural text repeat, and a look-up is cheaper than any rule."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
MOST, LONGEST_CHARS = 1 << 18, 40


class Memo(dict[str, T]):
    """``memo[key]`` is ``make(key)``. Long keys are not kept. When half of MOST are known, those not asked for since the half before are forgotten.

    Use ``memo[key]`` only: ``get`` and ``in`` see no more than what happens to be kept.
    """

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self.make = make
        self.older: dict[str, T] = {}

    def __missing__(self, key: str) -> T:
        if len(key) > LONGEST_CHARS:
            return self.make(key)
        value = self.older[key] if key in self.older else self.make(key)
        if len(self) >= MOST // 2:
            self.older = dict(self)
            self.clear()
        self[key] = value
        return value
