"""Students on human labels, and their speed: ``python -m tests.benchmarks.students [quality|cuts|speed]``.

``quality`` trains a student of each learner and input on the labels of ../shared/data, and prints the figures of its folds (each document judged by a model that
has not seen its host; the calibration is that of the same folds) and of what was held out. ``cuts`` says of the head of several labels what a cut per label is worth
beside a half for all: of the folds, whose cuts are those of the other folds, and of what was held out. ``speed`` asks a student of 8 and of 24 labels about 3,000 documents,
one at a time, in CPU time of one process, best of three.
"""

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tests.shared import DATA
from winnow.tasks.models.classify.features import Features
from winnow.tasks.models.classify.labelled import Question, Row, labelled
from winnow.tasks.models.classify.linear import Asked, Linear
from winnow.tasks.models.classify.train_student import StudentOptions, train_student
from winnow.tasks.models.texts import Text

MAIN_REGISTERS = ("NA", "IN", "IP", "OP", "HI", "ID", "SP", "LY")


def rows(path):
    with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def registers(*, several):
    for r in rows("capabilities/05-taxonomy/turku_registers.jsonl.gz"):
        names = tuple(m for m in MAIN_REGISTERS if m in r["registers"])
        if several or len(names) == 1:
            yield Row(Text(r["text"]), names, r["lang"])


def topics():
    for r in rows("capabilities/04-topic-recall/masakhanews_docs.jsonl.gz"):
        yield Row(Text(r["text"], r["url"] or ""), (r["topic"],), r["lang"])


def grades():
    for r in rows("labels/quality/fineweb_c_danish_edu.jsonl.gz"):
        yield Row(Text(r["text"]), (str(r["edu_score"]),), "da")


SETS = {
    "registers, one of 8 (8 languages)": (Question("register"), lambda: registers(several=False), ("text",)),
    "registers, several of 8": (Question("register", "multi"), lambda: registers(several=True), ("text",)),
    "news topics, one of 7 (16 languages)": (Question("topic"), topics, ("text", "url+text", "url")),
    "educational grade 0 to 3 (da)": (Question("edu", "scale"), grades, ("text",)),
}


def quality():
    print("| labels | learner | sees | documents | majority | folds: accuracy, macro F1, ECE | held out by | n | accuracy, macro F1, ECE |")
    print("| --- | --- | --- | --: | --: | --- | --- | --: | --- |")
    for name, (question, given, inputs) in SETS.items():
        for learner in ("linear", "fasttext"):
            for sees in inputs:
                options = StudentOptions(learner=learner, input=sees)
                found = labelled(given(), question, sees, seed=0)
                with tempfile.TemporaryDirectory() as folder:
                    made = train_student(found, options, Path(folder)).figures
                folds, held = made["folds"], made["held_out"]
                three = [f"{f['accuracy']:.3f}, {f['macro_f1']:.3f}, {f['calibration_error']:.3f}" for f in (folds, held)]
                print(
                    f"| {name} | {learner} | {sees} | {len(found.documents)} | {held['majority_share']:.3f} | {three[0]} | {made['held_out_by']} | {held['documents']} | {three[1]} |",
                    flush=True,
                )


def cuts():
    question, given, _ = SETS["registers, several of 8"]
    found = labelled(given(), question, "text", seed=0)
    print(
        "| learner | buckets | figures of | macro F1 at a half, with cuts | micro F1 at a half, with cuts | exactly right at a half, with cuts | answered at a half, with cuts | file, MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --: |")
    for learner, bits in (("linear", 18), ("linear", 20), ("fasttext", 18)):
        with tempfile.TemporaryDirectory() as folder:
            made = train_student(found, StudentOptions(learner=learner, bits=bits), Path(folder))
        size = sum(map(len, made.files.values())) / 1e6
        for of in ("folds", "held_out"):
            f = made.figures[of]
            print(
                f"| {learner} | 2^{bits} | {of}, {f['documents']} | {f['at_half']['macro_f1']:.3f}, {f['macro_f1']:.3f} | {f['at_half']['micro_f1']:.3f}, {f['micro_f1']:.3f} "
                f"| {f['at_half']['accuracy']:.3f}, {f['accuracy']:.3f} | {f['at_half']['answered_share']:.3f}, {f['answered_share']:.3f} | {size:.1f} |",
                flush=True,
            )
        learnt = made.figures["labels"]
        print(
            f"{learner}, 2^{bits}:",
            ", ".join(f"{name} {cut:.2f} (of {learnt[name]})" for name, cut in made.figures["cuts"].items()),
            file=sys.stderr,
        )


def speed():
    table = pq.read_table(DATA / "dedup" / "documents.parquet", columns=["text", "url"]).to_pylist()
    documents = [Text(r["text"], r["url"]) for r in table if r["text"].strip()][:3000]
    print(f"{len(documents)} documents, {sum(len(d.text) for d in documents) / 1e6:.1f} M characters")
    print("| student | labels | documents per core-second |\n| --- | --: | --: |")
    for sees in ("text", "url+text", "url"):
        for labels in (8, 24):
            features = Features(input=sees, chars=4)
            rng = np.random.default_rng(0)
            model = Linear(features, rng.random((1 << features.bits, labels + 1)).astype(np.float32), np.ones(labels, np.float32))
            asked = Asked(model)
            asked.decisions(documents[0])
            best = float("inf")
            for _ in range(3):
                begin = time.process_time()
                for document in documents:
                    asked.decisions(document)
                best = min(best, time.process_time() - begin)
            print(f"| linear, {sees} | {labels} | {len(documents) / best:,.0f} |", flush=True)


if __name__ == "__main__":
    for part in sys.argv[1:] or ("quality", "cuts", "speed"):
        {"quality": quality, "cuts": cuts, "speed": speed}[part]()
