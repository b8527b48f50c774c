"""The records of a store's runs, and what of the store may go: ``winnow prune``, ``winnow index`` and ``winnow take-downs``. What is done is in tasks/runs/status.py.

Each run leaves a record of the steps and shards it needs (``runs/<id>.json``), written before its first shard. What no record names is
deleted by prune.
"""

import json
import logging
import shlex
import shutil
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from winnow.tasks.corpus.profile.step import deciding
from winnow.tasks.dedup.index import drop_snapshot, overview
from winnow.tasks.dedup.index import found_in as found_in_index
from winnow.tasks.dedup.take_downs import CURRENT, Entry, add, lift, listed
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import store_at
from winnow.tasks.engine.step import ShardStep, Step
from winnow.tasks.engine.store import Store
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.take_down import found_in as found_in_run
from winnow.tasks.models.files import older_versions
from winnow.tasks.runs.account import progress_path
from winnow.tasks.runs.outside import changed, used
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.plans import PLANS, planned
from winnow.tasks.runs.run import Run

logger = logging.getLogger("winnow")


def record(run: Run) -> None:
    """Leave the run's record in the store. Warns where code from outside is another than in the runs before, under the same version."""
    outside = used(run.pipeline.steps)
    for sentence in changed(outside, records(run.context.store)) if outside else ():
        logger.warning("%s", sentence)
    entry = {
        "id": run.id,
        "snapshot": run.context.crawl.snapshot,
        "recipe": run.pipeline.recipe.name,
        "source": run.request.source,
        "command": command(run.request),
        "home": run.home,
        "request": asdict(run.request),
        "take_downs": asdict(run.take_downs) if run.take_downs else None,
        "steps": {step.address: _parts(step, run) for step in run.pipeline.steps},
        "tables": {name: getattr(run.pipeline, name).address for name in ("documents", "signals", "decisions")},
        "edit": run.pipeline.text.edit.address if run.pipeline.text.edit else None,
        "decided_limits": [asdict(limit) for step in deciding(run.pipeline.decisions) for limit in getattr(step, "decided_limits", ())],
        "outside": outside,
        "models": run.models,
        "shards": list(run.context.shard_keys),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    run.context.store.put(f"runs/{run.id}.json", json.dumps(entry, indent=1).encode())


def _parts(step: Step, run: Run) -> dict[str, Any]:
    """What a record says of a step. The parts of one over the whole crawl are named, where they are known before it is made, so that a missing one can be."""
    by_shard = isinstance(step, ShardStep)
    return {"label": step.label, "by_shard": by_shard} | ({} if by_shard else {"parts": step.shards(run.context)})


def command(request: Request) -> str:
    """The command line that asks for the same: it makes what is missing, so after a failure just the shards that failed."""
    words = ["winnow", "run", request.source]
    for option in fields(request)[1:]:
        value = getattr(request, option.name)
        if value is True:
            words.append(f"--{option.name.replace('_', '-')}")
        elif value != option.default or option.name in ("recipe", "store"):
            words += [f"--{option.name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def records(store: Store) -> list[dict[str, Any]]:
    """The records of all runs of a store, by id."""
    return [json.loads(store.get(path)) for path in sorted(store.files("runs")) if path.endswith(".json")]


def opened(root: str) -> Store:
    """The store at ``root``. Raises BadInput if it is none."""
    store = store_at(root)
    store.check()
    if not store.exists("store.json"):
        raise BadInput(f"{root} is not a store of winnow: it has no store.json. Give the --store of an earlier run.")
    return store


def change_index(root: str, action: str, name: str = "", what: str = "", reason: str = "", file: str = "") -> list[str]:
    """``list`` the indexes of a store, ``take-down`` documents that an index holds, by id or URL, or ``drop`` a snapshot; what was done, in words.

    ``file`` holds ids or URLs of documents, one on each line. What is taken down is on the list of the whole store (``change_take_downs``).

    Raises:
        BadInput: no store, no such index, document or snapshot, a file that cannot be read, or a take-down without a reason.
    """
    store = opened(root)
    if action == "list":
        return overview(store) or [f"The store {root} holds no index. `winnow run ... --remember NAME` makes one."]
    if not name or not (what or file):
        raise BadInput(
            f"winnow index {action} needs the name of an index and {'a snapshot' if action == 'drop' else 'a document, or --file'}."
        )
    if action == "drop":
        drop_snapshot(store, name, what)
        return [f"{what} is no longer in the index {name}. What was taken down stays forbidden."]
    return _taken_down(store, found_in_index(store, name, _wanted(what, file), _reason(reason), _today()))


def change_take_downs(root: str, action: str, doc: str = "", *, file: str = "", reason: str = "", run: str = "") -> list[str]:
    """``list`` what a store has taken down, ``add`` documents of a run by id or URL, or ``lift`` a take-down; what was done, in words.

    Raises:
        BadInput: no store, no such run or document, a file that cannot be read, or a take-down without a reason.
    """
    store = opened(root)
    if action == "list":
        return [f"{e.date}  {e.url or e.id}  {e.reason}" for e in listed(store)] or [f"Nothing is taken down in the store {root}."]
    if not doc and not file:
        raise BadInput(f"winnow take-downs {action} needs the id or URL of a document, or --file.")
    wanted = _wanted(doc, file)
    if action == "lift":
        return [f"{len(lift(store, wanted))} take-down(s) lifted: later runs may keep these documents again."]
    return _taken_down(store, found_in_run(open_run(root, run), wanted, _reason(reason), _today()))


def _taken_down(store: Store, entries: list[Entry]) -> list[str]:
    new = add(store, entries)
    return [
        f"{len(new)} document(s) taken down: every later run of the store drops them and their near copies, with the reason taken_down. "
        f"The list: {store.uri(CURRENT)}"
    ]


def _wanted(doc: str, file: str) -> list[str]:
    return [doc] if doc else _lines(file)


def _reason(reason: str) -> str:
    if not reason:
        raise BadInput("Say why with --reason: a take-down is recorded with its reason.")
    return reason


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _lines(file: str) -> list[str]:
    try:
        return [line.strip() for line in Path(file).read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"The file {file} cannot be read ({e}). It holds ids or URLs of documents, one on each line.") from None


@dataclass(frozen=True)
class Pruned:
    """What was deleted, or with ``dry_run`` would be: places below the store's root and folders of models, their bytes, and how many runs are kept."""

    places: tuple[str, ...]
    bytes: int
    runs_kept: int
    dry_run: bool

    def said(self) -> str:
        """One sentence."""
        verb = "Would free" if self.dry_run else "Freed"
        return f"{verb} {self.bytes / 1e6:.1f} MB in {len(self.places)} places; {self.runs_kept} runs kept."


def prune(root: str, *, drop: tuple[str, ...] = (), dry_run: bool = False, models: bool = False) -> Pruned:
    """Delete the artifacts that no kept run needs, and the runs of ``drop`` with their corpora; with ``models`` the older versions of registered models that no kept run of this
    store names, too.

    Raises:
        BadInput: no store, or a run to drop is unknown.
    """
    store = opened(root)
    every = records(store)
    if unknown := set(drop) - {entry["id"] for entry in every}:
        raise BadInput(f"There is no run {', '.join(sorted(unknown))} in {root}. `winnow status --store {root}` lists the runs.")
    keep: dict[str, set[str] | None] = {}
    for entry in every:
        if entry["id"] not in drop:
            for address, step in entry["steps"].items():
                shards = keep.setdefault(address, set() if step["by_shard"] else None)
                if shards is not None:
                    shards.update(entry["shards"])
    gone = [path for run in drop for path in (f"runs/{run}.json", progress_path(run))]
    for name, plan in planned(store).items():
        if name in drop:
            gone.append(f"{PLANS}/{name}.json")
            continue
        for address in plan["steps"]:  # what a dry run made for the run to come
            shards = keep.setdefault(address, set())
            if shards is not None:
                shards.update(plan["sample"]["keys"])
    for address in store.folders("steps"):
        if address not in keep:
            gone.append(f"steps/{address}")
            continue
        shards, names = keep[address], store.names(f"steps/{address}")
        gone += [f"steps/{address}/{name}" for name in sorted(names) if shards is not None and name.split(".", 1)[0] not in shards]
        loose = {
            name.removesuffix(".json") for name in names if name.endswith(".json") and (shards is None or name.split(".", 1)[0] in shards)
        }
        gone += store.reports.compact(address, loose, shards, dry_run=dry_run)
    homes = {entry["home"] for entry in every if entry["id"] not in drop}
    gone += [
        f"corpora/{snapshot}/{name}"
        for snapshot in store.folders("corpora")
        for name in store.folders(f"corpora/{snapshot}")
        if f"corpora/{snapshot}/{name}" not in homes
    ]
    freed = 0
    for path in gone:
        freed += sum(store.files(path).values())
        if not dry_run:
            store.delete(path, recursive=True)
    for (name, version), folder in older_versions().items() if models else ():
        if not any(entry["id"] not in drop and entry.get("models", {}).get(name) == version for entry in every):
            freed += sum(path.stat().st_size for path in folder.iterdir())
            gone.append(str(folder))
            if not dry_run:
                shutil.rmtree(folder)
    return Pruned(tuple(gone), freed, len(every) - len(drop), dry_run)
