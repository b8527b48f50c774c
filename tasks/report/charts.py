"""Charts: where the parts of a drawing lie, in units of the drawing. What they look like is said in the templates and the style sheet.

A drawing whose text must stay readable at 400 pixels is bars beside HTML text; only a histogram has its text inside.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from winnow.tasks.report.facts import Stage, bound
from winnow.tasks.report.histogram import HEIGHT, WIDTH, Histogram, histogram
from winnow.tasks.report.insight import Spread
from winnow.tasks.report.summary import Figure, Summary, is_copy
from winnow.tasks.report.tallies import Bin
from winnow.tasks.report.words import number


@dataclass(frozen=True)
class Part:
    """A part of a bar: ``x`` and ``width`` in per cent of it. ``tone`` is the name of its colour in the style sheet."""

    label: str
    count: int
    tone: str
    x: float
    width: float


def outcome(summary: Summary, stages: Sequence[Stage]) -> tuple[Part, ...]:
    """What became of all pages, as the parts of one bar: kept, copies, below or above a limit, without text."""
    first = stages[0].dropped if stages else 0
    copies = summary.duplicates
    rest = summary.pages - summary.kept - first - copies
    counts = [
        ("kept", summary.kept, "kept"),
        ("copies of another document", copies, "copies"),
        ("dropped by a rule", max(0, rest), "dropped"),
        ("without usable text" if summary.is_archive else "unreadable", first, "unread"),
    ]
    x, parts = 0.0, []
    for label, count, tone in counts:
        width = 100 * count / summary.pages if summary.pages else 0.0
        parts.append(Part(label, count, tone, x, width))
        x += width
    return tuple(part for part in parts if part.count)


@dataclass(frozen=True)
class FunnelRow:
    """A step that dropped something. ``kept`` and ``dropped`` are per cent of all pages, ``slope`` the corners of what joins it to the bar before.
    ``copies``: whether it dropped copies rather than what a rule forbids."""

    stage: Stage
    kept: float
    dropped: float
    slope: str
    copies: bool


def funnel_rows(stages: Iterable[Stage], pages: int) -> tuple[FunnelRow, ...]:
    """The steps that dropped something, as bars that narrow."""
    rows: list[FunnelRow] = []
    for stage in stages:
        if not stage.dropped:
            continue
        kept, came_in = (100 * n / pages if pages else 0.0 for n in (stage.pages_out, stage.pages_in))
        slope = f"0,0 {rows[-1].kept:.3f},0 {came_in:.3f},1 0,1" if rows else ""
        rows.append(FunnelRow(stage, kept, max(came_in - kept, 0.2), slope, any(is_copy(r.name) for r in stage.reasons)))
    return tuple(rows)


@dataclass(frozen=True)
class Bound:
    """A limit in a histogram: a line at ``x``; what lies beyond, from ``x_from`` over ``width``, is dropped."""

    x: float
    label: str
    x_from: float
    width: float
    anchor: str


@dataclass(frozen=True)
class Curve:
    """What is kept with a bound elsewhere: ``points`` of a line in the drawing, for the side "low" or "high"."""

    side: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """A histogram with what is said around it. ``top_share`` is what the full height stands for, for the curves."""

    name: str
    asks: str
    crossed: str
    bars: Histogram
    bounds: tuple[Bound, ...] = ()
    curves: tuple[Curve, ...] = ()
    top_share: float = 0.0


def chart(name: str, bins: Sequence[Bin], limit: Mapping[str, Any] | None = None, dropped: Mapping[str, int] | None = None) -> Chart | None:
    """The histogram of a signal with its limit drawn in. ``dropped`` has the pages per reason. None if no document has a value."""
    sides = [(side, limit[side]) for side in ("low", "high") if limit and limit.get(side) is not None]
    bars = histogram(bins, [value for _, value in sides])
    if bars is None:
        return None
    drawn = []
    for side, value in sides:
        x = bars.bound_x(value, side)
        beyond = (0.0, x) if side == "low" else (x, WIDTH - x)
        drawn.append(Bound(x, f"{'≥' if side == 'low' else '≤'} {number(value)}", *beyond, "start" if x < WIDTH / 2 else "end"))
    crossed = [
        f"{number(n)} {said}" for side, said in (("low", "below"), ("high", "above")) if (n := (dropped or {}).get(f"{name}:{side}", 0))
    ]
    given = dict(sides)
    other = {"low": given.get("high"), "high": given.get("low")}
    whole = bars.documents + bars.missing
    found = [(side, bars.curve(bins, side, whole, other[side])) for side in list(given) or ["low", "high"]]
    top = max((share for _, points in found for _, share in points), default=0.0)
    curves = tuple(Curve(side, tuple((x, HEIGHT * (1 - share / top)) for x, share in points)) for side, points in found if top)
    return Chart(name, bound(limit) if limit else "", ", ".join(crossed), bars, tuple(drawn), curves, top)


@dataclass(frozen=True)
class Range:
    """An interval on a line from 0 to 100: its ends and the value inside. ``is_exact``: there is no interval."""

    low: float
    value: float
    high: float
    is_exact: bool = False


def figure_range(figure: Figure, figures: Sequence[Figure]) -> Range:
    """Where a figure lies; shares from 0 to 1, other kinds up to the greatest of their kind among ``figures``."""
    same = [f for f in figures if f.kind == figure.kind]
    top = (
        1.0 if figure.kind == "share" else max((v for f in same for v in (f.value, f.high or 0.0) if math.isfinite(v)), default=1.0) or 1.0
    )

    def place(value: float) -> float:
        return 100 * min(max(value / top, 0.0), 1.0) if math.isfinite(value) else 0.0

    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return Range(place(low), place(figure.value), place(high), is_exact=figure.low is None)


def log_place(value: float, spreads: Sequence[Spread]) -> float:
    """Where a value lies between the least and the greatest of the spreads, 0 to 100, on a logarithmic axis."""
    low, high = min(s.low for s in spreads), max(s.high for s in spreads)
    return round(100 * math.log(value / low) / math.log(high / low), 2) if high > low > 0 else 50.0
