"""What a terminal shows while a run goes on: one bar per stage, with its rate where that means something; plain lines where there is no terminal."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

LINE_EVERY_S = 30.0


class Progress:
    """Context manager whose ``tell`` is a listener of the flow (flows/stage.py). Writes to stderr only."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._quiet = quiet
        self._live = console.is_terminal and not quiet
        self._bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn(),
            console=console, disable=not self._live,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._begin: dict[str, float] = {}
        self._said: dict[str, float] = {}
        self._ended: set[str] = set()

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def tell(self, stage: str, done: int, total: int, figures: dict[str, int]) -> None:
        """Called with a stage's name, what is done of it, and ``rows`` where their rate says something."""
        if self._quiet:
            return
        now = time.monotonic()
        begin = self._begin.setdefault(stage, now)
        rate = f"{figures['rows'] / max(now - begin, 1e-3):,.0f} documents/s" if figures.get("rows") else ""
        if self._live:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total, completed=done, rate="")
            self._bars.update(self._tasks[stage], completed=done, rate=rate)
        elif stage not in self._ended if done == total else now - self._said.get(stage, begin) > LINE_EVERY_S:
            self._said[stage] = now
            (self._ended.add if done == total else self._ended.discard)(stage)
            left = f"about {(now - begin) * (total - done) / done:.0f} s left" if 0 < done < total else ""
            print(", ".join(part for part in (f"{stage}: {done} of {total}", rate, left) if part), file=sys.stderr)
