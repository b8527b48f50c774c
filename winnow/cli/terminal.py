"""What a terminal shows while a run goes on: one bar with rate and time left per stage; plain lines where there is no terminal."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

LINE_EVERY_S = 30.0


class Progress:
    """Context manager whose ``tell`` is a listener of the flow (flows/curate.py). Writes to stderr only."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn(),
            console=console, disable=not self._live,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._begin: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def tell(self, stage: str, done: int, total: int, figures: dict[str, int]) -> None:
        now = time.monotonic()
        begin = self._begin.setdefault(stage, now)
        rate = f"{figures.get('rows', 0) / max(now - begin, 1e-3):,.0f} rows/s"
        if self._live:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total, completed=done, rate="")
            self._bars.update(self._tasks[stage], completed=done, rate=rate)
        elif (done == total and self._said.get(stage, 0.0) >= 0) or now - self._said.get(stage, begin) > LINE_EVERY_S:
            self._said[stage] = -1.0 if done == total else now
            left = (now - begin) * (total - done) / done if done else 0.0
            print(
                f"{stage}: {done} of {total} shards, {rate}" + (f", about {left:.0f} s left" if done < total and done else ""),
                file=sys.stderr,
            )
