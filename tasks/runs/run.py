"""A run before and after Prefect: what was asked for, checked and planned; and what it made, counted and released.

Nothing here imports Prefect, so that planning answers in a second and ``winnow run`` with nothing to do starts no engine.
"""

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from winnow.tasks.dedup.index import check_name, open_index, remember, remembers
from winnow.tasks.dedup.sections import ByMinHash
from winnow.tasks.dedup.take_downs import ApplyTakeDowns, TakeDowns, current, shown
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput, WinnowError
from winnow.tasks.engine.libraries import versions_behind
from winnow.tasks.engine.merkle import report_digest, root
from winnow.tasks.engine.places import runner_place, source_place, store_at
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.runners.base import Runner, open_runner
from winnow.tasks.engine.runners.base import parse as parse_runner
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.worker import Job
from winnow.tasks.models.files import versions_named
from winnow.tasks.recipes import build as recipes
from winnow.tasks.recipes.columns import further_columns, text_edits
from winnow.tasks.report.card import chosen_licence, dataset_card
from winnow.tasks.report.page import report_html
from winnow.tasks.report.section import Evidence, contents
from winnow.tasks.report.summary import SUMMARY_NAME, CorpusFile, StepTotal, Summary
from winnow.tasks.report.tallies import added
from winnow.tasks.runs.ending import figures, lost_files
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.plans import compare
from winnow.tasks.sources.base import COMMON_CRAWL
from winnow.tasks.sources.crawl_index import IndexShares, index_shares
from winnow.tasks.sources.resolve import resolve

logger = logging.getLogger("winnow")


@dataclass
class Run:
    """One request, resolved: the crawl, the steps, where everything lies, and what is missing."""

    request: Request
    pipeline: recipes.Pipeline
    context: ShardContext
    runner: str = "local"
    take_downs: TakeDowns | None = None
    plan: Plan = field(init=False)
    began: float = field(default_factory=time.monotonic)
    models: dict[str, str] = field(default_factory=dict)
    """The version of each registered model that the recipe names."""

    def __post_init__(self) -> None:
        self.plan = Plan(self.pipeline.targets, self.context)

    @property
    def id(self) -> str:
        return self.pipeline.publish.home.rsplit("/", 1)[1]

    @property
    def home(self) -> str:
        return self.pipeline.publish.home

    @cached_property
    def manifest_path(self) -> str:
        return f"{self.home}/manifest.json"

    def open_runner(self) -> Runner:
        """Workers for all steps of the run. Raises BadInput."""
        return open_runner(
            self.runner, Job(self.context, self.plan.steps), self.request.workers, int(self.request.worker_memory_gib * (1 << 30))
        )

    def is_released(self) -> bool:
        """Whether manifest, card and report lie beside the corpus, and the index holds it that was to remember it."""
        here = self.context.store.files(self.home)
        if self.request.remember and not remembers(self.context, self.request.remember, self.pipeline.decisions):
            return False
        return all(f"{self.home}/{name}" in here for name in ("manifest.json", "README.md", "report.html"))


def prepare(request: Request, forbidden: Callable[[Store], TakeDowns | None] = current) -> Run:
    """Resolve and check everything that can be known without reading the crawl. ``forbidden`` says which take-downs of the store are applied.

    A registered model means its newest version, but in a run that was begun with another and is not released: that one goes on as it began.

    Raises:
        BadInput: source, recipe or store cannot be used as given.
        Transient: the listing of a crawl could not be fetched after retries.
    """
    run = _prepared(request, forbidden, {})
    for entry in _begun(run) if run.models else ():
        again = _prepared(request, forbidden, entry["models"])
        if again.id == entry["id"]:
            older = sorted(name for name, version in again.models.items() if run.models.get(name) != version)
            logger.warning(
                "The run %s was begun with an older version of %s and goes on with it. To begin with the newest, forget it: winnow prune --drop %s --store %s",
                again.id, ", ".join(older), again.id, request.store,
            )  # fmt: skip
            return again
    return run


def _begun(run: Run) -> list[dict[str, Any]]:
    """The records of runs of the same recipe over the same source that were begun with other versions of its models and have no manifest, the last one first."""
    store, found = run.context.store, []
    for path in store.files("runs"):
        entry = json.loads(store.get(path)) if path.endswith(".json") else {}
        models = entry.get("models") or {}
        same = all(entry.get("request", {}).get(key) == getattr(run.request, key) for key in ("source", "recipe"))
        if same and models.keys() == run.models.keys() and models != run.models and not store.exists(f"{entry['home']}/manifest.json"):
            found.append(entry)
    return sorted(found, key=lambda entry: (str(entry["started"]), str(entry["id"])), reverse=True)


def _prepared(request: Request, forbidden: Callable[[Store], TakeDowns | None], wanted: dict[str, str]) -> Run:
    with versions_named(wanted) as models:
        run = _resolved(request, forbidden)
    run.models = models
    return run


def _resolved(request: Request, forbidden: Callable[[Store], TakeDowns | None]) -> Run:
    recipe = recipes.load(request.recipe)
    source_root, source_options = source_place(request.source)
    crawl, source = resolve(
        source_root,
        snapshot=request.snapshot,
        kind=request.kind,
        limit=request.limit or None,
        sample_fraction=request.sample_fraction if request.sample_fraction < 1 else None,
        seed=request.seed,
        files_per_shard=request.files_per_shard,
        base_url=request.base_url or COMMON_CRAWL,
        anonymous=request.anonymous or None,
        options=tuple(sorted(source_options.items())),
        text_column=request.text_column,
        strict=request.strict,
        part_bytes=int(request.part_mib * (1 << 20)),
        beside=recipe.asked("listings"),
    )
    store = store_at(request.store)
    store.check()
    if request.remember:
        check_name(request.remember)
    runner = runner_place(request.runner)
    parse_runner(runner)
    run = _run(request, recipe, ShardContext(crawl, source, store, int(request.memory_gib * (1 << 30))), runner, forbidden(store))
    if request.remember and not run.pipeline.signatures:
        raise BadInput(
            f"The recipe {recipe.name} has no deduplication by minhash, so that there is nothing to remember in {request.remember}."
        )
    if request.strict:
        _forget_missing_files(run)
    return run


def _forget_missing_files(run: Run) -> None:
    """Shards that an earlier run finished without a file that was not there are made anew: a strict run wants them whole, or ends."""
    summary = summary_of(run)
    if summary is None or not lost_files(summary):
        return
    step = run.pipeline.documents
    store = run.context.store
    done = sorted(store.done(step, step.shards(run.context) or ()))
    store.reports.take_back(step.address, *(r["shard"] for r in store.reports_of(step, done) if r["dropped"].get("file:missing")))


def sampled(run: Run, shards: int, seed: int) -> Run:
    """The same run over a random sample of its shards. What it makes shard by shard has the addresses of the whole run."""
    context = run.context
    return _run(
        run.request,
        run.pipeline.recipe,
        ShardContext(context.crawl.sample(shards, seed), context.source, context.store, context.memory_bytes),
        run.runner,
        run.take_downs,
    )


def _run(request: Request, recipe: recipes.Recipe, context: ShardContext, runner: str, take_downs: TakeDowns | None) -> Run:
    indexes = {
        rule.against: open_index(context.store, rule.against, rule.minhash, context.crawl.snapshot)
        for rule in recipe.deduplicate
        if isinstance(rule, ByMinHash) and rule.against
    }
    return Run(request, recipes.build(recipe, context.crawl, indexes, take_downs), context, runner, take_downs)


def clean(run: Run) -> int:
    """Delete what killed processes left half-written where this run writes; how many pieces that were."""
    return run.context.store.clean([*(f"steps/{step.address}" for step in run.plan.steps), run.home, "runs", "progress"])


# ------------------------------------------------------------------ after the steps


def reports(run: Run, step: Step) -> list[dict[str, Any]]:
    """Reports of all shards of a step, in shard order. Raises DamagedArtifact."""
    return list(run.context.store.reports_of(step, step.shards(run.context) or ()))


def stored_bytes(run: Run, step: Step, made: Iterable[dict[str, Any]]) -> Counter[str]:
    """Bytes in the store of each shard of a step, of which ``made`` are the reports."""
    sizes = Counter({r["shard"]: 0 if r["data"]["path"].startswith("steps/") else r["data"]["bytes"] for r in made})
    files = run.context.store.files(f"steps/{step.address}")
    for shard, n in run.context.store.reports.folded_bytes(step.address, files).items():
        if shard in sizes:
            sizes[shard] += n
    for path, n in files.items():
        shard = path.rsplit("/", 1)[1].split(".", 1)[0]
        if shard in sizes:
            sizes[shard] += n
    return sizes


def release(run: Run) -> Summary:
    """Count the whole run and write card, report, summary and, last, the manifest. Returns what they were made of. Raises DamagedArtifact.

    Raises WinnowError too if a step's shards are still not known: better no corpus than an empty one.
    """
    if unknown := [step.label for step in run.pipeline.steps if step.shards(run.context) is None]:
        raise WinnowError(
            f"What {unknown[0]} is to make is not known, as its inputs cannot be found in the store. Run the same command again."
        )
    totals, files = [], []
    for step in run.pipeline.steps:
        made = reports(run, step)
        totals.append(_total(run, step, made))
        if step is run.pipeline.publish:
            files = [
                {"path": r["data"]["path"][len(run.home) + 1 :]} | {k: r["data"][k] for k in ("rows", "bytes", "sha256")} for r in made
            ]
        if step is run.pipeline.documents and totals[-1].rows_in == totals[-1].dropped.get("file:missing"):
            raise WinnowError(f"None of the {totals[-1].rows_in} chosen files is there. Check the source, or whoever keeps it.")
    recipe, snapshot = run.pipeline.recipe.described(), run.context.crawl.snapshot
    installed = versions_behind(run.pipeline.steps)
    curated = {"snapshot": snapshot, "recipe": recipe, "versions": installed, "files": files}
    summary = Summary(
        id=run.id,
        snapshot=snapshot,
        home=run.context.store.uri(run.home),
        recipe=recipe,
        digest="sha256:" + hashlib.sha256(json.dumps(curated, sort_keys=True).encode()).hexdigest(),
        versions=installed,
        files=tuple(CorpusFile(**f) for f in files),
        steps=tuple(totals),
        tallies=added(run.context.read(run.pipeline.profile, shard) for shard in run.context.shard_keys),
        index=_index(run),
        licence=_licence(run),
        taken_down=_taken_down(run, totals),
        columns=further_columns(run.pipeline),
        text_edits=text_edits(run.pipeline),
        elapsed_s=time.monotonic() - run.began,
    )
    summary = replace(summary, forecast=compare(run, summary))
    shown = contents(evidence(run, summary))
    summary = replace(summary, figures={each.name: content.figures for each, content in shown.items() if content.figures})
    store = run.context.store
    store.put(f"{run.home}/README.md", dataset_card(summary, shown).encode("utf-8", "replace"))
    store.put(f"{run.home}/report.html", report_html(summary, shown).encode("utf-8", "replace"))
    store.put(f"{run.home}/{SUMMARY_NAME}", summary.to_json())
    if run.request.remember and run.pipeline.signatures:
        remember(run.context, run.request.remember, run.pipeline.signatures, run.pipeline.decisions, run.pipeline.documents)
    store.put(run.manifest_path, json.dumps(manifest(summary), indent=1, ensure_ascii=False).encode())
    return summary


def manifest(summary: Summary) -> dict[str, Any]:
    """What a machine verifies a corpus by: files and steps with their digests, the whole recipe, versions. Free of times and places."""
    counted = ("name", "kind", "address", "shards", "rows_in", "rows_out")
    return {
        "schema": 1,
        "snapshot": summary.snapshot,
        "recipe": summary.recipe,
        "versions": summary.versions,
        "digest": summary.digest,
        **({"take_downs": dict(summary.taken_down)} if summary.taken_down else {}),
        "files": [asdict(f) for f in summary.files],
        "steps": [{k: getattr(s, k) for k in counted} | {"dropped": dict(s.dropped), "merkle": s.merkle} for s in summary.steps],
        "merkle": root(s.merkle for s in summary.steps),
    }


def summary_of(run: Run) -> Summary | None:
    """The summary of a released run; None if it was released by an older version of Winnow or is damaged."""
    try:
        return Summary.from_json(run.context.store.get(f"{run.home}/{SUMMARY_NAME}"))
    except (FileNotFoundError, ValueError):
        return None


def _total(run: Run, step: Step, made: list[dict[str, Any]]) -> StepTotal:
    """One step, summed over the reports of its shards."""
    dropped: Counter[str] = Counter()
    for report in made:
        dropped.update(report["dropped"])
    return StepTotal(
        name=step.label,
        kind=step.kind,
        address=step.address,
        shards=len(made),
        rows_in=sum(r["rows_in"] for r in made),
        rows_out=sum(r["rows_out"] for r in made),
        dropped=dict(sorted(dropped.items())),
        about=step.about,
        reasons=dict(step.reasons),
        merkle=root(report_digest(r) for r in sorted(made, key=lambda r: r["shard"])),
        seconds=sum(r["seconds"] for r in made),
        cpu_s=sum(r["cpu_s"] for r in made),
        peak_rss_bytes=max((r["peak_rss_bytes"] for r in made), default=0),
        stored_bytes=stored_bytes(run, step, made).total(),
        notes=_summed(r["notes"] for r in made),
    )


def evidence(run: Run, summary: Summary) -> Evidence:
    """What the sections of a run's report may look at: its summary, and the tables of its steps."""

    def read(step: str, columns: Sequence[str] | None = None, *, table: str = "") -> Iterator[pa.Table]:
        for each in run.pipeline.steps:
            if each.label == step:
                for shard in each.shards(run.context) or ():
                    yield run.context.read(each, shard, list(columns) if columns else None, table=table)

    return Evidence(summary, read)


def _index(run: Run) -> IndexShares | None:
    crawl = run.context.crawl
    return None if crawl.kind == "documents" else index_shares(run.context.source, crawl.snapshot)


def _licence(run: Run) -> dict[str, Any] | None:
    """What somebody chose in the card of an earlier release: writing the card anew must not undo it."""
    try:
        return chosen_licence(run.context.store.get(f"{run.home}/README.md").decode("utf-8", "replace"))
    except FileNotFoundError:
        return None


def _taken_down(run: Run, totals: list[StepTotal]) -> dict[str, Any] | None:
    """The list of take-downs that was applied, and what of it the run met; None if the store has none."""
    step = next((s for s in run.pipeline.steps if isinstance(s, ApplyTakeDowns)), None)
    if step is None:
        return None
    entries = step.take_downs.read(run.context.store)
    counts = next(t for t in totals if t.address == step.address).notes.get("taken_down", {})
    met = [shown(entries[int(number)]) | {"documents": n} for number, n in sorted(counts.items(), key=lambda kv: int(kv[0]))]
    return {"sha256": step.take_downs.sha256, "entries": step.take_downs.entries, "date": max(e.date for e in entries), "met": met}


def _summed(many: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Notes of all shards added up; other than numbers and mappings of numbers is left out."""
    total: dict[str, Any] = {}
    for notes in many:
        for key, value in notes.items():
            if isinstance(value, dict):
                total[key] = dict(Counter(total.get(key, {})) + Counter({k: v for k, v in value.items() if isinstance(v, int | float)}))
            elif isinstance(value, int | float):
                total[key] = total.get(key, 0) + value
    return total


def result(run: Run) -> dict[str, Any]:
    """The JSON line of ``winnow run --json``. ``table_patterns`` are globs of the same files, which find other runs' shards of the same steps too."""
    store, pipeline = run.context.store, run.pipeline
    tables = {
        name: [store.uri(step.data_path(shard)) for shard in step.shards(run.context) or ()]
        for name, step in (("documents", pipeline.documents), ("signals", pipeline.signals), ("decisions", pipeline.decisions))
    }
    return {
        "run_id": run.id,
        "snapshot": run.context.crawl.snapshot,
        "recipe": pipeline.recipe.name,
        "manifest": store.uri(run.manifest_path),
        "corpus": store.uri(f"{run.home}/data"),
        "report": store.uri(f"{run.home}/report.html"),
        "tables": tables,
        "table_patterns": {name: _pattern(files) for name, files in tables.items()},
        **({"figures": figures(summary)} if (summary := summary_of(run)) else {}),
        "work": {"computed": run.plan.computed, "cached": run.plan.total() - run.plan.computed},
    }


def _pattern(files: Sequence[str]) -> str:
    """A glob that finds these files of one step, and none of the other tables that lie beside them; '' if there are none."""
    if not files:
        return ""
    folder, _, name = files[0].rpartition("/")
    return f"{folder}/{'?' * len(name.removesuffix('.parquet'))}.parquet"
