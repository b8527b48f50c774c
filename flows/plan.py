"""``winnow plan``: a dry run over a random sample of shards, and what it says of the whole run (``tasks/runs/forecast.py``).

What the sample makes shard by shard has the addresses of the whole run, which finds it in the store: nothing is computed twice. What it makes over
all its shards together (copies among them, the corpus) is of no use to the whole run, and is deleted once it is measured. The sample's figures stay in
``plans/<run>.json``; after the real run the forecast is held against what happened.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.states import Completed

from winnow.flows.curate import work_off
from winnow.flows.entry import entry
from winnow.tasks.corpus.redact import Redact
from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.endpoint.cost import SENT_TEXTS, SENT_TOKENS
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.engine.step import ShardStep, Step
from winnow.tasks.runs.forecast import FIGURES, Sample, StepSample, forecast, makespan
from winnow.tasks.runs.housekeeping import command, records
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.plans import PLANS, figure, stored
from winnow.tasks.runs.run import Run, prepare, reports, sampled, stored_bytes


@entry(
    name="plan-snapshot",
    flow_run_name="{source} · {recipe}",
    description="A dry run over a random sample of shards: what the whole run will take and give. The run itself then goes on from the sample.",
    validate_parameters=True,
)
def plan_snapshot(source: str, recipe: str = "fineweb", sample: int = 10, sample_seed: int = 0, cluster_cores: int = 0, **more: Any) -> Any:
    """Forecast a run of curate-snapshot from a sample.

    Args:
        source: As for curate-snapshot.
        recipe: As for curate-snapshot.
        sample: How many shards are drawn.
        sample_seed: Seed of the draw.
        cluster_cores: Cores of a cluster that the time is forecast for, too.
        more: The other parameters of curate-snapshot.
    """
    whole = prepare(Request(source, recipe, **more))
    part = sampled(whole, sample, sample_seed)
    whole.context.store.open_for_writing()
    whole.pipeline.check()
    begin, found = time.monotonic(), bool(part.plan.total()) and part.plan.missing()
    work_off(part)
    fresh = part.plan.computed == part.plan.total() and found
    made = measure(whole, part, sample_seed, time.monotonic() - begin if fresh else None)
    expected = forecast(made, whole.request.workers, cluster_cores)
    rows = [(words, name, expected.figures[name]) for name, words in FIGURES.items() if name in expected.figures]
    create_table_artifact(
        [{"figure": w, "expected": figure(k, i.value), "from": figure(k, i.low), "to": figure(k, i.high)} for w, k, i in rows],
        key="forecast",
        description=f"Forecast of {whole.id} from {len(made.keys)} of {made.shards} shards",
    )
    get_run_logger().info("Forecast of %s from %d of %d shards.", whole.id, len(made.keys), made.shards)
    return Completed(message=f"Forecast of {whole.id}", data=made.json())


def measure(whole: Run, part: Run, seed: int, seconds: float | None) -> Sample:
    """What the finished run over the sample took and gave; written to the store. ``seconds``: how long it took if it all was made just now."""
    store, keys = whole.context.store, part.context.shard_keys
    stage_of = {s.address: n for n, stage in enumerate(part.plan.stages) for s in stage.steps}
    steps = []
    for step, real in zip(part.pipeline.steps, whole.pipeline.steps, strict=True):
        made = reports(part, step)
        sizes = stored_bytes(part, step, made)
        mine = isinstance(step, ShardStep)
        steps.append(
            StepSample(
                step.label,
                stage_of[step.address],
                mine,
                mine and step.address == real.address,
                len(real.shards(whole.context) or ()),
                tuple(r["seconds"] for r in made),
                tuple(r["cpu_s"] for r in made),
                tuple(float(sizes[r["shard"]]) for r in made),
                max((r["peak_rss_bytes"] for r in made), default=0),
                *_sent(step, made),
            )
        )
    by, weights = _weights(whole)
    sample = Sample(
        whole.id, command(whole.request), keys, len(weights), seed, part.request.workers, tuple(weights[k] for k in keys), sum(weights.values()), by,
        *_gives(part), whole.pipeline.recipe.options["rows_per_file"], 0.0, False, tuple(steps),
    )  # fmt: skip
    sample = _with_overhead(sample, seconds, stored(store, whole.id))
    reused = sorted(real.address for real, s in zip(whole.pipeline.steps, steps, strict=True) if s.reused)
    store.put(f"{PLANS}/{whole.id}.json", json.dumps({"sample": sample.json(), "steps": reused}, indent=1).encode())
    _clear(whole, part)
    return sample


def _sent(step: Step, made: Sequence[Mapping[str, Any]]) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Texts and tokens that a step has sent to an endpoint, per shard, and the price of a million tokens; nothing for a step that asks nobody."""
    asks = getattr(step, "asks", None)
    if not isinstance(asks, Endpoint):
        return (), (), 0.0
    texts, tokens = (tuple(float(r.get("notes", {}).get(name, 0)) for r in made) for name in (SENT_TEXTS, SENT_TOKENS))
    return texts, tokens, asks.price_prompt


def _clear(whole: Run, part: Run) -> None:
    """Delete what the sample made over all its shards together, unless the whole run or any other is made of it."""
    store = whole.context.store
    others = records(store)
    wanted = {s.address for s in whole.pipeline.steps} | {address for entry in others for address in entry["steps"]}
    for step in part.pipeline.steps:
        if step.address not in wanted:
            store.delete(f"steps/{step.address}", recursive=True)
    if part.home not in {whole.home, *(entry["home"] for entry in others)}:
        store.delete(part.home, recursive=True)


def _weights(whole: Run) -> tuple[str, dict[str, float]]:
    """What shards are weighed by, and the weight of each."""
    source, shards = whole.context.source, whole.context.crawl.shards
    if source.size(shards[0].files[0].path) is None:
        return "shard", {s.key: 1.0 for s in shards}
    return "byte of the files", {s.key: float(sum(source.size(f.path) or 0 for f in s.files)) for s in shards}


def _with_overhead(sample: Sample, seconds: float | None, before: Mapping[str, Any] | None) -> Sample:
    """With what the sample's run took beside its shards; as an earlier plan found it, where this one found its work done."""
    if seconds is not None:
        spent = 0.0
        for number_ in {s.stage for s in sample.steps}:
            steps = [s for s in sample.steps if s.stage == number_]
            each = [sum(s.seconds[i] for s in steps) for i in range(len(steps[0].seconds))]
            spent += makespan(each, len(each), sample.workers)
        return Sample(**{**vars(sample), "overhead_s": max(0.0, seconds - spent), "overhead_measured": True})
    if before and before["sample"]["overhead_measured"]:
        return Sample(**{**vars(sample), "overhead_s": before["sample"]["overhead_s"], "overhead_measured": True})
    return sample


def _gives(part: Run) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...], dict[int, int]]:
    """Per shard of the sample: documents, kept ones, their tokens, their bytes; and the spread of groups of copies."""
    pipeline, context = part.pipeline, part.context
    [redact] = [s for s in pipeline.steps if isinstance(s, Redact)]
    made = list(context.store.reports_of(redact, context.shard_keys))
    kinds = sorted({s.by for s in pipeline.steps if isinstance(s, ResolveClusters) and s.drop and s.keep_one})
    documents, tokens = [], []
    spread: dict[Any, set[int]] = {}
    parents: dict[Any, Any] = {}
    for number_, shard in enumerate(context.shard_keys):
        decisions = context.read(pipeline.decisions, shard)
        facts = context.read(pipeline.documents, shard, ["text_chars", "language"]).filter(decisions["kept"])
        documents.append(float(decisions.num_rows))
        tokens.append(float(estimated_tokens(facts["text_chars"].to_numpy(), facts["language"].to_pylist()).sum()))
        for row in decisions.select(["reason", *(f"{by}_cluster" for by in kinds)]).to_pylist() if kinds else ():
            nodes = [(name, key) for name, key in row.items() if name != "reason" and key]
            if nodes and (row["reason"] is None or row["reason"].endswith("_cluster_rank:high")):
                for node in nodes:
                    parents.setdefault(node, node)
                    parents[_root(parents, node)] = _root(parents, nodes[0])
                    spread.setdefault(node, set()).add(number_)
    groups: dict[Any, set[int]] = defaultdict(set)
    for node, where in spread.items():
        groups[_root(parents, node)] |= where
    return (
        tuple(documents),
        tuple(float(r["rows_out"]) for r in made),
        tuple(tokens),
        tuple(float(r["data"]["bytes"]) for r in made),
        dict(Counter(len(where) for where in groups.values())),
    )


def _root(parents: dict[Any, Any], node: Any) -> Any:
    while parents[node] != node:
        parents[node] = node = parents[parents[node]]
    return node
