"""``winnow repair``: what is missing or damaged of a finished run is made again, and nothing else; the rest keeps its bytes and digests.

What is missing is found by ``winnow verify``, of every step and not only of those that the corpus still needs. The run is prepared as it was asked for, with the take-downs
of its day. Where it would be another run today, since the source or the recipe is another, nothing is deleted.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from winnow.tasks.dedup.take_downs import TakeDowns
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import store_at
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.store import Store
from winnow.tasks.ledger.find import Finished, open_run, record_of
from winnow.tasks.ledger.verify import Finding, clear, verify
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import Run, prepare

ROUNDS = 2
Works = Callable[[Run], Any]
"""Makes what the plan of a run misses, and releases it."""


@dataclass(frozen=True)
class Repaired:
    """What was found missing or damaged, how many shards times steps were made again, and what is not as it was before (nothing, if all is well)."""

    run_id: str
    found: tuple[Finding, ...]
    made: int
    changed: tuple[Finding, ...]


def repair(root: str, wanted: str, works: Works) -> Repaired:
    """Verify a run, make again what is missing or damaged, and compare what came of it with the manifest.

    Raises:
        BadInput: no such run, or it would be another run today, or it was recorded before runs could be repaired.
    """
    store = store_at(root)
    entry = record_of(store, wanted)
    before = _manifest(store, entry)
    found: tuple[Finding, ...] = () if before is None else verify(Finished(store, entry, before)).findings
    named = found or ((Finding(f"{entry['home']}/manifest.json", "it is missing or cannot be read"),) if before is None else ())
    if not named:
        return Repaired(entry["id"], (), 0, ())
    run, made, left = _again(entry, root), 0, named
    every = {finding.what: finding for finding in named}
    for _ in range(ROUNDS):  # what was hidden by other damage, or by the lack of a manifest, is seen when that is mended
        clear(Finished(store, entry, before or {}), left)
        made += _make(run, works)
        if before is not None:
            store.put(f"{entry['home']}/manifest.json", json.dumps(before, indent=1, ensure_ascii=False).encode())
        left = verify(open_run(root, entry["id"])).findings
        if not left:
            break
        every |= {finding.what: finding for finding in left}
    return Repaired(entry["id"], tuple(every.values()), made, left)


def _make(run: Run, works: Works) -> int:
    """Every missing part of every step, also of those that only lead to others."""
    run.plan = Plan(run.pipeline.steps, run.context)
    works(run)
    return run.plan.computed


def _again(entry: dict[str, Any], root: str) -> Run:
    if "request" not in entry:
        raise BadInput(
            f"The run {entry['id']} was recorded by an older winnow, which did not write down how it was asked for, so it cannot be repaired. Nothing was deleted. Its command "
            f"makes a new run: {entry['command']}"
        )
    lists = entry.get("take_downs")
    run = prepare(Request(**entry["request"] | {"store": root}), lambda _: TakeDowns(**lists) if lists else None)
    if run.id != entry["id"] or run.context.crawl.snapshot != entry["snapshot"]:
        raise BadInput(
            f"{entry['command']} would be the run {run.id} today, not {entry['id']}: the source, the recipe, an index or winnow itself is another. "
            "Nothing was deleted. Restore what it was made from, or use the new run."
        )
    return run


def _manifest(store: Store, entry: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = json.loads(store.get(f"{entry['home']}/manifest.json"))
        return found if isinstance(found, dict) and {"files", "steps"} <= found.keys() else None
    except (FileNotFoundError, ValueError):
        return None
