"""``winnow threshold SIGNAL --run R``: where to cut a signal of a finished run, with the alternatives drawn into its histogram.

Reads one column of the run's signals table, nothing else. The mathematics is in ``tasks/ledger/cut_points.py``, the drawing in ``tasks/report/templates/``.
"""

import difflib
import io
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import store_at
from winnow.tasks.ledger.cut_points import Split, split

SHARES_PERCENT = (5, 10, 20)
WIDTH, HEIGHT = 640.0, 240.0


@dataclass(frozen=True)
class Threshold:
    """Where to cut a signal: the verdict in words, the values between the two groups, and thresholds by name with the share of documents below each."""

    signal: str
    verdict: str
    values: int
    modes: tuple[float, ...]
    thresholds: dict[str, tuple[float, float]]
    plot: str
    low: float

    def said(self) -> list[str]:
        """Lines for people."""
        head = f"{self.signal}: {self.verdict}; {self.values} values, modes at {' and '.join(f'{m:.4g}' for m in self.modes)}"
        rows = [f"{name:<12} {value:>12.4g}  {below:7.2%} below" for name, (value, below) in self.thresholds.items()]
        return [head, "", *rows, "", f"plot   {self.plot}", f"recipe limits: {{{self.signal}: {{low: {self.low:.4g}}}}}"]


def threshold(root: str, run: str, signal: str, *, language: str = "", svg: str = "") -> Threshold:
    """Where to cut a signal of a finished run: at the valley between two groups. Writes the plot.

    Raises:
        BadInput: no such run or signal, too few values, or no two groups: no threshold is offered then; the plot is written all the same.
    """
    values = signal_values(root, run, signal, language)
    found = split(values)
    target = Path(svg or f"threshold-{signal}{f'-{language}' if language else ''}.svg")
    ways = {"valley": found.valley, "Otsu": found.otsu} if found.bimodal and found.valley is not None else {"Otsu": found.otsu}
    try:
        target.write_text(plot(signal, found, ways), encoding="utf-8")
    except OSError as e:
        raise BadInput(f"The plot cannot be written to {target}: {e.strerror or e}. Choose another place with --svg.") from None
    if not found.bimodal:
        raise BadInput(
            f"{signal} has {found.says()}, in {found.values} values. A threshold between groups would be arbitrary: see {target}, and choose a limit "
            "by percentile or by reading pages."
        )
    assert found.valley is not None, "a signal with two groups has a valley between them"
    cuts = {**ways, **{f"lowest {p} %": float(np.percentile(values, p)) for p in SHARES_PERCENT}}
    shares = {name: (float(value), float(np.mean(values < value))) for name, value in cuts.items()}
    return Threshold(signal, found.says(), found.values, tuple(map(float, found.modes)), shares, str(target), float(found.valley))


def signal_values(root: str, run: str, signal: str, language: str = "") -> npt.NDArray[np.float64]:
    """The finite values of a signal of a run, of one language if one is named, in crawl order. Raises BadInput."""
    store = store_at(root)
    store.check()
    try:
        record = json.loads(store.get(f"runs/{run}.json"))
    except FileNotFoundError:
        runs = ", ".join(sorted(p.rsplit("/", 1)[1].removesuffix(".json") for p in store.files("runs"))) or "none"
        raise BadInput(f"There is no run {run} in {root}. Its runs: {runs}.") from None
    address = next((a for a, step in record["steps"].items() if step["label"] == "signals"), None)
    parts: list[npt.NDArray[Any]] = []
    for shard in record["shards"]:
        try:
            data = store.get(f"steps/{address}/{shard}.parquet")
        except FileNotFoundError:
            raise BadInput(f"The run {run} is not finished: its signals are missing. Run the same `winnow run` command again.") from None
        known = pq.read_schema(io.BytesIO(data)).names
        if signal not in known:
            alike = difflib.get_close_matches(signal, known, n=2)
            hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
            raise BadInput(
                f"The run {run} has no signal {signal}.{hint} `winnow signals --recipe {record['recipe']}` lists what its recipe measures."
            )
        table = pq.read_table(io.BytesIO(data), columns=list(dict.fromkeys(("language", signal))))
        try:
            numbers = table[signal].cast("float64").to_numpy(zero_copy_only=False)
        except ValueError:
            raise BadInput(f"The signal {signal} is not a number but {table.schema.field(signal).type}, so it cannot be cut.") from None
        if language:
            numbers = numbers[np.array(table["language"].to_pylist(), object) == language]
        parts.append(numbers[np.isfinite(numbers)])
    return np.concatenate(parts) if parts else np.empty(0)


def plot(signal: str, found: Split, ways: dict[str, float]) -> str:
    """The histogram with every threshold drawn in, as SVG."""
    from jinja2 import Environment

    axis = np.log(found.edges) if found.logarithmic else found.edges

    def x(value: float) -> float:
        return float((np.log(value) if found.logarithmic else value) - axis[0]) / float(axis[-1] - axis[0]) * WIDTH

    top = max(found.counts.max(), found.smooth.max())
    middles = (np.arange(len(found.smooth)) + 0.5) * WIDTH / len(found.smooth)
    template = (files("winnow.tasks.report") / "templates" / "threshold.svg.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template).render(
        signal=signal,
        says=found.says(),
        values=found.values,
        width=WIDTH,
        height=HEIGHT,
        bars=[(i * WIDTH / len(found.counts), HEIGHT * (1 - c / top)) for i, c in enumerate(found.counts)],
        bar_width=WIDTH / len(found.counts),
        curve=" ".join(f"{a:.1f},{HEIGHT * (1 - b / top):.1f}" for a, b in zip(middles, found.smooth, strict=True)),
        lines=[(x(v), name, f"{v:.4g}", 16 + 16 * i) for i, (name, v) in enumerate(ways.items())],
        ticks=[(x(v), f"{v:.3g}") for v in _ticks(found)],
    )  # fmt: skip


def _ticks(found: Split) -> list[float]:
    chosen = found.edges[:: max(1, (len(found.edges) - 1) // 6)]
    return [float(v) for v in chosen]
