"""Labelled examples: prepared lines in one file on disk, and which of them train, which are held out, which take no part.

Nothing depends on the order in which examples come: their order and every choice are made of hashes of their text and the seed. Memory holds
some 40 bytes per example, never the texts.
"""

import mmap
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from winnow.tasks.engine.arrays import Bools, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.classify.model import NEGATIVE, POSITIVE
from winnow.tasks.models.classify.prepare import PREPARATIONS
from winnow.tasks.models.fasttext import LABEL
from winnow.tasks.models.texts import Text

HELD_OUT_EVERY = 10
FEWEST = 10  # of either kind, on either side


@dataclass(frozen=True)
class Split:
    """``train`` and ``held_out`` are numbers of examples, in the order of their keys; ``counts`` says what became of all that were given."""

    train: Ints
    held_out: Ints
    held_out_by: str
    counts: dict[str, int]


class Examples:
    """Examples in ``folder``. ``add`` them, then ``split`` them; ``lines`` reads them back."""

    def __init__(self, folder: Path, prepare: str, seed: int) -> None:
        self._path, self._prepare, self._seed = folder / "lines", PREPARATIONS[prepare], seed
        self._keys, self._sites, self._ends, self._positive = array("Q"), array("Q"), array("q", [0]), array("b")

    def add(self, positive: bool, texts: Iterable[Text]) -> int:
        """Take further examples of one kind; blank ones are left out. How many there were."""
        taken = 0
        with self._path.open("ab") as file:
            for text in texts:
                line = self._prepare(text.text).encode()
                if not line:
                    continue
                host = host_of(text.url)
                key = xxhash.xxh3_64_intdigest(line, self._seed)
                self._keys.append(key)
                self._sites.append(xxhash.xxh3_64_intdigest(host.encode("utf-8", "replace"), self._seed) if host else key)
                self._positive.append(positive)
                self._ends.append(self._ends[-1] + len(line))
                file.write(line)
                taken += 1
        return taken

    @property
    def positive(self) -> Bools:
        """Whether each example is one."""
        return np.frombuffer(self._positive, np.int8).astype(bool)

    def split(self, *, per_class: int = 0, balanced: bool = True) -> Split:
        """A tenth is held out, whole sites where URLs are known, so that no site is on both sides. A text given twice counts once, one given as
        both kinds not at all. ``balanced``: of the kind that has more, as many as of the other; ``per_class``: at most so many of each.

        Raises:
            BadInput: too few examples of a kind.
        """
        keys, positive = np.frombuffer(self._keys, np.uint64), self.positive
        distinct, first, groups = np.unique(keys, return_index=True, return_inverse=True)
        kinds = np.zeros((2, len(distinct)), bool)
        kinds[positive.astype(int), groups] = True
        chosen = first[kinds[0] != kinds[1]]  # by key
        counts = {
            "given": len(keys),
            "repeated": len(keys) - len(distinct),
            "both_kinds": len(distinct) - len(chosen),
        }
        most = per_class or len(chosen)
        if balanced:
            most = min(most, int(positive[chosen].sum()), int((~positive[chosen]).sum()))
        chosen = np.sort(np.concatenate([chosen[positive[chosen] == kind][:most] for kind in (False, True)]))
        chosen = chosen[np.argsort(keys[chosen])]
        counts["left_out"] = len(distinct) - counts["both_kinds"] - len(chosen)
        sites = np.frombuffer(self._sites, np.uint64)[chosen]
        by = "site" if (sites != keys[chosen]).any() else "text"
        held = sites % np.uint64(HELD_OUT_EVERY) == 0
        if by == "site" and not _enough(held, positive[chosen]):
            by = "text"
        if by == "text":
            for kind in (False, True):
                mine = np.flatnonzero(positive[chosen] == kind)
                held[mine] = np.arange(len(mine)) % HELD_OUT_EVERY == 0
        if not _enough(held, positive[chosen]):
            found = {kind: int((positive[chosen] == sign).sum()) for kind, sign in ((POSITIVE, True), (NEGATIVE, False))}
            raise BadInput(
                f"There are {found[POSITIVE]} positive and {found[NEGATIVE]} negative examples that can be used (of {len(keys)} given, {counts['repeated']} were "
                f"repeated and {counts['both_kinds']} given as both kinds); a tenth is held out, and {FEWEST} of each kind are needed there. Give more."
            )
        return Split(chosen[~held], chosen[held], by, counts)

    def lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """The prepared lines of some examples."""
        if not self._ends[-1]:  # an empty file cannot be mapped
            return
        with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for n in numbers:
                yield data[self._ends[n] : self._ends[n + 1]]

    def write(self, numbers: Ints, path: Path) -> None:
        """fastText's training file: a label and a line per example."""
        labels = [f"{LABEL}{name} ".encode() for name in (NEGATIVE, POSITIVE)]
        with path.open("wb") as out:
            for n, line in zip(numbers.tolist(), self.lines(numbers.tolist()), strict=True):
                out.write(labels[self._positive[n]] + line + b"\n")


def _enough(held: Any, positive: Bools) -> bool:
    return all(int((side & (positive == kind)).sum()) >= FEWEST for side in (held, ~held) for kind in (True, False))
