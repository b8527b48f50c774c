"""The model of lines: ``python -m tests.benchmarks.lines [figures|seeds|speed] [LABELS]``.

``figures`` are those that training leaves in the card, on pages and on languages that the model has not seen (Turku's human labels of lines in six languages, ../shared/data), with the
common words of languages and without, and of the length rule. ``seeds`` are the figures on languages left out with three seeds of the trees. ``speed`` is that of the whole filter on 3,000 extracted
texts, in CPU time of one process, best of three.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tests.shared import DATA
from winnow.tasks.models.classify.line_model import LineFile, LineModel, Scorer
from winnow.tasks.models.classify.line_pages import pages
from winnow.tasks.models.classify.train_lines import Learner, Lines, left_out, train_lines
from winnow.tasks.models.files import ModelFile, file_sha256
from winnow.tasks.signals.filters.line_quality import LineQuality
from winnow.tasks.signals.text import Document

LABELS = "capabilities/03-line-quality/turku_line_quality.jsonl.gz"


def figures(labels):
    print(json.dumps(train_lines(pages(labels))[1], indent=1), flush=True)
    print("left out, without the words", json.dumps(left_out(Learner(Lines.of(pages(labels)), knowing=False)), indent=1))


def seeds(labels):
    lines = Lines.of(pages(labels))
    for seed in range(3):
        for knowing in (True, False):
            found = left_out(Learner(lines, knowing=knowing, seed=seed))
            per_language = {name: (row["noise_f1"], row["auc"], row["calibration_error"]) for name, row in found.pop("languages").items()}
            print(f"seed {seed}, {'with' if knowing else 'without'} words: {found} {per_language}", flush=True)


def speed(labels):
    lines = Lines.of(pages(labels))
    scorer = Scorer(Learner(lines, knowing=True).fit(np.arange(len(lines.clean))), (1.0, 0.0), (1.0, 0.0))
    table = pq.read_table(DATA / "dedup" / "documents.parquet", columns=["text", "lang"]).slice(0, 3000).to_pylist()
    documents = [Document(row["text"], language=row["lang"] or "") for row in table if row["text"].strip()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lines"
        path.write_bytes(LineFile((), lines.common, scorer, scorer).data())
        scored = LineQuality(model=LineModel(ModelFile("lines", file_sha256(path), str(path))))
        scored.measure(documents[0])
        best = float("inf")
        for _ in range(3):
            begin = time.process_time()
            count = sum(len(scored.measure(document)["line_quality"] or ()) for document in documents)
            best = min(best, time.process_time() - begin)
    known = sum(document.language in ("en", "eng") for document in documents)
    print(f"{count:,} lines of {len(documents):,} texts ({known:,} English): {count / best:,.0f} lines per core-second")


def main():
    chosen = [a for a in sys.argv[1:] if a in ("figures", "seeds", "speed")] or ["figures", "speed"]
    [labels] = [a for a in sys.argv[1:] if a not in chosen] or [LABELS]
    for name in chosen:
        {"figures": figures, "seeds": seeds, "speed": speed}[name](DATA / labels)


if __name__ == "__main__":
    main()
