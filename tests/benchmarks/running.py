"""How a run behaves as users start it: seconds to the first shard, a run with nothing to do, one worker against two, memory over input size.

    python -m tests.benchmarks.running [--files N] [--source MIRROR]

Wall time is what start-up and a cached run are about. Two workers are judged by wall time, and beside it by CPU time, because a core that another
process of the machine uses cannot be had twice. Memory is the peak of any worker as the steps' reports state it, on N files and on 10 N (links to
the same files).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.machine import ROOT, SOURCE, described, warc_files

TIMES = 10


class Ran(NamedTuple):
    """Seconds of one run of the command, and the reports of its steps."""

    wall_s: float
    cpu_s: float
    start_s: float
    reports: list[dict[str, Any]]

    @property
    def peak_mb(self) -> float:
        return max(r["peak_rss_bytes"] for r in self.reports) / 1e6


def run(folder: Path, store: Path, workers: int) -> Ran:
    """``winnow run``. ``start_s``: from the command to the begin of the first shard, as the first report and its own seconds say."""
    command = [str(Path(sys.executable).with_name("winnow")), "run", str(folder), "--recipe", "fineweb"]
    begin, clock, cpu = time.perf_counter(), time.time(), _children_s()
    done = subprocess.run(
        [*command, "--store", str(store), "--workers", str(workers)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    wall_s, cpu_s = time.perf_counter() - begin, _children_s() - cpu
    paths = list(store.glob("steps/*/*.json"))
    reports = [json.loads(path.read_text()) for path in paths]
    first = min(path.stat().st_mtime - report["seconds"] for path, report in zip(paths, reports, strict=True))
    return Ran(wall_s, cpu_s, first - clock, reports)


def _children_s() -> float:
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def show(source: Path, files: int) -> None:
    """Print the table."""
    warcs = warc_files(files, source)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        small, large = _linked(warcs, root / "small", 1), _linked(warcs, root / "large", TIMES)
        one = run(small, root / "one", 1)
        two = run(small, root / "two", 2)
        cached = run(small, root / "two", 2)
        ten = run(large, root / "ten", 2)
        ten_by_one = run(large, root / "ten-by-one", 1)
    print("| running | |\n| --- | --: |")
    print(f"| start to the first shard, 1 worker and 2 | {one.start_s:.1f} s, {two.start_s:.1f} s |")
    print(f"| the same command again | {cached.wall_s:.1f} s |")
    print(
        f"| {TIMES * files} files: 1 worker, 2 workers | {ten_by_one.wall_s:.0f} s, {ten.wall_s:.0f} s: {ten_by_one.wall_s / ten.wall_s:.2f} times |"
    )
    print(f"| cores that each had on average | {ten_by_one.cpu_s / ten_by_one.wall_s:.2f}, {ten.cpu_s / ten.wall_s:.2f} |")
    print(f"| peak of a worker, {files} files and {TIMES * files} | {one.peak_mb:.0f} MB, {ten_by_one.peak_mb:.0f} MB |")


def _linked(warcs: list[Path], folder: Path, times: int) -> Path:
    folder.mkdir()
    for i in range(times):
        for path in warcs:
            (folder / f"{i}-{path.name}").symlink_to(path.resolve())
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--source", type=Path, default=SOURCE)
    args = parser.parse_args()
    print(described() + "\n")
    show(args.source, args.files)


if __name__ == "__main__":
    main()
