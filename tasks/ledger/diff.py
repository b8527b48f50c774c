"""``winnow diff``: what differs between two runs: the recipe, the steps, the documents that were gained and lost and why, and how the signals moved."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.ledger.consent import Closures, closures
from winnow.tasks.ledger.find import Finished


@dataclass(frozen=True)
class Shift:
    """How a signal moved: its medians, and the Kolmogorov-Smirnov distance between its two distributions (0 to 1)."""

    signal: str
    median_a: float
    median_b: float
    distance: float


@dataclass(frozen=True)
class RecipeChange:
    """A value of the recipe that differs. ``path`` says where it stands, as in ``limits.word_count.low``; None where a run has no such value."""

    path: str
    a: Any
    b: Any


@dataclass(frozen=True)
class Difference:
    """What differs between the runs A and B. ``steps`` are the labels of steps with different addresses. ``common``, ``only_a`` and ``only_b`` count
    documents. ``gained`` and ``lost`` count, by the reason in the run that dropped them, the documents that only B or only A kept. ``consent``: what closed and opened, if both runs have consent in them."""

    recipe: tuple[RecipeChange, ...]
    steps: tuple[str, ...]
    common: int
    only_a: int
    only_b: int
    gained: Counter[str]
    lost: Counter[str]
    shifts: tuple[Shift, ...]
    consent: Closures | None = None


def diff(a: Finished, b: Finished, most: int = 10) -> Difference:
    """Compare two runs; documents are matched by their ids, and the ``most`` signals that moved furthest are listed.

    In memory are an id and a reason per document of both runs. Raises DamagedArtifact.
    """
    reasons_a, reasons_b = _reasons(a), _reasons(b)
    gained, lost = Counter[str](), Counter[str]()
    common = 0
    for identity, reason in reasons_b.items():
        if identity in reasons_a:
            common += 1
            before = reasons_a[identity]
            if reason is None and before is not None:
                gained[before] += 1
            if reason is not None and before is None:
                lost[reason] += 1
    labels = {s["name"]: s["address"] for s in a.manifest["steps"]}
    steps = [s["name"] for s in b.manifest["steps"] if labels.get(s["name"]) != s["address"]]
    steps += [name for name in labels if name not in {s["name"] for s in b.manifest["steps"]}]
    changes = tuple(_changes("", a.manifest["recipe"], b.manifest["recipe"]))
    only_a = sum(i not in reasons_b for i in reasons_a)
    return Difference(changes, tuple(steps), common, only_a, len(reasons_b) - common, gained, lost, _shifts(a, b, most), closures(a, b))


def _reasons(run: Finished) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for table in run.shards("decisions", ["id", "reason"]):
        found.update(zip(table["id"].to_pylist(), table["reason"].to_pylist(), strict=True))
    return found


def _changes(path: str, a: Any, b: Any) -> Iterator[RecipeChange]:
    """The leaves that differ. Limits are told apart by their signals, not by their places in the list."""
    if isinstance(a, list) and isinstance(b, list) and all(isinstance(x, dict) and "signal" in x for x in [*a, *b]):
        a, b = ({x["signal"]: x for x in side} for side in (a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            yield from _changes(f"{path}.{key}".lstrip("."), a.get(key), b.get(key))
    elif a != b:
        yield RecipeChange(path, a, b)


def _shifts(a: Finished, b: Finished, most: int) -> tuple[Shift, ...]:
    found = []
    names = (
        [set(next(run.shards("signals")).column_names) for run in (a, b)]
        if a.entry["shards"] and b.entry["shards"]
        else [set[str](), set[str]()]
    )
    for name in sorted(names[0] & names[1]):
        x, y = _values(a, name), _values(b, name)
        if len(x) and len(y):
            every = np.concatenate([x, y])
            distance = np.abs(np.searchsorted(x, every, "right") / len(x) - np.searchsorted(y, every, "right") / len(y)).max()
            found.append(Shift(name, float(np.median(x)), float(np.median(y)), float(distance)))
    return tuple(sorted((s for s in found if s.distance > 0), key=lambda s: (-s.distance, s.signal))[:most])


def _values(run: Finished, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    parts = []
    for table in run.shards("signals", [name]):
        kind = table.schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            return np.zeros(0)
        parts.append(pc.cast(table[name], pa.float64()).to_numpy(zero_copy_only=False))
    values = np.sort(np.concatenate(parts)).astype(np.float64)
    return values[np.isfinite(values)]
