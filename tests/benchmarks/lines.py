"""The model of lines: ``python -m tests.benchmarks.lines [LABELS]``. Its figures on pages and on languages that it has not seen (Turku's human labels of lines in six languages,
../shared/data), and its speed on 3,000 extracted texts, the whole filter, in CPU time of one process, best of three."""

import json
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from tests.shared import DATA
from winnow.tasks.models.classify.line_model import LineModel
from winnow.tasks.models.classify.train_lines import pages, train_lines
from winnow.tasks.models.files import ModelFile, file_sha256
from winnow.tasks.signals.filters.line_quality import LineQuality
from winnow.tasks.signals.text import Document

LABELS = "capabilities/03-line-quality/turku_line_quality.jsonl.gz"


def main():
    data, figures = train_lines(pages(DATA / (sys.argv[1] if len(sys.argv) > 1 else LABELS)))
    print(json.dumps(figures, indent=1), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lines"
        path.write_bytes(data)
        scored = LineQuality(model=LineModel(ModelFile("lines", file_sha256(path), str(path))))
        texts = [t for t in pq.read_table(DATA / "dedup" / "documents.parquet", columns=["text"])["text"].to_pylist() if t.strip()][:3000]
        scored.measure(Document(texts[0]))
        best = float("inf")
        for _ in range(3):
            begin = time.process_time()
            lines = sum(len(scored.measure(Document(text))["line_quality"] or ()) for text in texts)
            best = min(best, time.process_time() - begin)
        print(f"{lines:,} lines of {len(texts):,} texts: {lines / best:,.0f} lines per core-second")


if __name__ == "__main__":
    main()
