"""Skills: mathematics told from web pages, and reference skills that a selection holds. ``python -m tests.benchmarks.skills``

Half of the texts of MathClean are the reference, the other half stands among English web pages; texts lie in ../shared/data. What is compared is a random
selection of the same size, and the same documents ranked by their nearness to the reference's mean vector.
"""

import gzip
import json
import time

import numpy as np
import pyarrow.parquet as pq

from tests.shared import DATA
from winnow.tasks.models.classify.evaluate import auc
from winnow.tasks.semantic.embeddings import NgramEmbedding
from winnow.tasks.semantic.neighbours import quota_shares
from winnow.tasks.semantic.vectors import quantised, similarities
from winnow.tasks.skills.graph import fitted
from winnow.tasks.skills.steps import HAS

KEPT = 0.3
PARTS = ("question", "answer", "output")


def texts() -> tuple[list[str], list[str], list[str]]:
    rng = np.random.default_rng(0)
    with gzip.open(DATA / "capabilities/12-mass/mathclean.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    maths = sorted({"\n".join(str(row[part]) for part in PARTS if row.get(part)) for row in rows})
    pages = pq.read_table(DATA / "dedup/documents.parquet").to_pylist()
    web = sorted({page["text"] for page in pages if page["lang"] == "en" and page["text"]})
    maths, web = ([every[n] for n in rng.permutation(len(every))] for every in (maths, web))
    half = len(maths) // 2
    return maths[:half], maths[half:], web[:3000]


def main() -> None:
    reference, hidden, web = texts()
    mixed, positive = hidden + web, np.arange(len(hidden) + len(web)) < len(hidden)
    order = np.random.default_rng(1).permutation(len(mixed))
    begin = time.process_time()
    graph = fitted(reference, [mixed[n] for n in order[:2000]], 100)
    fit_s, begin = time.process_time() - begin, time.process_time()
    has = np.concatenate([graph.similarities(mixed[at : at + 256]) for at in range(0, len(mixed), 256)])
    score = graph.scores(has)
    speed = len(mixed) / (time.process_time() - begin)
    embedding = NgramEmbedding()
    weights = embedding.fit([reference])
    mean = quantised(quantised(embedding.vectors(reference, weights)).astype(np.int64).sum(axis=0, keepdims=True))
    near = similarities(quantised(embedding.vectors(mixed, weights)), mean)[:, 0]
    print(
        f"{len(reference)} reference texts, {len(graph.hashes)} phrases in {len(graph.labels)} skills, fitted in {fit_s:.1f} s; {speed:,.0f} documents/s"
    )
    print(
        f"AUC of {len(hidden)} mathematical texts against {len(web)} web pages: skills {auc(score, positive):.4f}, mean vector {auc(near, positive):.4f}"
    )
    worth = has * graph.importance
    top = worth.argmax(axis=1)
    known = worth.max(axis=1) > 0
    documents = np.bincount(top[known], minlength=len(graph.labels))
    share = np.ones(len(mixed))
    place = np.zeros(len(mixed))
    for skill in range(len(graph.labels)):
        mine = np.flatnonzero(known & (top == skill))
        place[mine[np.argsort(-score[mine], kind="stable")]] = np.arange(len(mine)) + 0.5
    quotas = np.where(documents > 0, np.maximum(graph.importance, 0.01), 0)
    share[known] = quota_shares(place[known], top[known], documents, quotas / quotas.sum())
    size = round(KEPT * len(mixed))
    kept = {
        "by score": np.argsort(-score, kind="stable")[:size],
        "by skill_share": np.argsort(share, kind="stable")[:size],
        "random": order[:size],
    }
    for name, rows in kept.items():
        held = has[rows] >= HAS
        print(
            f"{KEPT:.0%} kept {name}: {held.sum() / (has >= HAS).sum():.3f} of all skills held, {held.any(axis=0).mean():.2f} of skills met"
        )


if __name__ == "__main__":
    main()
