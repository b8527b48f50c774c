"""Ratings of several raters: the order that simulated raters recover, and human judgements that were held out. ``python -m tests.benchmarks.rating``

Judgements lie in ../shared/data. A rating is compared with the best that is possible (the weighted sum of the simulated raters with their true weights) and
with the best of its raters alone.
"""

import gzip
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

from tests.pipelines import finished
from tests.shared import DATA
from winnow.tasks.ledger.rating import Asked, of_run
from winnow.tasks.rating.judged import Judged
from winnow.tasks.rating.learn import Sample, learn

RATERS = {
    "dclm_human": ("label", "rps_doc_stop_word_fraction,-newline_per_word,-top_2gram_char_share,language_score,punctuated_line_share"),
    "fineweb_c_danish_edu": ("edu_score", "rps_doc_stop_word_fraction,-newline_per_word,mean_word_chars,word_count,punctuated_line_share"),
}


def simulated() -> None:
    for noise in ((0.3, 0.6, 1.2), (1, 1, 1), (0.5, 2, 3, 3), (0.2, 5, 5)):
        rng = np.random.default_rng(0)
        truth = rng.normal(size=5000)
        values = np.stack([np.exp(truth + s * rng.normal(size=len(truth))) for s in noise], axis=1)
        best = kendalltau(np.log(values) @ (1 / np.array(noise) ** 2), truth)[0]
        ids, languages = [str(n) for n in range(len(truth))], ["en"] * len(truth)
        sample = Sample(ids, languages, np.full(len(ids), 100.0), values)
        judged = Judged(scores={i: float(t > 0) for i, t in zip(ids[:100], truth[:100], strict=True)})
        shares = {}
        for name, given in (("100 judged", judged), ("none judged", None)):
            model, _ = learn(sample, given, [str(n) for n in range(len(noise))], np.ones(len(noise)))
            begin = time.process_time()
            found = model.ratings(values, languages)
            speed = len(found) / (time.process_time() - begin)
            shares[name] = round(float(kendalltau(found, truth)[0] / best), 3)
        alone = max(kendalltau(column, truth)[0] for column in values.T) / best
        print(f"noise {noise}: Kendall's tau, of the best possible: {shares}, best rater {alone:.3f}; {speed:,.0f} documents/s")


def human() -> None:
    with tempfile.TemporaryDirectory() as root:
        for name, (label, raters) in RATERS.items():
            with gzip.open(DATA / f"labels/quality/{name}.jsonl.gz", "rt") as file:
                rows = [{"id": f"{name}-{n}"} | json.loads(line) for n, line in enumerate(file)]
            texts, judged = Path(root) / f"{name}.jsonl", Path(root) / f"{name}-judged.jsonl"
            texts.write_text("".join(json.dumps({"id": f"{name}-{n}", "text": row["text"]}) + "\n" for n, row in enumerate(rows)))
            judged.write_text("".join(json.dumps({"id": f"{name}-{n}", "score": float(row[label])}) + "\n" for n, row in enumerate(rows)))
            finished(texts, "raw", Path(root) / name)
            print(name, json.dumps(of_run(str(Path(root) / name), "", Asked(raters, judged)).learned()))


if __name__ == "__main__":
    simulated()
    human()
