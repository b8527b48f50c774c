"""Cut points: where to cut a signal whose values form two groups, by between-class variance (Otsu 1979) and by the valley of the histogram.

It is meant for the perplexity under a model of harmful text (Jansen et al. 2022, "Perplexed by Quality"), but is good for any numeric signal. Whether
there are two groups is tested first, since both methods give an answer for any data. The histogram is smoothed just enough to leave two modes (the
critical bandwidth of Silverman 1981). Then ``depth`` is the part of the density of the lower mode that is missing in the valley between them, and ``z``
is its significance, from the documents that are counted within one bandwidth of either. Ashman's D says how far the two sides lie apart.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Floats
from winnow.tasks.engine.errors import BadInput

BINS = 240
OUTSIDE_PERCENT = 0.1  # left out at either end, so that no outlier stretches the axis
MIN_VALUES = 100
MIN_DEPTH, MIN_Z = 0.1, 4.0
LOG_RATIO = 20.0  # positive values that span at least this ratio get bins of equal ratio


@dataclass(frozen=True)
class Split:
    """A histogram cut in two. ``valley`` and ``otsu`` are in units of the signal; ``edges`` (BINS + 1), ``counts`` and ``smooth`` (documents per bin) are
    the histogram.

    It is ``bimodal`` if ``depth`` and ``z`` reach their bounds; an ``ashman_d`` above 2 means that the two groups are clearly apart. ``valley`` is None
    if the least smoothing that leaves at most two modes leaves only one.
    """

    values: int
    edges: Floats
    counts: Floats
    smooth: Floats
    logarithmic: bool
    modes: tuple[float, ...]
    valley: float | None
    otsu: float
    depth: float
    z: float
    ashman_d: float

    @property
    def bimodal(self) -> bool:
        return self.valley is not None and self.depth >= MIN_DEPTH and self.z >= MIN_Z

    def says(self) -> str:
        """The verdict in words, with its figures."""
        found = f"valley depth {self.depth:.2f} (at least {MIN_DEPTH}), z {self.z:.1f} (at least {MIN_Z:g}), Ashman's D {self.ashman_d:.2f}"
        return f"two groups: {found}" if self.bimodal else f"no two groups: {found}"


def split(values: npt.ArrayLike) -> Split:
    """The two thresholds of the values of a signal, and whether they form two groups at all. Missing and infinite values do not count.

    Raises:
        BadInput: fewer than 100 values, or all the same.
    """
    x = np.asarray(values, np.float64)
    x = np.sort(x[np.isfinite(x)])
    if len(x) < MIN_VALUES:
        raise BadInput(f"There are only {len(x)} values, and a threshold needs at least {MIN_VALUES}. Measure more documents.")
    low, high = np.percentile(x, [OUTSIDE_PERCENT, 100 - OUTSIDE_PERCENT])
    if low == high:
        low, high = x[0], x[-1]
    if low == high:
        raise BadInput(f"All {len(x)} values are {low:g}, so there is nothing to cut.")
    logarithmic = bool(low > 0 and high / low > LOG_RATIO)
    edges = np.geomspace(low, high, BINS + 1) if logarithmic else np.linspace(low, high, BINS + 1)
    counts = np.histogram(x, edges)[0].astype(np.float64)
    axis = np.log(edges) if logarithmic else edges
    middles = (axis[1:] + axis[:-1]) / 2

    bandwidth, smooth, modes = _two_modes(counts)
    back = math.exp if logarithmic else float
    valley, depth, z, d = None, 0.0, 0.0, 0.0
    if len(modes) == 2:
        first, second = modes
        at = first + int(np.argmin(smooth[first : second + 1]))
        depth = 1 - smooth[at] / min(smooth[first], smooth[second])
        near = max(1, round(bandwidth))
        there, lower = _around(counts, at, near), min(_around(counts, m, near) for m in modes)
        z = (lower - there) / math.sqrt(lower + there) if lower + there else 0.0
        valley, d = back(middles[at]), _ashman_d(middles, counts, at)
    return Split(
        len(x), edges, counts, smooth, logarithmic, tuple(back(middles[m]) for m in modes), valley, back(middles[_otsu(middles, counts)]), depth, z, d
    )  # fmt: skip


def _two_modes(counts: Floats) -> tuple[float, Floats, list[int]]:
    """The least bandwidth (in bins) that leaves at most two modes, the histogram smoothed with it, and the modes."""
    bandwidth = 1.0
    while True:
        smooth = _smoothed(counts, bandwidth)
        modes = _modes(smooth)
        if len(modes) <= 2:
            return bandwidth, smooth, modes
        bandwidth *= 1.1


def _smoothed(counts: Floats, bandwidth: float) -> Floats:
    """Gaussian smoothing; the histogram is mirrored at its ends, so that no mass is lost there."""
    reach = min(len(counts), math.ceil(4 * bandwidth))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / bandwidth) ** 2)
    padded = np.pad(counts, reach, mode="symmetric")
    return np.asarray(np.convolve(padded, kernel / kernel.sum(), mode="valid"))


def _modes(smooth: Floats) -> list[int]:
    """Bins higher than what lies on either side, plateaus once; what is below a thousandth of the highest does not count."""
    rounded = np.round(smooth / smooth.max(), 9)
    keep = np.flatnonzero(np.concatenate([[True], rounded[1:] != rounded[:-1]]))
    steps = np.diff(rounded[keep], prepend=-1.0, append=-1.0)
    return [int(i) for i in keep[(steps[:-1] > 0) & (steps[1:] < 0)] if rounded[i] > 1e-3]


def _around(counts: Floats, at: int, near: int) -> float:
    return float(counts[max(0, at - near) : at + near + 1].sum())


def _otsu(middles: Floats, counts: Floats) -> int:
    """The bin whose upper edge parts the values with the largest variance between the two classes."""
    weight, moment = np.cumsum(counts), np.cumsum(counts * middles)
    rest = weight[-1] - weight
    with np.errstate(divide="ignore", invalid="ignore"):
        between = weight * rest * (moment / weight - (moment[-1] - moment) / rest) ** 2
    best = np.nan_to_num(between[:-1])
    return int(np.mean(np.flatnonzero(best >= best.max() * (1 - 1e-9))))


def _ashman_d(middles: Floats, counts: Floats, at: int) -> float:
    """Distance of the two sides' means in units of their spreads (Ashman, Bird and Zepf 1994)."""

    def moments(part: slice) -> tuple[float, float]:
        weight: Any = counts[part].sum()
        mean = float((counts[part] * middles[part]).sum() / weight)
        return mean, float((counts[part] * (middles[part] - mean) ** 2).sum() / weight)

    if not counts[:at].sum() or not counts[at:].sum():
        return 0.0
    (mean_a, variance_a), (mean_b, variance_b) = moments(slice(0, at)), moments(slice(at, None))
    spread = math.sqrt(variance_a + variance_b)
    return math.sqrt(2) * abs(mean_a - mean_b) / spread if spread else math.inf
