"""Classifiers on human labels, and their speed: ``python -m tests.benchmarks.classifiers [quality|speed]``.

``quality`` trains on the labels of ../shared/data/labels/quality in five folds (by hash of the text) and pools the scores of the folds left out.
``speed`` compares one document at a time: Winnow's filters, the same library called naively (the published way: its Python wrapper), and datatrove's
block, on the same documents and model in one run; CPU time of one process, best of three.
"""

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import xxhash

from tests.shared import DATA
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.models.classify.evaluate import figures
from winnow.tasks.models.classify.examples import Examples
from winnow.tasks.models.classify.model import ClassifierModel
from winnow.tasks.models.classify.train import ClassifierOptions, _fit, options_of
from winnow.tasks.models.fasttext import ALL_LABELS, load
from winnow.tasks.models.files import ModelFile, file_sha256, locate, model_file
from winnow.tasks.models.texts import Text
from winnow.tasks.signals.filters.classifier import Classifier
from winnow.tasks.signals.text import Document

LABELS = DATA / "labels" / "quality"
DEDUP = DATA / "dedup" / "documents.parquet"
FOLDS = 5


def rows(name):
    with gzip.open(LABELS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def registers(languages):
    """Informational pages (IN, HI) against selling ones (IP with description to sell): what a register set says of quality."""
    for r in rows("turku_registers"):
        if r["lang"] in languages and (kinds := set(r["registers"])) & {"IN", "HI", "IP"} and not (kinds & {"IN", "HI"} and "IP" in kinds):
            yield r["text"], "IP" not in kinds


SETS = {
    "DCLM: kept by people (en)": lambda: ((r["text"], bool(r["label"])) for r in rows("dclm_human")),
    "... where all agreed": lambda: ((r["text"], bool(r["label"])) for r in rows("dclm_human") if r["full_agreement"]),
    "FineWeb-C: some educational value (da)": lambda: ((r["text"], int(r["edu_score"]) > 0) for r in rows("fineweb_c_danish_edu")),
    "HPLT: not unnatural (22 languages)": lambda: (
        (r["text"], r["unnatural"] == "0") for r in rows("hplt2_human_inspection") if r["unnatural"] in ("0", "1")
    ),
    "HPLT: no pornography (22 languages)": lambda: (
        (r["text"], r["porn"] == "0") for r in rows("hplt2_human_inspection") if r["porn"] in ("0", "1")
    ),
    "Turku: informs, does not sell (sv)": lambda: registers({"sv"}),
    "MathClean: correct questions (en)": lambda: (
        (r["output"], r["type"] == "correct") for r in rows("mathclean") if r["task"] == "check_correct_question" and r.get("output")
    ),
}
WAYS = {"Winnow's defaults": ClassifierOptions(), "preset `quality`": options_of("quality", {"buckets": 1 << 18})}


def pooled(examples, options):
    """Labels, and scores by a model that has not seen the example."""
    pairs = list({text: label for text, label in examples if text.strip()}.items())
    fold = np.array([xxhash.xxh3_64_intdigest(t.encode("utf-8", "replace"), 7) % FOLDS for t, _ in pairs])
    label = np.array([sign for _, sign in pairs])
    scores = np.zeros(len(pairs))
    for f in range(FOLDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            known = Examples(folder, options.prepare, options.seed)
            for sign in (True, False):
                known.add(sign, (Text(t) for (t, _), mine, s in zip(pairs, fold, label, strict=True) if mine != f and s == sign))
            keys = np.frombuffer(known._keys, np.uint64)
            known.write(np.argsort(keys), folder / "train")
            _fit(folder / "train", folder / "model.bin", options)
            model = load(folder / "model.bin")
            prepare = known._prepare
            for i in np.flatnonzero(fold == f):
                scores[i] = dict(model.predict(prepare(pairs[i][0]), ALL_LABELS)).get("positive", 0.0)
    return scores, label


def quality():
    print("| labels | positive / negative | " + " | ".join(f"{w}: AUC (F1)" for w in WAYS) + " | length: AUC |")
    print("| --- | --: |" + " --: |" * (len(WAYS) + 1))
    for name, examples in SETS.items():
        cells = []
        for options in WAYS.values():
            scores, label = pooled(examples(), options)
            found = figures(scores, label)
            cells.append(f"{found['auc']:.3f} ({found['at_half']['f1']:.3f})")
        pairs = list({t: s for t, s in examples() if t.strip()}.items())
        longer = figures(np.argsort(np.argsort([len(t) for t, _ in pairs])) / len(pairs), np.array([s for _, s in pairs]))
        print(f"| {name} | {int(label.sum())} / {int((~label).sum())} | " + " | ".join(cells) + f" | {longer['auc']:.3f} |", flush=True)


def timed(call, documents):
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        values = [call(d) for d in documents]
        best = min(best, time.process_time() - begin)
    return best, values


def speed():
    import fasttext
    from datatrove.data import Document as Trove
    from datatrove.pipeline.filters import FastTextClassifierFilter
    from datatrove.utils.lid import FT176LID

    texts = [t for t in pq.read_table(DEDUP, columns=["text"])["text"].to_pylist() if t.strip()][:3000]
    chars = sum(map(len, texts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = Examples(folder, "line", 0)
        known.add(True, (Text(r["text"]) for r in rows("dclm_human") if r["label"]))
        known.add(False, (Text(r["text"]) for r in rows("dclm_human") if not r["label"]))
        known.write(np.arange(len(known.positive)), folder / "train")
        _fit(folder / "train", folder / "model.bin", ClassifierOptions())
        file = ModelFile("speed", file_sha256(folder / "model.bin"), str(folder / "model.bin"))
        ours = Classifier(model=ClassifierModel(file))
        naive = fasttext.FastText._FastText(model_path=str(folder / "model.bin"))
        block = FastTextClassifierFilter(model_url=str(folder / "model.bin"), keep_labels=[("positive", 0.5)], newline_replacement=" ")
        lid_file = model_file("lid.176.ftz")
        lid, lid_path = LanguageModel.of(lid_file), locate(lid_file)
        naive_lid = fasttext.FastText._FastText(model_path=str(lid_path))
        block_lid = FT176LID()
        block_lid._model = naive_lid
        ways = {
            "language ID: Winnow": lambda t: lid.predict([t])[0][0],
            "language ID: fastText's wrapper": lambda t: naive_lid.predict(t.replace("\n", " "))[0][0].removeprefix("__label__"),
            "language ID: datatrove's FT176LID": lambda t: block_lid.predict(Trove(text=t, id="0"))[0][0],
            "classifier: Winnow": lambda t: ours.measure(Document(t))["speed_score"],
            "classifier: fastText's wrapper": lambda t: naive.predict(" ".join(t.strip().splitlines()), k=2),
            "classifier: datatrove's FastTextClassifierFilter": lambda t: block.filter(Trove(text=t, id="0")),
        }
        print(
            f"{len(texts)} documents, {chars / 1e6:.1f} M characters\n\n| | documents per core-second | M characters per core-second |\n| --- | --: | --: |"
        )
        values = {}
        for way, call in ways.items():
            try:
                seconds, values[way] = timed(call, texts)
            except Exception as e:  # a peer that does not run here is named, not hidden
                print(f"| {way} | fails: {type(e).__name__}: {' '.join(str(e).split())[:80]} | |", flush=True)
                continue
            print(f"| {way} | {len(texts) / seconds:,.0f} | {chars / 1e6 / seconds:.1f} |", flush=True)


if __name__ == "__main__":
    for part in sys.argv[1:] or ("quality", "speed"):
        {"quality": quality, "speed": speed}[part]()
