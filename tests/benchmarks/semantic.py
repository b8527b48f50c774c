"""Semantic deduplication: speed, neighbours found against a comparison of all with all, what is removed, and how embeddings agree with people.

    python -m tests.benchmarks.semantic speed      documents of one core-second: embedding, and neighbours against all pairs in one run
    python -m tests.benchmarks.semantic quality    recall of neighbours and of known duplicates, removals that share few words
    python -m tests.benchmarks.semantic sts [FOLDER ...]    Spearman correlation on STS-B in seven languages, also of static models in folders

Texts lie in ../shared/data.
"""

import argparse
import csv
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from tests.benchmarks.deduplication import KnownDocuments, known_documents
from tests.shared import DATA
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.fuzzy_clusters import Candidates
from winnow.tasks.dedup.minhash import MinHash
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.dedup.shingles import shingles
from winnow.tasks.dedup.verified import jaccard
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.semantic.clusters import NGRAM
from winnow.tasks.semantic.embeddings import NgramEmbedding, read_embedding
from winnow.tasks.semantic.neighbours import Neighbours, SemanticSignals
from winnow.tasks.semantic.removal import NearPairs, SemanticCandidates, SemanticClusters
from winnow.tasks.semantic.sections import SemanticOptions
from winnow.tasks.semantic.vectors import loaded, quantised, similarities
from winnow.tasks.signals.select import ApplyLimits
from winnow.tasks.sources.source import Source

SHARED = DATA / "dedup"
STS = DATA / "capabilities/06-embedding-dedup"
EPS = (0.3, 0.2, 0.1, 0.05)


def context_in(root: Path) -> ShardContext:
    files = tuple(SourceFile(n, f"known/{n:05d}", str(n)) for n in range(-(-known_documents().num_rows // 1000)))
    return ShardContext(Crawl("known", "warc", files, 1), Source("/nowhere"), Store(str(root)), 1 << 30)


def make(step: Step, context: ShardContext) -> Counter[str]:
    """Everything that a step needs; CPU seconds by step."""
    spent: Counter[str] = Counter()
    plan = Plan([step], context)
    while works := plan.missing():
        for shard, addresses in works[0].todo.items():
            for report in context.make(works[0].stage.steps, shard, addresses):
                plan.mark(report["address"], shard)
                spent[report["address"].split("-v")[0]] += report["cpu_s"]
    return spent


def speed() -> None:
    texts = [t for t in known_documents()["text"].to_pylist() if t]
    embedding = NgramEmbedding()
    embedding.vectors(texts[:10], embedding.fit([texts[:10]]))  # compiled
    begin = time.process_time()
    weights = embedding.fit([texts])
    fitted = time.process_time() - begin
    begin = time.process_time()
    vectors = quantised(np.concatenate([embedding.vectors(texts[at : at + 512], weights) for at in range(0, len(texts), 512)]))
    spent = time.process_time() - begin
    print(
        f"embedding: {len(texts) / spent:,.0f} documents and {sum(map(len, texts)) / spent / 1e6:.1f} MB per core-second; fit {fitted:.2f} s"
    )
    begin = time.process_time()
    for at in range(0, len(vectors), 1024):
        similarities(vectors[at : at + 1024], vectors[: at + 1024]).argmax(axis=1)
    print(f"all pairs, brute force: {time.process_time() - begin:.2f} s of CPU")
    with tempfile.TemporaryDirectory() as root:
        context = context_in(Path(root))
        documents = KnownDocuments()
        make(documents, context)
        for per_cluster in (1000, 100):
            assigned = SemanticOptions(documents_per_cluster=per_cluster).assigned(TextColumn(documents), "known")
            print(f"{per_cluster} documents per cluster:", dict(make(Neighbours("known", assigned, 1), context)))


def quality() -> None:
    docs = known_documents()
    texts = dict(zip(docs["id"].to_pylist(), docs["text"].to_pylist(), strict=True))
    with tempfile.TemporaryDirectory() as root:
        context, documents = context_in(Path(root)), KnownDocuments()
        text = TextColumn(documents)
        signals = {}
        for per_cluster in (1000, 100, 30):
            assigned = SemanticOptions(documents_per_cluster=per_cluster).assigned(text, "known")
            step = SemanticSignals(assigned.embed, Neighbours("known", assigned, 1))
            make(step, context)
            measured = np.concatenate([context.read(step, k)["semantic_similarity"].to_numpy() for k in context.shard_keys])
            signals[per_cluster] = step
            vectors = np.concatenate([loaded(context.read(assigned.embed, k)["vector"]) for k in context.shard_keys])
            print(f"{per_cluster} documents per cluster: neighbours found", recall(vectors, measured))
        step = signals[1000]
        judged = ApplyLimits(step, ())
        for eps in EPS:
            pairs = NearPairs("known", step.neighbours.assigned, judged, 1 - eps, 1)
            near = Candidates(Components("known", pairs), text, MinHash(NGRAM, 1, 1, unspaced_as_words=True))
            last = ResolveClusters(judged, SemanticClusters("known", SemanticCandidates(near, step.embed), 1, 1 - eps, 0.3))
            make(last, context)
            rows = [r for k in context.shard_keys for r in context.read(last, k).to_pylist()]
            similar = {i: s for k in context.shard_keys for i, s in _similarities(context, step, k)}
            report(eps, rows, similar, texts)


def _similarities(context, step, key):
    table = context.read(step, key)
    return zip(table["id"].to_pylist(), table["semantic_similarity"].to_pylist(), strict=True)


def recall(vectors, measured) -> dict[float, float]:
    """Share of the documents whose nearest before, if it has such a cosine, was found."""
    exact = np.zeros(len(vectors))
    for at in range(0, len(vectors), 1024):
        found = similarities(vectors[at : at + 1024], vectors[: at + 1024])
        found[np.arange(found.shape[1])[None, :] >= at + np.arange(len(found))[:, None]] = -1
        exact[at : at + 1024] = found.max(axis=1)
    return {low: round(float((measured[exact >= low] >= exact[exact >= low] - 1e-4).mean()), 4) for low in (0.6, 0.7, 0.8, 0.9)}


def report(eps, rows, similar, texts) -> None:
    goes = {r["id"]: r["embedding_cluster"] for r in rows if r["embedding_cluster_rank"]}
    published = sum(s > 1 - eps for s in similar.values())
    shared = [jaccard(_words(texts[a]), _words(texts[b])) for a, b in goes.items()]
    total, hit = Counter(), Counter()
    for line in (SHARED / "dup_clusters.jsonl").read_text().splitlines():
        cluster = json.loads(line)
        members = [m for m in cluster["members"] if texts.get(m)]
        total[cluster["kind"]] += len(members) - 1
        hit[cluster["kind"]] += len(members) - max(1, sum(m not in goes for m in members))
    found = {kind: round(hit[kind] / n, 3) for kind, n in total.items()}
    few = float(np.mean(np.array(shared) < 0.2))
    print(
        f"eps {eps}: {len(goes)} removed (SemDeDup alone {published}), {few:.2%} share less than a fifth of their 5-grams; recall {found}"
    )


def _words(text):
    return np.unique(shingles([text], 5, unspaced_as_words=True).hashes)


def sts(folders: list[str]) -> None:
    kinds = {"ngrams": NgramEmbedding()}
    kinds |= {Path(f).name: read_embedding({"static": f}, Reader("benchmark", Path(), str)) for f in folders}
    for path in sorted(STS.glob("stsb-*.csv")):
        with path.open() as file:
            rows = list(csv.reader(file))
        found = {}
        for name, kind in kinds.items():
            texts = [r[0] for r in rows] + [r[1] for r in rows]
            vectors = kind.vectors(texts, kind.fit([texts])).astype(float)
            a, b = np.split(quantised(vectors).astype(float), 2)
            cosine = (a * b).sum(axis=1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-9)
            found[name] = round(float(spearmanr(cosine, [float(r[2]) for r in rows])[0]), 3)
        print(path.stem, found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "quality", "sts"])
    parser.add_argument("folders", nargs="*")
    given = parser.parse_args()
    sts(given.folders) if given.what == "sts" else {"speed": speed, "quality": quality}[given.what]()
