"""The flow ``watch-snapshots``: looks at Common Crawl's list and starts one curation for each crawl that is new. Runs on a schedule.

What it started stands in the store (``watch/<recipe>-<kind>/<crawl>.json``), so that a new database of Prefect starts nothing twice; the key of the
run stands for it between start and record (flows/deployed.py). A run that crashed or failed is resumed, a bounded number of times.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.states import Completed
from pydantic import Field

from winnow.flows.deployed import Runs, Seen, ServerRuns, key
from winnow.flows.entry import entry
from winnow.tasks.engine.places import store_at
from winnow.tasks.engine.store import Store
from winnow.tasks.recipes import build as recipes
from winnow.tasks.runs.parameters import takes_request
from winnow.tasks.sources.snapshots import COMMON_CRAWLS_LIST, listed

RESUMES = 3
ENDED_BADLY = ("FAILED", "CRASHED")


@dataclass
class Watch:
    """What one watch has begun. ``home`` is its folder in the store."""

    store: Store
    home: str
    runs: Runs
    parameters: Callable[[str], dict[str, Any]]
    told: list[dict[str, Any]] = field(default_factory=list)

    def look(self, known: Sequence[str], since: str, at_most: int) -> list[dict[str, Any]]:
        """Start runs of at most so many crawls of ``known`` newer than ``since``, the newest first; resume what ended badly.

        Without ``since`` the first look starts nothing: what is listed then was there before, and only what appears later is new.
        Returns a row (crawl, run, what was done) for each crawl that is watched over.
        """
        before = self._records()
        return self.start(known, since, at_most) + self.look_after(before)

    def start(self, known: Sequence[str], since: str, at_most: int) -> list[dict[str, Any]]:
        """Start runs of new crawls, as ``look`` does; a row for each."""
        records, told = self._records(), len(self.told)
        begin = since or self._begin(known)
        for crawl in [k for k in known if k > begin and k not in records][:at_most]:
            run = self.runs.start(key(self.store.uri(self.home), crawl), self.parameters(crawl))
            self._put(crawl, {"crawl": crawl, "run": run.id, "started": _now(), "resumed": 0})
            self._tell(crawl, run, "started")
        return self.told[told:]

    def look_after(self, records: dict[str, dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """Note which runs (of these records, or of all) have ended, and resume what ended badly; a row for each that is watched over."""
        told = len(self.told)
        for crawl, record in (self._records() if records is None else records).items():
            self._look_after(crawl, record)
        return self.told[told:]

    def _look_after(self, crawl: str, record: dict[str, Any]) -> None:
        if record.get("done"):
            return
        run = self.runs.look(record["run"])
        if run is None:
            self._tell(crawl, Seen(record["run"], "", "", ""), "unknown to this server; not started again")
        elif run.ended == "COMPLETED":
            self._put(crawl, record | {"done": _now()})
            self._tell(crawl, run, "finished")
        elif run.ended in ENDED_BADLY and record["resumed"] < RESUMES:
            # Counted first: a crash between the two costs one attempt, never one too many.
            self._put(crawl, record | {"resumed": record["resumed"] + 1})
            self.runs.resume(run.id)
            self._tell(crawl, run, f"{run.ended.lower()}; resumed, {record['resumed'] + 1} of {RESUMES}")
        else:
            self._tell(crawl, run, f"{run.ended.lower()}; left alone" if run.ended else "going on")

    def _begin(self, known: Sequence[str]) -> str:
        """The newest crawl there was at the first look."""
        path = f"{self.home}/since.json"
        try:
            return str(json.loads(self.store.get(path))["since"])
        except FileNotFoundError:
            self.store.put(path, json.dumps({"since": known[0], "first_look": _now()}).encode())
            return known[0]

    def _records(self) -> dict[str, dict[str, Any]]:
        paths = [p for p in self.store.files(self.home) if p.rsplit("/", 1)[1].startswith("CC-")]
        records = [json.loads(self.store.get(p)) for p in sorted(paths, reverse=True)]
        return {r["crawl"]: r for r in records}

    def _put(self, crawl: str, record: dict[str, Any]) -> None:
        self.store.put(f"{self.home}/{crawl}.json", json.dumps(record, indent=1).encode())

    def _tell(self, crawl: str, run: Seen, what: str) -> None:
        self.told.append({"crawl": crawl, "run": run.name or run.id, "what": what})


@entry(
    later="The next look comes by the schedule.",
    name="watch-snapshots",
    flow_run_name="new crawls · {recipe}",
    description="Starts one curation for each crawl that Common Crawl publishes, once, and resumes those that crashed. Meant for a schedule.",
)
@partial(takes_request, leaving_out=("source", "snapshot"))
def watch_snapshots(
    *,
    since: Annotated[str, Field(pattern=r"^(CC-MAIN-\d{4}-\d{2})?$")] = "",
    at_most: Annotated[int, Field(ge=1, le=100)] = 1,
    crawls: str = COMMON_CRAWLS_LIST,
    notify: str = "",
    **request: Any,
) -> Any:
    """Look once for new crawls. What was started is noted in the store.

    Args:
        since: Crawls newer than this one are started, such as CC-MAIN-2026-38; empty for only what appears after the first look.
        at_most: How many crawls one look may start; the newest first, the rest at the next look.
        crawls: The list of crawls, Common Crawl's collinfo.json or a file like it. A path or a URI.
        notify: The notification block that is told when this look or a run it started ends, as SLUG/NAME (custom-webhook/ops); empty for nobody.
    """
    log = get_run_logger()
    store_at(request["store"]).open_for_writing()
    known = listed(crawls)
    told = watch_of(request, notify).look(known, since, at_most)
    for row in told:
        log.info("%s: %s", row["crawl"], row["what"])
    create_table_artifact(told or [{"crawl": known[0], "run": "", "what": "the newest; nothing new"}], key="watch", description="Crawls")
    started = [row["crawl"] for row in told if row["what"] == "started"]
    return Completed(message=f"Started {', '.join(started)}" if started else f"Nothing new; the newest crawl is {known[0]}")


def watch_of(request: dict[str, Any], notify: str) -> Watch:
    """The watch that starts runs with these parameters. Raises BadInput if there is no such recipe."""

    def parameters(crawl: str) -> dict[str, Any]:
        return {"source": crawl, "notify": notify, **request}

    name = f"watch/{recipes.load(request['recipe']).name}-{request['kind']}"
    return Watch(store_at(request["store"]), name, ServerRuns(as_subflow=False), parameters)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
