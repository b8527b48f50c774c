"""The state of every run of a store: ``winnow status``. What is done is read from the store; nothing is checked against the source."""

import json
import shlex
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from winnow.tasks.engine.store import Store
from winnow.tasks.report.summary import SUMMARY_NAME, Summary
from winnow.tasks.report.words import number, percent, size
from winnow.tasks.runs.account import saved, span
from winnow.tasks.runs.housekeeping import opened, records
from winnow.tasks.runs.plans import outcome, planned


@dataclass(frozen=True)
class RunState:
    """One run. ``pages``, ``kept``, ``files`` and ``size_bytes`` are None until it is finished; ``lines`` are what else there is to say; ``last`` is what
    a run that goes on, or was ended, left of its progress."""

    run_id: str
    state: Literal["finished", "not finished", "planned"]
    command: str
    snapshot: str = ""
    recipe: str = ""
    started: str = ""
    home: str = ""
    pages: int | None = None
    kept: int | None = None
    files: int | None = None
    size_bytes: int | None = None
    last: dict[str, Any] | None = None
    lines: tuple[str, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "lines"}

    def said(self) -> list[str]:
        """One line for people, and what else there is to say."""
        head = f"{self.run_id}  {self.snapshot}  {self.state}"
        if self.state == "planned":
            head = f"{self.run_id}  planned, not begun: {self.command}"
        elif self.state == "not finished":
            head += f"; started {self.started}; resume: {self.command}"
        else:
            kept = f"{number(self.kept or 0)} documents" + (
                f" of {number(self.pages)} ({percent(self.kept or 0, self.pages)})" if self.pages else ""
            )
            head += f": {kept}, {size(self.size_bytes or 0)} in {self.files} files; started {self.started}; {self.home}"
        return [head, *(f"    {line}" for line in self.lines)]


def states(root: str) -> list[RunState]:
    """Every run of the store, in the order in which they were started. Raises BadInput if it is no store."""
    store = opened(root)
    plans = planned(store)
    found = [_state(store, entry, plans.pop(entry["id"], {}), root) for entry in records(store)]
    found.sort(key=lambda s: (s.started, s.run_id))
    return [*found, *(RunState(name, "planned", plan["sample"]["command"]) for name, plan in plans.items())]


def _state(store: Store, entry: dict[str, Any], plan: dict[str, Any], root: str) -> RunState:
    known = {
        "run_id": entry["id"],
        "snapshot": entry["snapshot"],
        "recipe": entry["recipe"],
        "started": entry.get("started", ""),
        "command": entry.get("command") or shlex.join(["winnow", "run", entry["source"], "--recipe", entry["recipe"], "--store", root]),
        "home": store.uri(entry["home"]),
    }
    try:
        files = json.loads(store.get(f"{entry['home']}/manifest.json"))["files"]
    except FileNotFoundError:
        last = saved(store, entry["id"])
        lines = []
        if last:
            ago = span((datetime.now(UTC) - datetime.fromisoformat(last["at"])).total_seconds())
            lines.append(f"last heard of {ago} ago, at {last['at']}: {last['stage']}, {last['line']}")
            lines += [f"failed: {' '.join([f['shard'], *f['files']])}: {f['why']}" for f in last["failed"]]
        return RunState(**known, state="not finished", last=last, lines=(*lines, *_how_far(store, entry)))
    lines = []
    if "actual" in plan:
        lines.append(f"forecast from {plan['actual']['sample']} of {plan['actual']['shards']} shards: {outcome(plan['actual'])}")
    return RunState(
        **known,
        state="finished",
        pages=_pages(store, entry),
        kept=sum(f["rows"] for f in files),
        files=len(files),
        size_bytes=sum(f["bytes"] for f in files),
        lines=tuple(lines),
    )


def _pages(store: Store, entry: dict[str, Any]) -> int | None:
    """Pages that went in; None if the run was released by an older version of Winnow."""
    try:
        return Summary.from_json(store.get(f"{entry['home']}/{SUMMARY_NAME}")).pages
    except (FileNotFoundError, ValueError):
        return None


def _how_far(store: Store, entry: dict[str, Any]) -> list[str]:
    """The steps that are begun and not done, and how many there are of the others. A global step does not say how wide it is."""
    wanted, lines, done, waiting = set(entry["shards"]), [], 0, 0
    for address, step in entry["steps"].items():
        reports = store.reports.folded(address)
        if not step["by_shard"] or not wanted <= reports:  # where all are folded, the folder with two objects per shard is not listed
            reports = store.reports.shards(address)
        made = len(reports & wanted) if step["by_shard"] else len(reports)
        if not made:
            waiting += 1
        elif step["by_shard"] and made == len(wanted):
            done += 1
        else:
            lines.append(f"{step['label']:<18} {made} {f'of {len(wanted)} shards' if step['by_shard'] else 'partitions or files'}")
    return [*lines, f"{done} other steps are done, {waiting} not begun"]
