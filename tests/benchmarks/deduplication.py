"""Fuzzy deduplication: speed against peers, quality on pages with known duplicates, and how time and memory grow.

    python -m tests.benchmarks.deduplication speed      signatures, MB/s of one core: Winnow, datatrove, datasketch, rensa in one run
    python -m tests.benchmarks.deduplication quality    recall and precision of pairs on ../shared/data/dedup, Winnow and datatrove
    python -m tests.benchmarks.deduplication spans      paragraph and exact substring deduplication, MB/s of one core
    python -m tests.benchmarks.deduplication removal    what the default and published presets remove that is no copy: chains of texts and ../shared/data/dedup
    python -m tests.benchmarks.deduplication take-downs    pages held against 1, 100 and 2,000 take-downs, MB/s of one core
    python -m tests.benchmarks.deduplication scale --documents 1000000 [--workers 2] [--memory-gib 1]
    python -m tests.benchmarks.deduplication curves OUT.svg    the S-curve of each preset

``scale`` makes documents of 40 to 80 words drawn by Zipf's law from 50,000; three in ten belong to a family whose sizes follow a power law,
and differ from its base in 0, 2, 5 or 10 % of their words. The whole DAG runs on them, from texts to decisions.
"""

import argparse
import gzip
import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.pipelines import finished
from tests.shared import DATA
from winnow.tasks.dedup.band_buckets import BandBuckets
from winnow.tasks.dedup.components import Components
from winnow.tasks.dedup.fuzzy_clusters import Candidates, FuzzyClusters
from winnow.tasks.dedup.minhash import PRESETS, ComputeSignatures
from winnow.tasks.dedup.resolve import ResolveClusters
from winnow.tasks.dedup.shingles import shingles
from winnow.tasks.dedup.take_downs import Entry, Forbidden
from winnow.tasks.dedup.verified import jaccard
from winnow.tasks.edit.paragraph import CutRepeatedParagraphs, Paragraphs, RepeatedParagraphs
from winnow.tasks.edit.substring import CutRepeatedSubstrings, RepeatedWindows, Windows
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.plan import Plan
from winnow.tasks.engine.runners.local import Pool
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.store import Store
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.engine.worker import Job
from winnow.tasks.runs.run import summary_of
from winnow.tasks.signals.limit import CROSSED
from winnow.tasks.sources.source import Source

SHARED = DATA / "dedup"
DOCUMENTS_PER_SHARD = 50_000
CHANGED_SHARES = (0.0, 0.02, 0.05, 0.1)


def known_documents():
    return pq.read_table(SHARED / "documents.parquet", columns=["id", "text"])


@dataclass(frozen=True)
class KnownDocuments(ShardStep):
    """The texts of ../shared/data/dedup, a thousand to a shard."""

    name: ClassVar[str] = "documents"

    def run(self, shard: str, context: ShardContext) -> StepResult:
        table = pa.concat_tables([known_documents().slice(f.number * 1000, 1000) for f in context.shard(shard).files])
        [path, *_] = [f.path for f in context.shard(shard).files]
        table = table.append_column("url", table["id"]).append_column("source_file", pa.array([path] * table.num_rows))
        return StepResult(table, table.num_rows, table.num_rows)


@cache
def _words():
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return np.array(["".join(rng.choice(letters, rng.integers(3, 10))) for _ in range(50_000)], dtype=object)


@dataclass(frozen=True)
class SyntheticDocuments(ShardStep):
    """A share of ``documents``; a pure function of the shard."""

    name: ClassVar[str] = "documents"

    documents: int

    def run(self, shard: str, context: ShardContext) -> StepResult:
        words, texts, names = _words(), [], []
        for file in context.shard(shard).files:
            rng = np.random.default_rng(file.number)
            for n in range(min(DOCUMENTS_PER_SHARD, self.documents - file.number * DOCUMENTS_PER_SHARD)):
                if rng.random() < 0.3:
                    family = np.random.default_rng(10**9 + int(self.documents / 20 * rng.random() ** 3))
                    drawn = _drawn(family)
                    changed = np.flatnonzero(rng.random(len(drawn)) < CHANGED_SHARES[rng.integers(4)])
                    drawn[changed] = rng.integers(0, len(words), len(changed))
                else:
                    drawn = _drawn(rng)
                texts.append(" ".join(words[drawn]))
                names.append(f"{file.number}:{n}")
        table = pa.table({"id": names, "url": names, "text": texts})
        return StepResult(table, len(names), len(names))


def _drawn(rng):
    """Word numbers of one document, frequencies falling as in text (Zipf)."""
    return (50_000 ** rng.random(rng.integers(40, 80))).astype(np.int64) - 1


@dataclass(frozen=True)
class AllKept(ShardStep):
    name: ClassVar[str] = "decided"

    documents: ShardStep

    def run(self, shard: str, context: ShardContext) -> StepResult:
        identity = context.read(self.documents, shard, ["id"])["id"]
        n = len(identity)
        columns = [identity, pa.array(np.ones(n, bool)), pa.nulls(n, pa.string()), pa.array([[]] * n, CROSSED)]
        return StepResult(pa.table(columns, names=["id", "kept", "reason", "crossed"]), n, n)


def pipeline(documents, minhash, min_similarity=0.0, ranges=1):
    decided = AllKept(documents)
    components = Components("crawl", BandBuckets("crawl", ComputeSignatures(TextColumn(documents), minhash), decided, ranges))
    clusters = FuzzyClusters("crawl", Candidates(components, TextColumn(documents), minhash), ranges, min_similarity)
    return ResolveClusters(decided, clusters)


def context_of(root, files, memory_bytes):
    crawl = Crawl("c", "warc", tuple(SourceFile(i, f"f{i}") for i in range(files)))
    return ShardContext(crawl, Source("/nowhere"), Store(root), memory_bytes)


def work_off(step, context, workers):
    """Reports of everything that was made."""
    plan, reports = Plan([step], context), []
    pool = Pool(Job(context, plan.steps), workers)
    try:
        while works := plan.missing():
            for outcome in pool.run(works[0].stage.steps, works[0].todo):
                if outcome.error:
                    raise outcome.error
                for report in outcome.reports:
                    plan.mark(report["address"], outcome.shard)
                reports += outcome.reports
    finally:
        pool.close()
    return reports


# ------------------------------------------------------------------ speed


def speed():
    texts = known_documents()["text"].to_pylist()
    size_mb = sum(len(t.encode()) for t in texts) / 1e6
    few = texts[::12]
    few_mb = sum(len(t.encode()) for t in few) / 1e6
    rows = []

    def timed(name, mb, function):
        begin = time.process_time()
        function()
        rows.append((name, mb / (time.process_time() - begin)))

    fineweb = PRESETS["fineweb"]
    shingles(texts[:50], 5)

    def winnow():
        for i in range(0, len(texts), 200):
            fineweb.band_keys(shingles(texts[i : i + 200], 5, fold_digits=True))

    timed("Winnow, 14 x 8", size_mb, winnow)
    timed("datatrove, 14 x 8", few_mb, lambda: _datatrove_signatures(few))
    timed("datasketch, 112 permutations", few_mb, lambda: _datasketch(few))
    timed("rensa (Rust), 112 permutations", few_mb, lambda: _rensa(few))
    print(
        f"Signatures of {len(texts)} texts, {size_mb:.1f} MB (peers: every 12th text), MB/s of CPU time:\n\n| | MB/s | Winnow is |\n| --- | --- | --- |"
    )
    for name, rate in rows:
        print(f"| {name} | {rate:.2f} | {rows[0][1] / rate:.1f}x |")


def _datatrove_signatures(texts):
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    with tempfile.TemporaryDirectory() as folder:
        block = MinhashDedupSignature(folder, MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8))
        block.run(Document(text=t, id=str(i)) for i, t in enumerate(texts))


def _ngrams(text):
    words = text.lower().split()
    return {" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))}


def _datasketch(texts):
    from datasketch import MinHash as Peer

    for text in texts:
        Peer(num_perm=112).update_batch([g.encode() for g in _ngrams(text)])


def _rensa(texts):
    from rensa import RMinHash

    for text in texts:
        RMinHash(num_perm=112, seed=1).update(list(_ngrams(text)))


# ------------------------------------------------------------------ quality


def quality():
    table = known_documents()
    names, texts = table["id"].to_pylist(), table["text"].to_pylist()
    found = shingles(texts, 5)
    sets = [np.unique(found.hashes[a:b]) for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)]
    place = {name: i for i, name in enumerate(names)}
    with gzip.open(SHARED / "dup_pairs.jsonl.gz") as f:
        labelled = [p for p in map(json.loads, f) if p["a_id"] in place and p["b_id"] in place]
    injected = {}
    with (SHARED / "dup_clusters.jsonl").open() as f:
        for cluster in map(json.loads, f):
            for member in cluster["members"]:
                injected.setdefault(member, set()).add(cluster["cluster"])
    print(
        "| | recall, J >= 0.8 recomputed | recall, J >= 0.8 of the gold text | removed | precision of removal |\n| --- | --- | --- | --- | --- |"
    )
    ways = {
        "Winnow, verified (default)": lambda: _winnow_removes(PRESETS["verified"], 0.8, names),
        "Winnow, preset fineweb": lambda: _winnow_removes(PRESETS["fineweb"], 0.0, names),
        "datatrove, 14 x 8": lambda: _datatrove_removes(names, texts),
    }
    for way, removes in ways.items():
        kept_for = removes()
        recalls = []
        for measure in (lambda p: jaccard(sets[place[p["a_id"]]], sets[place[p["b_id"]]]), lambda p: p["jaccard_word5_gold"]):
            wanted = [p for p in labelled if measure(p) >= 0.8]
            hits = sum(p["a_id"] in kept_for or p["b_id"] in kept_for for p in wanted)
            recalls.append(f"{hits / len(wanted):.4f} of {len(wanted)}")
        # A document is removed rightly if it and the one kept for it were made from one page, or are as similar as the bar says.
        right = sum(
            bool(injected.get(a, set()) & injected.get(b, set())) or jaccard(sets[place[a]], sets[place[b]]) >= 0.8
            for a, b in kept_for.items()
        )
        print(f"| {way} | {recalls[0]} | {recalls[1]} | {len(kept_for)} | {right / len(kept_for):.4f} |", flush=True)


def _winnow_removes(minhash, min_similarity, names):
    """Of each document that goes the one that stays for it."""
    with tempfile.TemporaryDirectory() as root:
        context = context_of(root, -(-len(names) // 1000), 1 << 30)
        step = pipeline(KnownDocuments(), minhash, min_similarity)
        work_off(step, context, 1)
        columns = ["id", "minhash_cluster", "minhash_cluster_rank"]
        rows = [r for key in context.shard_keys for r in context.read(step, key, columns).to_pylist()]
    return {r["id"]: r["minhash_cluster"] for r in rows if r["minhash_cluster_rank"]}


def _datatrove_removes(names, texts):
    """As ``_winnow_removes``; of a cluster the first document stays."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    with tempfile.TemporaryDirectory() as folder:
        documents = [Document(text=t, id=n) for n, t in zip(names, texts, strict=True)]
        MinhashDedupSignature(f"{folder}/sig", config).run(iter(documents))
        for bucket in range(config.num_buckets):
            MinhashDedupBuckets(f"{folder}/sig", f"{folder}/buckets", config=config).run(None, bucket, config.num_buckets)
        MinhashDedupCluster(f"{folder}/buckets", f"{folder}/removed", config=config, save_cluster_id=True).run()
        writer = JsonlWriter(f"{folder}/out")
        block = MinhashDedupFilter(f"{folder}/removed", exclusion_writer=writer, load_cluster_ids=True)
        for _ in block.run(iter(documents)):
            pass
    first: dict[int, str] = {}
    clustered = [(d.id, d.metadata["minhash_cluster_id"]) for d in documents if d.metadata.get("minhash_cluster_id", -1) >= 0]
    return {name: kept for name, cluster in clustered if (kept := first.setdefault(cluster, name)) != name}


def removal():
    """What the report says of removal, for the default and for what is published."""
    passes = {"verified (default)": "", "`preset: fineweb`": ", preset: fineweb", "`preset: redpajama-0.8`": ", preset: redpajama-0.8"}
    files = {"chains": DATA / "capabilities/17-verified-dedup/chains.parquet", "dedup": SHARED / "documents.parquet"}
    print("| texts | pass | removed | below own similarity | false removals, 95 % interval | CPU-s of the audit | of deduplication |")
    print("| --- | --- | --: | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        for texts, path in files.items():
            for name, options in passes.items():
                recipe = Path(folder) / "recipe.yaml"
                recipe.write_text(f"extends: raw\ndeduplicate: [{{by: minhash{options}}}]\n")
                summary = summary_of(finished(path, recipe, Path(folder) / "store"))
                below, false = summary.figures["removal"]
                audit = sum(s.cpu_s for s in summary.steps if "remov" in s.name)
                rest = sum(
                    s.cpu_s for s in summary.steps if s.name in ("sign", "band-buckets", "components", "candidates", "cluster-minhash")
                )
                interval = f"{false.value:.3f} ({false.low or 0:.3f} to {false.high or 0:.3f}, {false.sample_size} pairs)"
                print(f"| {texts} | {name} | {below.sample_size} | {below.value:.3f} | {interval} | {audit:.1f} | {rest:.1f} |", flush=True)


def take_downs():
    """What it costs to hold every page against the store's take-downs."""
    texts = known_documents()["text"].to_pylist()
    size_mb = sum(len(t.encode()) for t in texts) / 1e6
    print("| entries | MB/s | pages that go |\n| --: | --: | --: |")
    for entries in (1, 100, 2000):
        forbidden = Forbidden([Entry(str(i), "", "", "asked", "").with_text(f"{t} taken down") for i, t in enumerate(texts[:entries])])
        begin = time.process_time()
        gone = sum(number >= 0 for number, *_ in forbidden.met([""] * len(texts), [""] * len(texts), texts))
        print(f"| {entries} | {size_mb / (time.process_time() - begin):.1f} | {gone} |", flush=True)


# ------------------------------------------------------------------ inside texts


def spans():
    size_mb = sum(len(t.encode()) for t in known_documents()["text"].to_pylist()) / 1e6
    documents = KnownDocuments()
    decided = AllKept(documents)
    ways = {
        "paragraph": CutRepeatedParagraphs(
            TextColumn(documents), decided, RepeatedParagraphs("crawl", Paragraphs(TextColumn(documents)), decided, 1)
        ),
        "substring": CutRepeatedSubstrings(
            TextColumn(documents), decided, RepeatedWindows("crawl", Windows(TextColumn(documents)), decided, 1)
        ),
    }
    print("| by | MB/s | by step | characters cut | artifacts, bytes per byte of text | peak MB |\n| --- | --- | --- | --- | --- | --- |")
    for way, step in ways.items():
        with tempfile.TemporaryDirectory() as root:
            context = context_of(root, 10, 1 << 30)
            reports = [r for r in work_off(step, context, 1) if r["step"] not in ("documents", "decided")]
            disk = sum(r["data"]["bytes"] for r in reports)
        cpu = {}
        for r in reports:
            cpu[r["step"]] = cpu.get(r["step"], 0.0) + r["cpu_s"]
        rates = ", ".join(f"{name} {size_mb / s:.0f}" for name, s in cpu.items())
        cut = sum(r["notes"].get("chars_removed", 0) for r in reports) / 1e6
        peak = max(r["peak_rss_bytes"] for r in reports) / 1e6
        print(f"| {way} | {size_mb / sum(cpu.values()):.1f} | {rates} | {cut:.1f} M | {disk / 1e6 / size_mb:.2f} | {peak:.0f} |")


# ------------------------------------------------------------------ scale


def scale(documents, workers, memory_gib):
    files = -(-documents // DOCUMENTS_PER_SHARD)
    with tempfile.TemporaryDirectory(dir="/tmp") as root:
        context = context_of(root, files, int(memory_gib * (1 << 30)))
        step = pipeline(SyntheticDocuments(documents), PRESETS["fineweb"])
        begin = time.monotonic()
        reports = work_off(step, context, workers)
        wall = time.monotonic() - begin
        disk = sum(size for name, size in context.store.files("steps").items() if "/documents" not in name)
    cpu, peak = {}, {}
    for r in reports:
        cpu[r["step"]] = cpu.get(r["step"], 0.0) + r["cpu_s"]
        peak[r["step"]] = max(peak.get(r["step"], 0), r["peak_rss_bytes"])
    own = sum(s for name, s in cpu.items() if name not in ("documents", "decided"))
    removed = sum(sum(r["dropped"].values()) for r in reports if r["step"] == "dedup-minhash")
    print(
        f"{documents} documents, {workers} workers, bound {memory_gib} GiB: {wall:.0f} s wall, {own:.1f} CPU-s of deduplication, ", end=""
    )
    print(f"{documents / own:.0f} documents per core-second, {removed} removed, {disk / documents:.0f} bytes of artifacts per document")
    print("peak MB of a worker by step:", {name: round(b / 1e6) for name, b in peak.items()})
    print("CPU-s by step:", {name: round(s, 1) for name, s in cpu.items()})
    print(f"peak of the main process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def curves(out):
    """The S-curves as SVG: probability that two documents share a bucket, by their similarity."""
    width, height, left, colours = 720, 420, 60, ("#c2410c", "#0f766e", "#1d4ed8", "#7c3aed", "#a16207", "#be185d")
    grid = np.linspace(0, 1, 201)

    def at(s, p):
        return f"{left + s * (width - left - 170):.1f},{height - 50 - p * (height - 80):.1f}"

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">']
    lines.append(f'<rect width="{width}" height="{height}" fill="#ffffff"/>')
    for tick in np.linspace(0, 1, 6):
        x, y = at(tick, 0).split(",")
        lines.append(f'<text x="{x}" y="{height - 30}" text-anchor="middle" fill="#444">{tick:.1f}</text>')
        x, y = at(0, tick).split(",")
        lines.append(f'<text x="{left - 8}" y="{float(y) + 4:.1f}" text-anchor="end" fill="#444">{tick:.1f}</text>')
        lines.append(f'<polyline points="{at(0, tick)} {at(1, tick)}" stroke="#ddd" fill="none"/>')
    for n, ((name, minhash), colour) in enumerate(zip(PRESETS.items(), colours, strict=True)):
        points = " ".join(at(s, minhash.probability(s)) for s in grid)
        lines.append(f'<polyline points="{points}" stroke="{colour}" stroke-width="2" fill="none"/>')
        label = f"{name}: {minhash.bands} x {minhash.rows}"
        lines.append(f'<text x="{width - 165}" y="{60 + 22 * n}" fill="{colour}">{label}</text>')
    lines.append(
        f'<text x="{(left + width - 170) / 2}" y="{height - 8}" text-anchor="middle" fill="#222">Jaccard similarity of the shingles</text>'
    )
    lines.append(f'<text x="{left}" y="18" fill="#222">probability of sharing a bucket</text></svg>')
    Path(out).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "quality", "removal", "take-downs", "spans", "scale", "curves"))
    parser.add_argument("out", nargs="?", default="docs/images/minhash-curves.svg")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory-gib", type=float, default=1.0)
    args = parser.parse_args()
    if args.what == "scale":
        scale(args.documents, args.workers, args.memory_gib)
    elif args.what == "curves":
        curves(args.out)
    else:
        {"speed": speed, "quality": quality, "removal": removal, "take-downs": take_downs, "spans": spans}[args.what]()


if __name__ == "__main__":
    sys.exit(main())
