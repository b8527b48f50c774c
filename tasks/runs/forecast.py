"""Forecast: what a run will take and give, from what a random sample of its shards took and gave. Numbers only; the sample is run in
``flows/plan.py``.

Totals over shards are ratio estimates (Cochran 1977, Sampling Techniques, sections 6.3 and 2.6): per byte of archive where the sizes of all files are
known, else per shard, with a 95 % t-interval over the shards of the sample and the finite population correction, so that a sample of everything is
exact. One shard says nothing of the spread: its interval is from half to double, by convention.

Steps over the whole crawl take time in proportion to the documents they read: measured near linear from 0.1 to 10 million (docs/performance.md). One
sample cannot show a curve, so they count with an interval from half to double. So does what a run takes beside its shards, which was seen once.

Copies: a sample sees fewer of them than the crawl has. Distinct texts grow as a power of the shards read (Heaps 1978); the exponent is taken from the
groups of copies in the sample, by asking how many would be left of half of its shards. The interval reaches from no further copies to the square of
that loss.
"""

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from winnow.tasks.endpoint.cost import MILLION

CONFIDENCE = 0.95
FACTOR = 2.0
SIMULATED = 5000


@dataclass(frozen=True)
class Interval:
    """A value and the interval it lies in with 95 % confidence, as far as the model holds."""

    value: float
    low: float
    high: float

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.value + other.value, self.low + other.low, self.high + other.high)

    def scaled(self, by: float) -> "Interval":
        return Interval(self.value * by, self.low * by, self.high * by)

    def holds(self, actual: float) -> bool:
        return self.low <= actual <= self.high


@dataclass(frozen=True)
class StepSample:
    """What one step took on the sample: per shard of the sample (``by_shard``), or per partition. ``reused``: the real run finds these in the
    store. ``width``: shards or partitions of the real run, 0 if not known before it. ``sent_texts``, ``sent_tokens``: per shard, of a step that
    sends documents to an endpoint, which takes ``price_prompt`` for a million tokens."""

    label: str
    stage: int
    by_shard: bool
    reused: bool
    width: int
    seconds: tuple[float, ...]
    cpu_s: tuple[float, ...]
    size_bytes: tuple[float, ...]
    peak_rss_bytes: int
    sent_texts: tuple[float, ...] = ()
    sent_tokens: tuple[float, ...] = ()
    price_prompt: float = 0.0


@dataclass(frozen=True)
class Sample:
    """What a sample of ``len(keys)`` of ``shards`` shards took and gave. ``weights`` are bytes of archive, or 1, of each shard of the sample, and
    ``weight`` that of all shards. ``groups``: how many shards of the sample hold a member of a group of copies -> groups; ``overhead_s``: what a
    run takes beside its shards (engine, start of workers), where that was measured."""

    run: str
    command: str
    keys: tuple[str, ...]
    shards: int
    seed: int
    workers: int
    weights: tuple[float, ...]
    weight: float
    weighed_by: str
    documents: tuple[float, ...]
    kept: tuple[float, ...]
    tokens: tuple[float, ...]
    corpus_bytes: tuple[float, ...]
    groups: dict[int, int]
    rows_per_file: int
    overhead_s: float
    overhead_measured: bool
    steps: tuple[StepSample, ...]

    @property
    def reused(self) -> int:
        """Shards x steps that the sample has made for the real run."""
        return sum(len(s.seconds) for s in self.steps if s.reused)

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"groups": {str(k): n for k, n in self.groups.items()}}

    @staticmethod
    def of(stored: Mapping[str, Any]) -> "Sample":
        """Raises KeyError or TypeError for what no sample was stored as."""

        def plain(values: Mapping[str, Any]) -> Any:
            return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}

        steps = tuple(StepSample(**plain(step)) for step in stored["steps"])
        return Sample(**plain(stored) | {"steps": steps, "groups": {int(k): n for k, n in stored["groups"].items()}})


FIGURES = {
    "seconds": "time of the whole run",
    "seconds_left": "time with the sample already done",
    "cpu_hours": "CPU-hours",
    "disk_bytes": "disk, artifacts and corpus",
    "documents": "documents",
    "kept": "documents kept",
    "tokens": "tokens kept",
    "texts_sent": "texts sent to the endpoint",
    "tokens_sent": "tokens sent to the endpoint, estimated",
    "price": "price of the endpoint",
    "price_left": "price with the sample already asked",
}
"""The last four only of a run that asks an endpoint about every document."""


@dataclass(frozen=True)
class Forecast:
    """``figures``: name (FIGURES) -> interval. ``stages``: label, width, CPU-seconds, seconds on this machine. ``cluster``: the figures of time on
    ``cluster_cores`` cores, None without a cluster."""

    figures: dict[str, Interval]
    stages: tuple[tuple[str, int, float, float], ...]
    peak_rss_bytes: int
    workers: int
    cluster_cores: int = 0
    cluster_seconds: Interval | None = None
    copies_factor: float = 1.0


def total(values: Sequence[float], weights: Sequence[float], weight: float, shards: int) -> Interval:
    """The sum over all ``shards``, from the values of a sample of them."""
    y, x = np.asarray(values, float), np.asarray(weights, float)
    n, seen = len(y), float(y.sum())
    if n == shards:
        return Interval(seen, seen, seen)
    estimate = seen / float(x.sum()) * weight if x.sum() else seen / n * shards
    if n == 1:
        return Interval(estimate, max(seen, estimate / FACTOR), estimate * FACTOR)
    from scipy.special import stdtrit

    spread = math.sqrt(float(((y - (seen / x.sum() if x.sum() else 0.0) * x) ** 2).sum()) / (n - 1))
    half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * spread * math.sqrt(shards * (shards - n) / n)
    return Interval(estimate, max(seen, estimate - half), estimate + half)


def makespan(durations: Sequence[float], count: int, workers: int) -> float:
    """Seconds until ``workers`` have done ``count`` pieces, one after another, whose durations are those given over and over."""
    if not durations or not count:
        return 0.0
    if count > SIMULATED:
        return sum(durations) / len(durations) * count / workers + max(durations) / 2
    ends = [0.0] * min(workers, count)
    for i in range(count):
        heapq.heappush(ends, heapq.heappop(ends) + durations[i % len(durations)])
    return max(ends)


def copies_factor(sample: Sample) -> float:
    """By how much the share of documents kept shrinks when copies are looked for in the whole crawl (Heaps' law; 1: not at all)."""
    n = len(sample.keys)
    if n < 2 or n == sample.shards or not sample.groups:
        return 1.0
    half = n // 2
    grouped = sum(sample.groups.values())
    alone = max(0.0, sum(sample.kept) - grouped)
    seen = alone * half / n + sum(g * (1 - math.comb(n - k, half) / math.comb(n, half)) for k, g in sample.groups.items())
    if not seen or not alone + grouped:
        return 1.0
    exponent = math.log((alone + grouped) / seen) / math.log(n / half)
    return float((sample.shards / n) ** (min(exponent, 1.0) - 1))


def forecast(sample: Sample, workers: int, cluster_cores: int = 0) -> Forecast:
    """What the whole run takes with ``workers`` processes, and gives."""
    whole = _Whole(sample)
    seconds, stages = whole.time(workers, left=False)
    figures = {
        "seconds": seconds,
        "seconds_left": whole.time(workers, left=True)[0],
        "cpu_hours": whole.over_steps(lambda s: s.cpu_s).scaled(1 / 3600),
        "disk_bytes": whole.over_steps(lambda s: s.size_bytes if s.label != "publish" else ()) + whole.without_copies(sample.corpus_bytes),
        "documents": whole.documents,
        "kept": whole.without_copies(sample.kept),
        "tokens": whole.without_copies(sample.tokens),
        **whole.asked(),
    }
    peak = max((s.peak_rss_bytes for s in sample.steps), default=0)
    cluster = whole.time(cluster_cores, left=False)[0] if cluster_cores else None
    return Forecast(figures, stages, peak, workers, cluster_cores, cluster, whole.loss)


class _Whole:
    """The whole run, as a sample tells of it. ``loss``: what further copies leave; ``growth``: its documents for each of the sample."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.loss = copies_factor(sample)
        self.documents = self.total(sample.documents)
        self.growth = self.documents.value / max(1.0, sum(sample.documents))
        spent = self.over_steps(lambda s: s.seconds)
        self._low, self._high = (spent.low / spent.value, spent.high / spent.value) if spent.value else (1.0, 1.0)

    def total(self, values: Sequence[float]) -> Interval:
        """The sum over all shards."""
        return total(values, self.sample.weights, self.sample.weight, self.sample.shards)

    def without_copies(self, values: Sequence[float]) -> Interval:
        """The same of what copies take away from."""
        found = self.total(values)
        return Interval(found.value * self.loss, min(found.low, max(found.low * self.loss**2, 0.0)), found.high)

    def of_step(self, step: StepSample, values: Sequence[float]) -> Interval:
        """What a step takes in all."""
        if step.by_shard:
            return self.total(values)
        value = sum(values) * self.growth
        is_all = len(self.sample.keys) == self.sample.shards
        return Interval(value, value, value) if is_all else Interval(value, value / FACTOR, value * FACTOR)

    def over_steps(self, values: Callable[[StepSample], Sequence[float]]) -> Interval:
        """What all steps take in all; nothing of a step without ``values``."""
        return sum((self.of_step(s, found) for s in self.sample.steps if (found := values(s))), Interval(0.0, 0.0, 0.0))

    def time(self, workers: int, *, left: bool) -> tuple[Interval, tuple[tuple[str, int, float, float], ...]]:
        """How long it takes, and of each stage the label, width, CPU-seconds and seconds; ``left``: without what the sample has made for it."""
        stages = []
        for number in sorted({s.stage for s in self.sample.steps}):
            steps = [s for s in self.sample.steps if s.stage == number]
            width, seconds = self._by_shard(steps, workers, left=left) if steps[0].by_shard else self._together(steps[0], workers)
            name = steps[0].label if len(steps) == 1 else f"{steps[0].label} to {steps[-1].label}"
            stages.append((name, width, sum(self.of_step(s, s.cpu_s).value for s in steps), seconds))
        spent = sum(stage[3] for stage in stages)
        overhead_s = self.sample.overhead_s
        beside = Interval(overhead_s, overhead_s / FACTOR, overhead_s * FACTOR)
        return Interval(spent, spent * self._low, spent * self._high) + beside, tuple(stages)

    def _by_shard(self, steps: Sequence[StepSample], workers: int, *, left: bool) -> tuple[int, float]:
        """Width and seconds of a stage that is made shard by shard."""
        sample = self.sample
        through = all(s.reused for s in steps)
        mine = [s for s in steps if through or not (left and s.reused)]
        scale = sum(self.of_step(s, s.seconds).value for s in mine) / max(1e-9, sum(sum(s.seconds) for s in mine))
        count = sample.shards - (len(sample.keys) if left and through else 0)
        each = [sum(s.seconds[i] for s in mine) for i in range(len(sample.keys))]
        fair = scale * len(sample.keys) / sample.shards  # by weight, not by number
        return sample.shards, makespan(each, count, workers) * fair

    def _together(self, step: StepSample, workers: int) -> tuple[int, float]:
        """Width and seconds of a step over all shards."""
        kept = sum(self.sample.kept) * self.growth
        width = step.width or max(len(step.seconds), math.ceil(kept / self.sample.rows_per_file))
        return width, makespan([sum(step.seconds) * self.growth / width], width, workers)

    def asked(self) -> dict[str, Interval]:
        """The figures of a run that asks an endpoint; none of another."""
        asking = [s for s in self.sample.steps if s.sent_texts]
        if not asking:
            return {}
        none = Interval(0.0, 0.0, 0.0)
        price = sum((self.total(s.sent_tokens).scaled(s.price_prompt / MILLION) for s in asking), none)
        paid = sum(sum(s.sent_tokens) * s.price_prompt for s in asking) / MILLION
        return {
            "texts_sent": sum((self.total(s.sent_texts) for s in asking), none),
            "tokens_sent": sum((self.total(s.sent_tokens) for s in asking), none),
            "price": price,
            "price_left": Interval(*(max(0.0, each - paid) for each in (price.value, price.low, price.high))),
        }
