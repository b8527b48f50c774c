"""The n-grams of all items: exact, in memory, built anew from the benchmarks' files (a hundred thousand items take seconds).

An item has parts (question, passage, a long answer). Where one is shorter than the n-gram of the mode, its own length is the n-gram, in a table of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.decontamination.evals import Item
from winnow.tasks.decontamination.modes import Mode
from winnow.tasks.decontamination.words import Words, WordsOfTexts, is_formula, length_of, words

SHORTEST_PART = 3  # words; shorter ones match by chance
LONG_ANSWER = 20  # words from which an answer alone gives an item away
GATE = 0.5  # of what the threshold asks for: clusters below are not looked at


@dataclass(frozen=True)
class Part:
    """One part of an item, as words. ``weights`` sums to one over its words; ``ngrams`` are hashes by place."""

    item: int
    kind: str
    spelled: tuple[str, ...]
    length: float
    weights: npt.NDArray[np.float64]
    ngrams: npt.NDArray[np.uint64]
    formula: bool


@dataclass(frozen=True)
class Table:
    """Items whose n-grams have the same length ``n``: an open hash table, and the parts and places of every n-gram."""

    n: int
    keys: npt.NDArray[np.uint64]
    slots: npt.NDArray[np.int32]
    bits: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    gates: npt.NDArray[np.int64]
    seen: npt.NDArray[np.int8]
    state: npt.NDArray[np.int64]


class EvalIndex:
    """What documents are compared with."""

    def __init__(self, items: Sequence[Item], mode: Mode) -> None:
        self.items, self.mode = tuple(items), mode
        read = list(self._read())
        distinct, counts = _items_with(read)
        self.parts: list[Part] = []
        shared: list[npt.NDArray[np.int64]] = []
        by_n: dict[int, list[int]] = defaultdict(list)
        for number, kind, spoken, ngrams in read:
            n = min(mode.ngram, len(spoken))
            shared.append(counts[np.searchsorted(distinct, ngrams)])
            spelled = tuple(spoken.spelled)
            weights = _weights(shared[-1], n, len(self.items)) if mode.measure == "weighted" else np.full(len(spelled), 1 / len(spelled))
            by_n[n].append(len(self.parts))
            self.parts.append(Part(number, kind, spelled, length_of(list(spelled)), weights, ngrams, is_formula(spoken.text)))
        self.answers = [tuple(words(_final(item.answer)).spelled) for item in self.items]
        """The words of every item's answer, as they are looked for near a short question."""
        self.tables = [self._table(n, numbers, shared) for n, numbers in sorted(by_n.items())]

    def _read(self) -> Iterator[tuple[int, str, Words, npt.NDArray[np.uint64]]]:
        seen: set[tuple[str, str, bytes]] = set()
        for number, item in enumerate(self.items):
            for kind in self.mode.parts:
                spoken = words(getattr(item, kind))
                if len(spoken) < (LONG_ANSWER if kind == "answer" else SHORTEST_PART):
                    continue
                once = (item.suite, kind, spoken.hashes.tobytes())
                if once in seen and kind != "question":
                    continue
                seen.add(once)
                yield number, kind, spoken, ngrams_of(spoken, min(self.mode.ngram, len(spoken)))

    def _table(self, n: int, numbers: Sequence[int], shared: Sequence[npt.NDArray[np.int64]]) -> Table:
        from winnow.tasks.decontamination.word_kernels import fill_table

        gates = np.full(len(self.parts), 1 << 30, np.int64)
        usable = [np.flatnonzero(shared[number] <= self.mode.common_items) for number in numbers]
        for number, places in zip(numbers, usable, strict=True):
            part = self.parts[number]
            covered = np.zeros(len(part.spelled), bool)
            for shift in range(n):
                covered[places + shift] = True
            asked = 1 if self.mode.measure == "any" else GATE * self.mode.threshold(part.length) * covered.sum()
            gates[number] = max(n, int(asked))
        hashes = np.concatenate([self.parts[number].ngrams[places] for number, places in zip(numbers, usable, strict=True)])
        owners = np.repeat(np.array(numbers, np.int64), [len(places) for places in usable])
        where = np.concatenate(usable).astype(np.int64)
        order = np.argsort(hashes, kind="stable")
        ngrams, firsts = np.unique(hashes[order], return_index=True)
        size = 1 << max(4, int(2 * len(ngrams)).bit_length())
        keys, slots, bits = np.zeros(size, np.uint64), np.zeros(size, np.int32), np.zeros(max(1 << 10, size), np.uint8)
        fill_table(keys, slots, bits, ngrams)
        offsets = np.append(firsts, len(hashes)).astype(np.int64)
        count = len(self.parts)
        seen, state = np.full(count, -1, np.int8), np.zeros((count + 1, 6), np.int64)
        return Table(n, keys, slots, bits, offsets, owners[order], where[order], gates, seen, state)

    def part(self, item: int, kind: str) -> Part:
        """A part of an item, by its name."""
        return self.parts[self._numbers[item, kind]]

    @cached_property
    def _numbers(self) -> dict[tuple[int, str], int]:
        return {(part.item, part.kind): number for number, part in enumerate(self.parts)}


def ngrams_of(spoken: Words, n: int) -> Any:
    """Hashes of the n-grams of a text, by the place of their first word."""
    from winnow.tasks.decontamination.word_kernels import hash_ngrams

    ngrams = np.empty(max(1, len(spoken)), np.uint64)
    return ngrams[: hash_ngrams(spoken.hashes, len(spoken), n, ngrams)]


def present(texts: Sequence[str], index: EvalIndex) -> list[list[int]]:
    """Of each text the n-grams of items that stand in it, each once."""
    from winnow.tasks.decontamination.word_kernels import present_ngrams

    spoken = WordsOfTexts(texts)
    found: list[list[int]] = [[] for _ in texts]
    for table in index.tables:
        rows = np.empty((len(spoken.hashes) + 1, 2), np.uint64)
        count = present_ngrams(spoken.hashes, spoken.borders, table.n, table.keys, table.bits, rows)
        for text, ngram in np.unique(rows[:count], axis=0).tolist():
            found[text].append(ngram)
    return found


def _items_with(
    read: Iterable[tuple[int, str, Words, npt.NDArray[np.uint64]]],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """All n-grams, ascending, and how many items have each."""
    each = [np.unique(np.column_stack([ngrams, np.full(len(ngrams), number, np.uint64)]), axis=0) for number, _, _, ngrams in read]
    if not each:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    pairs = np.unique(np.concatenate(each), axis=0)
    distinct, counts = np.unique(pairs[:, 0], return_counts=True)
    return distinct, counts.astype(np.int64)


def _weights(counts: npt.NDArray[np.int64], n: int, items: int) -> npt.NDArray[np.float64]:
    """Per word the mean of its n-grams' inverse item frequency, so that a template which many items share weighs little; they sum to one."""
    rarity = np.log((items + 1) / counts)
    words_ = len(counts) + n - 1
    total, times = np.zeros(words_), np.zeros(words_)
    for shift in range(n):
        total[shift : shift + len(counts)] += rarity
        times[shift : shift + len(counts)] += 1
    weights = total / times
    return np.asarray(weights / weights.sum(), np.float64)


def _final(answer: str) -> str:
    """What an answer comes to: in gsm8k it stands behind four hashes, after the way there."""
    return answer.rpartition("####")[2] if "####" in answer else answer
