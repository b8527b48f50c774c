"""Bounded samples of all documents that do not depend on the order or the number of shards: those whose hashed ids are smallest."""

from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.arrays import U64, Floats

Group = TypeVar("Group", bound=Hashable)


def sample_keys(ids: Iterable[str]) -> U64:
    """A number per document, by which samples are drawn: the smallest are the sample, whatever the shards."""
    return np.array([xxhash.xxh3_64_intdigest(i.encode("utf-8", "surrogatepass")) for i in ids], np.uint64)


class GroupSamples(Generic[Group]):
    """Values of the documents of each group, of at most ``size`` each, and how many documents each has."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: dict[Group, tuple[U64, Floats]] = {}
        self.counts: dict[Group, int] = {}

    def add(self, ids: Iterable[str], groups: npt.NDArray[Any], values: Floats) -> None:
        """The documents of a shard, with the group and the value of each."""
        keys = sample_keys(ids)
        for group in set(groups.tolist()):
            mine = groups == group
            drawn, known = self._held.get(group, (np.zeros(0, np.uint64), np.zeros(0)))
            joint = np.concatenate([drawn, keys[mine]])
            order = np.argsort(joint, kind="stable")[: self._size]
            self._held[group] = joint[order], np.concatenate([known, values[mine]])[order]
            self.counts[group] = self.counts.get(group, 0) + int(mine.sum())

    def samples(self) -> list[tuple[Group, Floats]]:
        """The groups in their order, each with the values of its sample."""
        return [(group, self._held[group][1]) for group in sorted(self._held)]  # type: ignore[type-var]
