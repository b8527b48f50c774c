"""Personal data: precision and recall on the labelled files of ../shared/data, and speed on its web texts. ``python -m tests.benchmarks.personal_data``"""

import time

import pyarrow.parquet as pq

from tests.shared import DATA
from winnow.tasks.corpus.pii.evaluate import evaluate
from winnow.tasks.corpus.pii.find import redact
from winnow.tasks.corpus.pii.registry import DEFAULT, kinds


def main() -> None:
    for file in [*sorted((DATA / "labels/pii").glob("*.gz")), DATA / "capabilities/08-pii/presidio_synth.jsonl.gz"]:
        print(file.name)
        for score in evaluate([file], tuple(kinds())):
            print(f"  {score.kind:<12} precision {score.precision:.3f}  recall {score.recall:.3f}  F1 {score.f1:.3f}  labels {score.gold}")
    texts = pq.read_table(DATA / "dedup/documents.parquet")["text"].to_pylist()
    size = sum(len(text.encode()) for text in texts) / 1e6
    for names in (DEFAULT, tuple(kinds())):
        begin = time.process_time()
        found = sum(len(redact(text, names).spans) for text in texts)
        print(f"{len(names)} kinds: {size / (time.process_time() - begin):.1f} MB/s on {len(texts)} texts, {found} found")


if __name__ == "__main__":
    main()
