"""The account of a stage while it runs: rate, time left, which shards failed and why. One place for the terminal, the UI and ``winnow status``.

What is *done* is asked of the store; this is only for people who watch. Never imports Prefect.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from winnow.tasks.engine.errors import ShardKilled, Transient, WinnowError
from winnow.tasks.engine.plan import Work
from winnow.tasks.engine.runners.base import Outcome
from winnow.tasks.engine.step import ShardStep
from winnow.tasks.engine.store import Store
from winnow.tasks.runs.run import Run
from winnow.tasks.runs.stages import numbered, stage_title

MAX_FAILED = 20
"""A stage with more failed shards is stopped: it is not the shards."""


def progress_path(run_id: str) -> str:
    return f"progress/{run_id}.json"


@dataclass
class Account:
    """What the batches of one stage have reported so far. ``shards`` is its width. Threads only add."""

    work: Work
    shards: int
    finished: dict[str, None] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)
    stop: WinnowError | None = None
    documents: int = 0
    bytes: int = 0
    deaths: int = 0
    begin: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        return self.shards - len(self.work.todo) + len(self.finished)

    @property
    def left(self) -> int:
        return self.shards - self.done

    @property
    def shards_per_s(self) -> float:
        return len(self.finished) / max(1e-3, time.monotonic() - self.begin)

    @property
    def eta_s(self) -> float | None:
        """Seconds until the stage is done at the rate so far; None before its first shard."""
        return self.left / self.shards_per_s if self.finished else None

    @property
    def bytes_to_come(self) -> int:
        """What the rest of the stage will write, judged by what it wrote so far."""
        return self.left * self.bytes // len(self.finished) if self.finished else 0

    def add(self, outcome: Outcome) -> None:
        """Note what became of a shard. An explained failure that is not the shard's own stops the stage; so do too many of the other kind."""
        self.deaths += outcome.deaths
        error = outcome.error
        if error is None:
            self.finished[outcome.shard] = None
            self.failed.pop(outcome.shard, None)
            self.documents += outcome.reports[-1]["rows_in"] if outcome.reports else 0
            self.bytes += sum(report["data"]["bytes"] for report in outcome.reports)
            return
        self.failed[outcome.shard] = error
        if isinstance(error, WinnowError) and not isinstance(error, ShardKilled):
            self.stop = error
        elif len(self.failed) > MAX_FAILED and self.stop is None:
            self.stop = WinnowError(
                f"More than {MAX_FAILED} shards of the stage {stage_title(self.work.stage)} failed. The last one: {error}"
            )

    def is_to_do(self, shard: str) -> bool:
        """Whether a batch should (still) make this shard: not made, and not failed in a way that another try would repeat."""
        return shard not in self.finished and isinstance(self.failed.get(shard, Transient()), Transient)

    def line(self) -> str:
        """One line for people."""
        by_shard = isinstance(self.work.stage.steps[0], ShardStep)
        parts = [f"{self.done} of {self.shards} {'shards' if by_shard else 'parts'}"]
        if self.shards > 1 and self.finished:
            parts.append(f"{self.shards_per_s * 60:.1f} a minute")
        if by_shard:
            parts.append(f"{self.documents} documents")
        if self.left and self.eta_s is not None:
            parts.append(f"about {span(self.eta_s)} left")
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.deaths:
            parts.append(f"{self.deaths} workers killed" if self.deaths > 1 else "1 worker killed")
        return ", ".join(parts)

    def save(self, run: Run) -> None:
        """Leave rate, time left and failures in the store, for ``winnow status``."""
        entry = {
            "stage": stage_title(self.work.stage),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "line": self.line(),
            "failed": [
                {"shard": shard, "files": run.context.files_of(shard), "why": why(error)} for shard, error in list(self.failed.items())
            ],
        }
        run.context.store.put(progress_path(run.id), json.dumps(entry, indent=1).encode())


@dataclass(frozen=True)
class Whole:
    """Where a whole run stands while one of its stages goes on: for the one bar and the log of the run itself.

    ``name`` is that of the stage with its number. ``left`` are shards times steps that were missing when the stage began, of ``total`` (as far as the width of
    later steps is known).
    """

    account: Account
    name: str
    left: int
    total: int

    @classmethod
    def of(cls, run: Run, works: Sequence[Work], account: Account) -> "Whole":
        """``works`` is what is missing as the stage of ``account`` begins."""
        return cls(account, numbered(account.work.stage, run.plan.stages), sum(w.size for w in works), run.plan.total())

    @property
    def percent(self) -> float:
        """How much of the run is done, 0 to 100."""
        made = sum(len(self.account.work.todo[shard]) for shard in list(self.account.finished))
        return 100.0 * min(1.0, max(0.0, (self.total - self.left + made) / self.total)) if self.total else 100.0

    def line(self) -> str:
        """One line for people."""
        return f"{self.name}: {self.account.line()}"


def why(error: Exception) -> str:
    """An error in one line; a bug with its type, as its message alone says little."""
    return str(error) if isinstance(error, WinnowError | Transient) else f"{type(error).__name__}: {error}"


def saved(store: Store, run_id: str) -> dict[str, Any] | None:
    """What ``Account.save`` left of a run last; None if there is nothing to read."""
    try:
        return dict(json.loads(store.get(progress_path(run_id))))
    except (FileNotFoundError, ValueError):
        return None


def span(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
