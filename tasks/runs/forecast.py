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
from collections.abc import Mapping, Sequence
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

    def of(values: Sequence[float]) -> Interval:
        return total(values, sample.weights, sample.weight, sample.shards)

    loss = copies_factor(sample)

    def without_copies(values: Sequence[float]) -> Interval:
        found = of(values)
        return Interval(found.value * loss, min(found.low, max(found.low * loss**2, 0.0)), found.high)

    documents = of(sample.documents)
    growth = documents.value / max(1.0, sum(sample.documents))
    whole = len(sample.keys) == sample.shards

    def step_total(step: StepSample, values: Sequence[float]) -> Interval:
        if step.by_shard:
            return of(values)
        value = sum(values) * growth
        return Interval(value, value, value) if whole else Interval(value, value / FACTOR, value * FACTOR)

    none = Interval(0.0, 0.0, 0.0)
    cpu = sum((step_total(s, s.cpu_s) for s in sample.steps), none)
    spent = sum((step_total(s, s.seconds) for s in sample.steps), none)
    disk = sum((step_total(s, s.size_bytes) for s in sample.steps if s.label != "publish"), none) + without_copies(sample.corpus_bytes)
    low, high = (spent.low / spent.value, spent.high / spent.value) if spent.value else (1.0, 1.0)

    def wall(workers: int, *, left: bool) -> tuple[Interval, list[tuple[str, int, float, float]]]:
        rows = []
        for number in sorted({s.stage for s in sample.steps}):
            steps = [s for s in sample.steps if s.stage == number]
            if steps[0].by_shard:
                through = all(s.reused for s in steps)
                mine = [s for s in steps if through or not (left and s.reused)]
                scale = sum(step_total(s, s.seconds).value for s in mine) / max(1e-9, sum(sum(s.seconds) for s in mine))
                count = sample.shards - (len(sample.keys) if left and through else 0)
                each = [sum(s.seconds[i] for s in mine) for i in range(len(sample.keys))]
                fair = scale * len(sample.keys) / sample.shards  # by weight, not by number
                seconds = makespan(each, count, workers) * fair
                width = sample.shards
            else:
                [step] = steps
                width = step.width or max(len(step.seconds), math.ceil(sum(sample.kept) * growth / sample.rows_per_file))
                seconds = makespan([sum(step.seconds) * growth / width], width, workers)
            name = steps[0].label if len(steps) == 1 else f"{steps[0].label} to {steps[-1].label}"
            rows.append((name, width, sum(step_total(s, s.cpu_s).value for s in steps), seconds))
        spent = sum(r[3] for r in rows)
        beside = Interval(sample.overhead_s, sample.overhead_s / FACTOR, sample.overhead_s * FACTOR)
        return Interval(spent, spent * low, spent * high) + beside, rows

    here, stages = wall(workers, left=False)
    figures = {
        "seconds": here,
        "seconds_left": wall(workers, left=True)[0],
        "cpu_hours": cpu.scaled(1 / 3600),
        "disk_bytes": disk,
        "documents": documents,
        "kept": without_copies(sample.kept),
        "tokens": without_copies(sample.tokens),
    }
    if asking := [s for s in sample.steps if s.sent_texts]:
        figures["texts_sent"] = sum((of(s.sent_texts) for s in asking), none)
        figures["tokens_sent"] = sum((of(s.sent_tokens) for s in asking), none)
        figures["price"] = sum((of(s.sent_tokens).scaled(s.price_prompt / MILLION) for s in asking), none)
        paid = sum(sum(s.sent_tokens) * s.price_prompt for s in asking) / MILLION
        whole_price = figures["price"]
        figures["price_left"] = Interval(*(max(0.0, each - paid) for each in (whole_price.value, whole_price.low, whole_price.high)))
    peak = max((s.peak_rss_bytes for s in sample.steps), default=0)
    cluster = wall(cluster_cores, left=False)[0] if cluster_cores else None
    return Forecast(figures, tuple(stages), peak, workers, cluster_cores, cluster, loss)
