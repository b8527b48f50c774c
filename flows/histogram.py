"""Histogram: the bins that ``tasks/profile.py`` counted, laid out on one axis so that a limit can be drawn in at its place.

Where things lie is computed here, in units of the drawing; what they look like is in ``flows/templates/``.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

WIDTH, HEIGHT = 320.0, 104.0
MAX_OCTAVE_CELLS = 80
MIN_CELLS = 6
TICK_GAP = 36.0  # narrower, and labels of five characters touch
CUT_FROM = 3.0  # a bar this many times as high as the next one is cut, or nothing else could be seen


@dataclass(frozen=True)
class Cell:
    """One bar: values in [low, high), how many documents have them, how many of those were kept; ``x`` to ``y_documents`` for drawing."""

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
    """``cells`` adjoin and have one width each, whatever their range; ``missing`` are documents without a number; ``top`` is what the
    full height stands for, in documents."""

    cells: tuple[Cell, ...]
    documents: int
    kept: int
    missing: int
    top: int

    def x(self, value: float) -> float:
        """Where a value lies, in units of the drawing; at the border if it lies outside."""
        edges = [c.low for c in self.cells] + [self.cells[-1].high]
        at = min(max(bisect_right(edges, value) - 1, 0), len(self.cells) - 1)
        inside = (value - edges[at]) / (edges[at + 1] - edges[at])
        return (at + min(max(inside, 0.0), 1.0)) * WIDTH / len(self.cells)

    def ticks(self) -> list[tuple[float, float]]:
        """(x, value) of round values, far enough apart to be labelled, the outermost included where there is room."""
        low, high = self.cells[0].low, self.cells[-1].high
        chosen: list[tuple[float, float]] = []
        for value in _round_values(low, high):
            at = self.x(value)
            if low <= value <= high and all(abs(at - other) >= TICK_GAP for other, _ in chosen):
                chosen.append((at, value))
        return sorted(chosen)


def histogram(bins: Iterable[tuple[str, int, int]], bounds: Sequence[float] = ()) -> Histogram | None:
    """Lay out (bin, documents, kept); the axis reaches as far as values and ``bounds`` do. None if there is no number at all.

    Up to 1 in size, cells are 1/50 wide; beyond, half an octave, and then those below 1 are a tenth, or all one if values are whole.
    """
    numbers: list[tuple[float, int, int]] = []
    missing = 0
    for name, documents, kept in bins:
        edge = _number(name)
        if edge is None:
            missing += documents
        else:
            numbers.append((edge, documents, kept))
    if not any(documents for _, documents, _ in numbers):
        return None
    middles = [_middle(edge) for edge, _, _ in numbers]
    fractional = any(0 < abs(edge) < 1 for edge, _, _ in numbers) or any(0 < abs(b) < 1 for b in bounds)
    edges = _edges(middles, bounds, fractional)
    counts = [[0, 0] for _ in edges[1:]]
    for middle, (_, documents, kept) in zip(middles, numbers, strict=True):
        at = min(max(bisect_right(edges, middle) - 1, 0), len(counts) - 1)
        counts[at][0] += documents
        counts[at][1] += kept
    cells = [Cell(low, high, n, k) for low, high, (n, k) in zip(edges, edges[1:], counts, strict=False)]
    top = _top(cells)
    return Histogram(_drawn(cells, top), sum(c.documents for c in cells), sum(c.kept for c in cells), missing, top)


def _top(cells: Sequence[Cell]) -> int:
    heights = sorted((c.documents for c in cells), reverse=True)
    second = heights[1] if len(heights) > 1 else 0
    return heights[0] if not second or heights[0] <= CUT_FROM * second else math.ceil(1.4 * second)


def _drawn(cells: Sequence[Cell], top: int) -> tuple[Cell, ...]:
    width = WIDTH / len(cells)
    drawn = []
    for number, cell in enumerate(cells):
        cut = cell.documents > top
        full = HEIGHT if cut else HEIGHT * cell.documents / top
        kept = full * cell.kept / cell.documents if cell.documents else 0.0
        drawn.append(replace(cell, x=number * width, width=width, y_kept=HEIGHT - kept, y_documents=HEIGHT - full, cut=cut))
    return tuple(drawn)


def _number(name: str) -> float | None:
    try:
        value = float(name)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _middle(edge: float) -> float:
    """A value inside the bin that begins at ``edge``: bins below 1 are 1/50 wide, the others half an octave, away from zero."""
    return edge + 0.01 if abs(edge) <= 1 else edge * 2**0.25


def _edges(middles: Sequence[float], bounds: Sequence[float], fractional: bool) -> list[float]:
    points = [*middles, *bounds]
    low, high = min(points), max(points)
    if -1 <= low and high <= 1.02:
        edges = [i / 50 for i in range(-50, 52)]
    else:
        unit = [i / 10 for i in range(1, 10)] if fractional else []
        edges = [0.0, *unit, *_octaves(high)]
        if low < 0:
            edges = [-e for e in reversed([*unit, *_octaves(-low)])] + edges
    first = max(bisect_right(edges, low) - 1, 0)
    last = min(max(bisect_right(edges, high), first + MIN_CELLS), len(edges) - 1)
    first = max(min(first, last - MIN_CELLS), 0)
    return edges[first : last + 1]


def _octaves(reach: float) -> list[float]:
    """Half octaves from 1 to beyond ``reach`` (larger steps if that would be too many)."""
    halves = math.ceil(2 * math.log2(reach)) + 1 if reach > 1 else 1
    step = math.ceil(halves / MAX_OCTAVE_CELLS)
    return [2 ** (j / 2) for j in range(0, min(halves + step, 2046), step)]


def _round_values(low: float, high: float) -> list[float]:
    """Round values from the roundest to the least round."""
    if high <= 1.02 and low >= -1:
        return [0.0, 1.0, -1.0, *(s * v / 100 for s in (1, -1) for v in (50, 20, 40, 60, 80, 10, 30, 70, 90, 5, 15, 2, 4, 6, 8))]
    reach = max(abs(low), abs(high))
    tens = [10.0**e for e in range(0, int(math.log10(reach)) + 1)] if reach >= 1 else [1.0]
    positive = [*tens, *(5 * t for t in tens), *(2 * t for t in tens), 0.5]
    return [0.0, *positive, *(-v for v in positive)]
