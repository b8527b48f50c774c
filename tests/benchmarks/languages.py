"""Language ID on labelled text: ``python -m tests.benchmarks.languages [NAME=MODEL ...]`` (default: lid176=lid.176.ftz heliport=heliport).

Per label set of ../shared/data: how many texts are of a language that the back-end knows at all, the share of those that it names rightly, macro F1
over these languages, how often all back-ends agree, and are right where they agree, and the share of *all* texts that each names rightly, and that
``languages.Ensemble`` does, in the order given. At most 5,000 texts of a set, chosen by hash. FLORES, UDHR and Tatoeba
are in the training data of common models, so they flatter.
"""

import gzip
import json
import sys
from collections import Counter

import xxhash

from tests.shared import DATA
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.models.files import model_file
from winnow.tasks.signals.filters.languages import Ensemble, back_ends_in_order
from winnow.tasks.signals.text import Document

MOST = 5000
SETS = {
    "HPLT web text, checked by people": ("quality/hplt2_human_inspection", lambda r: r["lang_correct"] == "1"),
    "FLORES-200 sentences": ("langid/flores200_sib", lambda r: True),
    "Lingua: sentences": ("langid/lingua_sentences", lambda r: r["kind"] == "sentences"),
    "Lingua: single words": ("langid/lingua_sentences", lambda r: "single" in r["kind"]),
    "NLLB-Seed, 41 small languages": ("langid/nllb_seed", lambda r: True),
    "MasakhaNEWS documents": ("langid/masakhanews_docs", lambda r: True),
    "UDHR paragraphs": ("langid/udhr_paragraphs", lambda r: not r["lang"].startswith("und")),
    "Tatoeba and CLD2's web set": ("langid/tatoeba", lambda r: True),
}


def sample(file, keep):
    with gzip.open(DATA / "labels" / f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [r for line in lines if keep(r := json.loads(line))]
    rows.sort(key=lambda r: xxhash.xxh3_64_intdigest(r["text"].encode("utf-8", "replace")))
    return [(r["text"], folded(r["lang"])) for r in rows[:MOST]]


def macro_f1(truth, found):
    named, said, right = Counter(truth), Counter(found), Counter(t for t, f in zip(truth, found, strict=True) if t == f)
    return sum(2 * right[x] / (named[x] + said[x]) for x in named) / len(named)


def main(given):
    models = back_ends_in_order(dict(g.split("=", 1) for g in given), model_file)
    names = [m.name for m in models]
    print(
        "| labels | texts | "
        + " | ".join(f"{n}: known, right, macro F1" for n in names)
        + " | agree | right then | of all: "
        + ", ".join(names)
        + ", ensemble |"
    )
    print("| --- | --: |" + " --: |" * (len(names) + 3))
    ensemble = Ensemble(models=models)
    for title, (file, keep) in SETS.items():
        pairs = sample(file, keep)
        said = [[folded(m.predict(text)[0], wikipedia=m.wikipedia) for text, _ in pairs] for m in models]
        cells = []
        for model, found in zip(models, said, strict=True):
            known = model.languages
            mine = [(t, f) for (_, t), f in zip(pairs, found, strict=True) if t in known]
            right = sum(t == f for t, f in mine) / len(mine)
            cells.append(f"{len(mine) / len(pairs):.2f}, {right:.3f}, {macro_f1(*zip(*mine, strict=True)):.3f}")
        same = [(t, votes[0]) for (_, t), *votes in zip(pairs, *said, strict=True) if len(set(votes)) == 1]
        share = sum(t == v for t, v in same) / len(same) if same else 0.0
        best = [ensemble.measure(Document(text))["language_best"] for text, _ in pairs]
        of_all = ", ".join(f"{sum(t == f for (_, t), f in zip(pairs, found, strict=True)) / len(pairs):.3f}" for found in (*said, best))
        print(
            f"| {title} | {len(pairs):,} | " + " | ".join(cells) + f" | {len(same) / len(pairs):.3f} | {share:.3f} | {of_all} |", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:] or ["lid176=lid.176.ftz", "heliport=heliport"])
