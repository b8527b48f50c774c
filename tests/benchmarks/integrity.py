"""Integrity: what leaves, roots, proofs of changes and the comparison of two times cost, on the texts of ../shared/data/dedup.

python -m tests.benchmarks.integrity
"""

import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from tests.pipelines import finished
from tests.shared import DATA
from winnow.tasks.corpus.leaves import leaves_of
from winnow.tasks.engine.merkle import tree_root
from winnow.tasks.ledger.changes import aligned
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.split_view import split_view
from winnow.tasks.ledger.verify import verify

LEAVES = 1_000_000


def main():
    table = pq.read_table(DATA / "dedup" / "documents.parquet", columns=["id", "url", "text"])
    texts = table["text"].to_pylist()
    size_mb = sum(len(t.encode()) for t in texts) / 1e6

    def said(what, rate, begin):
        seconds = time.process_time() - begin
        print(f"| {what} | {rate(seconds)} |", flush=True)

    print("| | CPU time of one core |\n| --- | --: |")
    begin = time.process_time()
    leaves_of(table.append_column("date", table["id"]))
    said("leaves of a corpus as it is written", lambda s: f"{size_mb / s:.0f} MB/s", begin)
    digests = [hashlib.sha256(str(i).encode()).digest() for i in range(LEAVES)]
    begin = time.process_time()
    tree_root(digests)
    said("root over a million leaves", lambda s: f"{s:.2f} s", begin)
    begin = time.process_time()
    sum(1 for _ in aligned(digests, digests[: LEAVES // 2] + digests[LEAVES // 2 + 1 :]))
    said("a million leaves aligned with all but one of them", lambda s: f"{s:.2f} s", begin)
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        (Path(folder) / "plain.yaml").write_text("extends: raw\nmeasure: {redpajama: null, url: null}\ndeduplicate: []\n")
        for name in ("before", "after"):
            lines = []
            for i, text in enumerate(texts[::4]):
                text = text if name == "before" or i % 4 else "parked" if i % 8 else f"{text} and a few words more"
                lines.append(json.dumps({"url": f"https://site{i % 300}.org/{i}", "text": text, "date": f"2026-0{1 + len(runs)}-01"}))
            (Path(folder) / f"{name}.jsonl").write_text("\n".join(lines))
            runs.append(
                open_run(
                    str(Path(folder) / "store"),
                    finished(Path(folder) / f"{name}.jsonl", Path(folder) / "plain.yaml", Path(folder) / "store").id,
                )
            )
        begin = time.process_time()
        view = split_view(*runs)
        said(
            f"{view.pages:,} pages at two times ({view.equal:,} equal, {view.near:,} near, {view.changed:,} changed, {view.replaced:,} replaced)",
            lambda s: f"{size_mb / 2 / s:.1f} MB/s",
            begin,
        )
        stored = sum(n for run in runs[:1] for n in run.store.files("").values()) / 1e6
        begin = time.process_time()
        checked = sum(verify(run).checked for run in runs)
        said(f"`winnow verify`, {checked} files of two runs", lambda s: f"{stored / s:.0f} MB/s of Parquet", begin)


if __name__ == "__main__":
    sys.exit(main())
