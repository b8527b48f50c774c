"""Plans of a store: the forecast of a run (``tasks/runs/forecast.py``) as it was made from a sample (``flows/plan.py``), in words, and held against what
the run took and gave."""

import contextlib
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from winnow.tasks.engine.store import Store
from winnow.tasks.report.summary import FigureKind, ForecastCheck, ForecastFigure, Summary
from winnow.tasks.report.words import duration, measured, size
from winnow.tasks.runs.forecast import FIGURES, Forecast, Interval, Sample, forecast

if TYPE_CHECKING:
    from winnow.tasks.runs.run import Run

PLANS = "plans"


def stored(store: Store, run: str) -> dict[str, Any] | None:
    """The plan of a run: ``sample`` and, after the run, ``actual``; None if there is none that can be read."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        plan = dict(json.loads(store.get(f"{PLANS}/{run}.json")))
        if "sample" in plan:
            return plan
    return None


def known(run: "Run", shards: int, seed: int) -> Sample | None:
    """The sample of an earlier plan of this run, if it was of the same shards."""
    plan = stored(run.context.store, run.id)
    keys = {s.key for s in run.context.crawl.sample(shards, seed).shards}
    return Sample.of(plan["sample"]) if plan and set(plan["sample"]["keys"]) == keys else None


# ------------------------------------------------------------------ after the real run


def compare(run: "Run", summary: Summary) -> ForecastCheck | None:
    """The plan's forecast, made for the workers of this run, beside what it took and gave; kept with the plan. None without a plan. Time is compared
    if one process made all that the sample had left."""
    store = run.context.store
    plan = stored(store, run.id)
    if not plan:
        return None
    sample = Sample.of(plan["sample"])
    expected = forecast(sample, run.request.workers)
    made_all = run.plan.computed == run.plan.total() - sample.reused
    before = plan.get("actual", {}).get("figures", {}).get("seconds_left", {}).get("actual")
    actual: dict[str, float | None] = {
        "seconds_left": time.monotonic() - run.began if made_all else before,
        "cpu_hours": summary.cpu_s / 3600,
        "disk_bytes": float(summary.stored_bytes),
        "documents": float(summary.documents),
        "kept": float(summary.kept),
        "tokens": float(summary.tokens_kept),
    }
    compared = {
        "sample": len(sample.keys),
        "shards": sample.shards,
        "workers": run.request.workers,
        "figures": {
            name: {"value": e.value, "low": e.low, "high": e.high, "actual": actual[name]}
            for name, e in expected.figures.items()
            if name in actual
        },
    }
    store.put(f"{PLANS}/{run.id}.json", json.dumps(plan | {"actual": compared}, indent=1).encode())
    return ForecastCheck(
        len(sample.keys),
        sample.shards,
        run.request.workers,
        tuple(
            ForecastFigure(FIGURES[name], _kind(name), e.value, e.low, e.high, actual[name])
            for name, e in expected.figures.items()
            if name in actual
        ),
    )


def _kind(name: str) -> FigureKind:
    if name.startswith("price"):
        return "number"
    return "seconds" if name.startswith("seconds") else "bytes" if name == "disk_bytes" else "hours" if name == "cpu_hours" else "count"


# ------------------------------------------------------------------ words


def figure(name: str, value: float) -> str:
    """A figure of a forecast in words."""
    return measured(value, _kind(name))


def said(sample: Sample, found: Forecast) -> list[str]:
    """The forecast for people."""
    n, every = len(sample.keys), sample.shards
    lines = [f"Forecast for {sample.run}, from {n} of {every} shards drawn with seed {sample.seed}", ""]
    lines.append(f"{'':<36} {'expected':>16}   95 % interval")

    def line(words: str, name: str, e: Interval) -> str:
        return f"{words:<36} {figure(name, e.value):>16}   {figure(name, e.low)} to {figure(name, e.high)}"

    for name, words in FIGURES.items():
        if name not in found.figures:
            continue
        here = f", {found.workers} workers here" if name == "seconds" else ""
        lines.append(line(words + here, name, found.figures[name]))
    if found.cluster_seconds:
        lines.append(line(f"time on a cluster of {found.cluster_cores} cores", "seconds", found.cluster_seconds))
    lines.append(f"{'memory of one worker, peak':<36} {size(found.peak_rss_bytes):>16}")
    lines += ["", f"{'stage':<42} {'pieces':>8} {'CPU':>12} {'time here':>12}"]
    lines += [f"{label[:42]:<42} {width:>8,} {duration(cpu):>12} {duration(wall):>12}" for label, width, cpu, wall in found.stages]
    lines += [
        "",
        f"Totals over shards: ratio estimates per {sample.weighed_by}, t-intervals over the sample's shards. Steps over the whole crawl: in proportion to "
        "documents, from half to double. Copies: "
        + (
            f"the whole crawl keeps {found.copies_factor:.1%} of what the sample's share of copies would leave (Heaps' law). "
            if found.copies_factor < 0.9995
            else "no further loss expected. "
        )
        + "Tokens: estimated from characters and language. "
        + (
            f"Of the time {duration(sample.overhead_s)} is for engine and workers, whatever the size. "
            if sample.overhead_measured
            else "The time of the engine is not in it: the sample was found done. "
        )
        + "A cluster's cores are taken to be like this machine's, with a source and a store that keep up.",
        "",
        f"The sample's {sample.reused} shards x steps are in the store; the real run goes on from them: {sample.command}",
    ]
    return lines


def as_json(sample: Sample, found: Forecast) -> dict[str, Any]:
    """The JSON of ``winnow plan --json``."""
    return {
        "run_id": sample.run,
        "sample": len(sample.keys),
        "shards": sample.shards,
        "seed": sample.seed,
        "workers": found.workers,
        "forecast": {name: vars(e) for name, e in found.figures.items()},
        "cluster": {"cores": found.cluster_cores, "seconds": vars(found.cluster_seconds)} if found.cluster_seconds else None,
        "peak_rss_bytes": found.peak_rss_bytes,
        "reused": sample.reused,
        "stages": [dict(zip(("stage", "pieces", "cpu_s", "seconds"), row, strict=True)) for row in found.stages],
        "method": "95 % t-intervals over shards, ratio estimates per " + sample.weighed_by,
    }


def planned(store: Store) -> dict[str, dict[str, Any]]:
    """All plans of a store: run -> plan."""
    names = sorted(p.rsplit("/", 1)[1].removesuffix(".json") for p in store.files(PLANS) if p.endswith(".json"))
    return {name: plan for name in names if (plan := stored(store, name))}


def outcome(compared: Mapping[str, Any]) -> str:
    """One line: how the forecast held."""
    parts = [
        f"{FIGURES[name]} {figure(name, f['actual'])} (forecast {figure(name, f['value'])})"
        for name, f in compared["figures"].items()
        if f["actual"] is not None
    ]
    inside = [f["low"] <= f["actual"] <= f["high"] for f in compared["figures"].values() if f["actual"] is not None]
    return f"{sum(inside)} of {len(inside)} figures inside their intervals: {'; '.join(parts)}"
