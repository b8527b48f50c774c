"""Decontamination: recall, precision and speed on real web texts with injected benchmark items. ``python -m tests.benchmarks.decontamination``

Texts and items lie in ../shared/data. With a folder as argument, texts and items are written there in the format of allenai/decon, for its own command.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from tests.shared import DATA
from winnow.tasks.decontamination.detect import detect_all
from winnow.tasks.decontamination.evals import read_items
from winnow.tasks.decontamination.index import EvalIndex
from winnow.tasks.decontamination.modes import MODES
from winnow.tasks.decontamination.words import WordsOfTexts
from winnow.tasks.sources.jsonl import records

FOLDER = DATA / "capabilities/07-decontamination"


def main() -> None:
    documents = list(records(FOLDER / "injected.jsonl.gz", "text"))
    if len(sys.argv) > 1:
        write(Path(sys.argv[1]), documents)
    natural = pq.read_table(DATA / "dedup/documents.parquet")["text"].to_pylist()
    words = WordsOfTexts(natural).borders[-1]
    for mode in MODES.values():
        begin = time.process_time()
        index = EvalIndex(read_items([FOLDER / "evals.jsonl.gz"]), mode)
        built = time.process_time() - begin
        found = detect_all([d["text"] for d in documents], index)
        right = sum(bool(hits) and d["contaminated"] for hits, d in zip(found, documents, strict=True))
        flagged, dirty = sum(map(bool, found)), sum(d["contaminated"] for d in documents)
        missed = Counter(d["kind"] for hits, d in zip(found, documents, strict=True) if d["contaminated"] and not hits)
        begin = time.process_time()
        others = sum(bool(hits) for start in range(0, len(natural), 512) for hits in detect_all(natural[start : start + 512], index))
        micros = (time.process_time() - begin) / words * 1e9
        print(
            f"{mode.name:<11} recall {right / dirty:.3f}  precision {right / (flagged or 1):.3f}  {micros:.0f} us per 1,000 words  "
            f"index {built:.1f} s  found in {others} of {len(natural)} other texts  missed {dict(missed)}"
        )


def write(folder: Path, documents: list[dict]) -> None:
    """The same texts and items as plain JSONL."""
    for name, rows in (("texts", documents), ("evals", records(FOLDER / "evals.jsonl.gz", "question"))):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
