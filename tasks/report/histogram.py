"""Histogram: the bins that ``tasks/corpus/profile/histograms.py`` counted, laid out on one axis so that a limit can be drawn in at its place.

Where things lie is computed here, in units of the drawing; what they look like is said in ``tasks/report/templates/``.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from winnow.tasks.corpus.profile.histograms import BINS_PER_OCTAVE, BINS_PER_UNIT
from winnow.tasks.report.tallies import Bin

WIDTH, HEIGHT = 320.0, 104.0
MAX_OCTAVE_CELLS = 60
MIN_CELLS = 6
BAR_WIDTH = 28.0  # at most, where there are few cells
TICK_GAP = 36.0  # narrower, and labels of five characters touch
CUT_FROM = 3.0  # a bar this many times as high as the next one is cut, or nothing else could be seen


@dataclass(frozen=True)
class Cell:
    """Values in [low, high), how many documents have them, how many of those were kept; the rest is the place of its bar."""

    low: float
    high: float
    documents: int = 0
    kept: int = 0
    x: float = 0.0
    width: float = 0.0
    y_kept: float = HEIGHT
    y_documents: float = HEIGHT
    cut: bool = False


@dataclass(frozen=True)
class Histogram:
    """``cells`` adjoin and are equally wide, whatever their range; ``missing`` are documents without a number; ``top`` is what the full
    height stands for, in documents; ``whole`` if no value lies between two whole numbers, as far as the bins tell."""

    cells: tuple[Cell, ...]
    documents: int
    kept: int
    missing: int
    top: int
    whole: bool

    def x(self, value: float) -> float:
        """Where a value lies, in units of the drawing; at the border if it lies outside."""
        edges = [c.low for c in self.cells] + [self.cells[-1].high]
        at = min(max(bisect_right(edges, value) - 1, 0), len(self.cells) - 1)
        inside = (value - edges[at]) / (edges[at + 1] - edges[at])
        return (at + min(max(inside, 0.0), 1.0)) * WIDTH / len(self.cells)

    def bound_x(self, value: float, side: str) -> float:
        """Where to draw a bound that is inclusive: "at most 0" of whole numbers lies behind the bar of 0."""
        return self.x(value + 1 if self.whole and side == "high" and 0 <= value <= 1 else value)

    def curve(self, bins: Iterable[Bin], side: str, whole: int, other: float | None = None) -> tuple[tuple[float, float], ...]:
        """(x, share) of the edges: which share of ``whole`` documents is kept with the bound of this side there, and ``other`` on the other side.
        Of ``bins`` those documents count that nothing else drops (``alone``)."""
        edges = [c.low for c in self.cells]
        counts = [0] * len(self.cells)
        for each in bins:
            edge = each.lower_edge
            if edge is None or not math.isfinite(edge):
                continue
            middle = _middle(edge) if edge or not self.whole else 0.0
            if other is not None and (edge > other if side == "low" else middle < other):
                continue
            counts[min(max(bisect_right(edges, middle) - 1, 0), len(counts) - 1)] += each.alone
        kept = [sum(counts[i:]) if side == "low" else sum(counts[:i]) for i in range(len(counts) + 1)]
        points = [(i * WIDTH / len(counts), n / max(1, whole)) for i, n in enumerate(kept)]
        if not self.whole:
            return tuple(points)
        steps = [(points[i], points[i + 1], points[i if side == "low" else i + 1][1]) for i in range(len(counts))]
        return tuple(
            at for left, right, share in steps for at in ((left[0], share), (right[0], share))
        )  # between whole numbers is no value

    def ticks(self) -> list[tuple[float, float]]:
        """(x, value) of round values, far enough apart to be labelled, the outermost included where there is room."""
        low, high = self.cells[0].low, self.cells[-1].high
        middle = WIDTH / len(self.cells) / 2
        chosen: list[tuple[float, float]] = []
        for value in _round_values(low, high, self.whole, len(self.cells)):
            at = self.x(value) + (middle if self.whole and 0 <= value <= 1 else 0)
            if low <= value <= high and not (self.whole and value == high) and all(abs(at - other) >= TICK_GAP for other, _ in chosen):
                chosen.append((at, value))
        return sorted(chosen)


def histogram(bins: Iterable[Bin], bounds: Sequence[float] = ()) -> Histogram | None:
    """Lay out bins; the axis reaches as far as values and ``bounds`` do. None if there is no number at all.

    If all lies between -1 and 1, cells are as wide as bins. Else they grow with their value beyond 1, and those below are a tenth.
    """
    numbers: list[tuple[float, int, int]] = []
    missing = 0
    for each in bins:
        if each.lower_edge is None or not math.isfinite(each.lower_edge):
            missing += each.documents
        else:
            numbers.append((each.lower_edge, each.documents, each.kept))
    if not any(documents for _, documents, _ in numbers):
        return None
    middles = [_middle(edge) for edge, _, _ in numbers]
    whole = all(edge >= 0 and not 0 < edge < 1 for edge, _, _ in numbers) and all(b == int(b) for b in bounds)
    edges = _edges(middles, bounds, whole)
    counts = [[0, 0] for _ in edges[1:]]
    for middle, (_, documents, kept) in zip(middles, numbers, strict=True):
        at = min(max(bisect_right(edges, middle) - 1, 0), len(counts) - 1)
        counts[at][0] += documents
        counts[at][1] += kept
    cells = [Cell(low, high, n, k) for low, high, (n, k) in zip(edges, edges[1:], counts, strict=False)]
    top = _top(cells)
    return Histogram(_drawn(cells, top), sum(c.documents for c in cells), sum(c.kept for c in cells), missing, top, whole)


def _top(cells: Sequence[Cell]) -> int:
    heights = sorted((c.documents for c in cells), reverse=True)
    second = heights[1] if len(heights) > 1 else 0
    return heights[0] if not second or heights[0] <= CUT_FROM * second else math.ceil(1.4 * second)


def _drawn(cells: Sequence[Cell], top: int) -> tuple[Cell, ...]:
    width = WIDTH / len(cells)
    bar = min(0.9 * width, BAR_WIDTH)
    drawn = []
    for number, cell in enumerate(cells):
        cut = cell.documents > top
        y_documents = 0.0 if cut else HEIGHT * (1 - cell.documents / top)
        kept = cell.kept / cell.documents if cell.documents else 0.0
        x = number * width + (width - bar) / 2
        y_kept = max(HEIGHT - (HEIGHT - y_documents) * kept, y_documents)  # the product may round beyond it
        drawn.append(replace(cell, x=x, width=bar, y_kept=y_kept, y_documents=y_documents, cut=cut))
    return tuple(drawn)


def _middle(edge: float) -> float:
    """A value inside the bin that begins at ``edge``; beyond 1, bins grow away from zero."""
    return edge + 0.5 / BINS_PER_UNIT if abs(edge) <= 1 else edge * 2 ** (0.5 / BINS_PER_OCTAVE)


def _edges(middles: Sequence[float], bounds: Sequence[float], whole: bool) -> list[float]:
    points = [*middles, *bounds]
    low, high = min(points), max(points)
    if whole:
        edges = sorted({0.0, 1.0, 2.0, *(e for e in _octaves(high) if e > 2)})
    elif low >= -1 and high <= 1 + 1 / BINS_PER_UNIT:
        edges = [i / BINS_PER_UNIT for i in range(-BINS_PER_UNIT, BINS_PER_UNIT + 2)]
    else:
        unit = [i / 10 for i in range(1, 10)]
        edges = [0.0, *unit, *_octaves(high)]
        if low < 0:
            edges = [-e for e in reversed([*unit, *_octaves(-low)])] + edges
    first = max(bisect_right(edges, low) - 1, 0)
    last = min(max(bisect_right(edges, high), first + MIN_CELLS), len(edges) - 1)
    first = max(min(first, last - MIN_CELLS), 0)
    return edges[first : last + 1]


def _octaves(reach: float) -> list[float]:
    """Edges of the bins from 1 to beyond ``reach``; every second, third, ... where there are too many."""
    bins = math.ceil(BINS_PER_OCTAVE * math.log2(reach)) + 1 if reach > 1 else 1
    step = math.ceil(bins / MAX_OCTAVE_CELLS)
    return [2 ** (j / BINS_PER_OCTAVE) for j in range(0, min(bins + step, 1023 * BINS_PER_OCTAVE), step)]


def _round_values(low: float, high: float, whole: bool, cells: int) -> list[float]:
    """Values worth a label: evenly spaced where the axis is, else from the roundest to the least round."""
    if high <= 1 + 1 / BINS_PER_UNIT and low >= -1:
        step = next((s for s in (2, 5, 10, 20, 25, 50) if s / 100 * BINS_PER_UNIT * WIDTH / cells >= TICK_GAP), 100)
        return [v / 100 for v in range(-100, 101, step)]
    reach = max(abs(low), abs(high))
    tens = [10.0**e for e in range(0, int(math.log10(reach)) + 1)] if reach >= 1 else [1.0]
    positive = [*tens, *(5 * t for t in tens), *(2 * t for t in tens), *([] if whole else [0.5])]
    return [0.0, *positive, *(-v for v in positive)]
