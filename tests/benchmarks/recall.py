"""Recall of topics from 50 seeds: ``python -m tests.benchmarks.recall [TOPIC...] [--sample N] [--draws N]``; of several draws, the mean with the least and the most.

The labelled news of ../shared/data (16 languages, seven topics). Seeds are 50 documents of the topic, drawn by hash from hosts apart from the pool's (``hosts``: the seeds
are of the small sites and the pool is bbc.com with all its languages; ``other``: the other way round) or from parts of the pool's sites (``places``: hosts are split by
their first path, which at bbc.com is a language). The judge is the gold label of what is asked. Told are recall and precision of all that is collected, and of the
documents that nobody judged alone.
"""

import gzip
import json
import sys
import time

import numpy as np
import xxhash

from tests.shared import DATA
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.judge import LabelJudge
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pool, Pooled, place_of
from winnow.tasks.recall.rounds import Recall, digest_of

TOPICS = ("health", "politics", "business", "sports", "entertainment")
BBC = "www.bbc.com"


def news():
    with gzip.open(DATA / "capabilities/04-topic-recall/masakhanews_docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def split(rows, topic, how):
    """Seeds, and the documents of the pool."""

    def of_seeds(r):
        host, path = place_of(r["url"] or "")
        if how == "hosts":
            return host != BBC
        if how == "other":
            return host == BBC
        return xxhash.xxh3_64_intdigest(f"{host}{path}".encode(), 1) % 3 == 0

    order = sorted(rows, key=lambda r: xxhash.xxh3_64_intdigest(r["text"].encode("utf-8", "replace")))
    seeds = [Text(r["text"], r["url"] or "") for r in order if r["topic"] == topic and of_seeds(r)][:50]
    return seeds, [r for r in rows if not of_seeds(r)]


def measure_draws(topic, how, sample, draws):
    found = [each for seed in range(draws) if (each := measure(topic, how, sample, seed, quiet=draws > 1))]
    if draws > 1 and found:
        recall, precision = zip(*found, strict=True)
        said = [f"{sum(x) / len(x):.3f} ({min(x):.3f} to {max(x):.3f})" for x in (recall, precision)]
        print(f"| {topic} | {how} | {said[0]} | {said[1]} |", flush=True)
    return found


def measure(topic, how, sample, seed=0, *, quiet=False):
    seeds, rows = split(news(), topic, how)
    if len(seeds) < 50:
        if not quiet:
            print(f"| {topic} | {how} | {len(seeds)} seeds only | | | | | | |")
        return None
    documents = [Pooled(str(n), Text(r["text"], r["url"] or "")) for n, r in enumerate(rows)]
    gold = np.array([r["topic"] == topic for r in rows])
    judge = LabelJudge({str(n): (r["topic"],) for n, r in enumerate(rows)}, topic, {})
    begin = time.process_time()
    recall = Recall(topic, tuple(seeds), Pool(lambda: iter(documents)), judge, RecallOptions(sample=sample, seed=seed), {})
    rounds = recall.run(lambda number: None, lambda number, found, made: None)
    seconds = time.process_time() - begin
    last = rounds[-1]
    taken = np.isin(np.array([d.id for d in documents]), last["collected"])
    judged = np.isin(np.array([d.id for d in documents]), list(last["known"]))
    right = int((taken & gold).sum())
    alone = taken & ~judged
    left = gold & ~judged
    if quiet:
        return right / gold.sum(), right / max(1, taken.sum())
    print(
        f"| {topic} | {how} | {len(documents)}, {int(gold.sum())} | {len(rounds)} | {len(last['known'])} | {right / gold.sum():.3f} | {right / max(1, taken.sum()):.3f} | "
        f"{last['cut']['recall']:.3f}, {last['cut']['precision']:.3f} | {int((alone & gold).sum())} of {int(left.sum())}, precision {(alone & gold).sum() / max(1, alone.sum()):.3f} | {digest_of(rounds)[7:15]} {seconds:.0f} s |",
        flush=True,
    )
    return right / gold.sum(), right / max(1, taken.sum())


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sample = int(arguments[arguments.index("--sample") + 1]) if "--sample" in arguments else 200
    draws = int(arguments[arguments.index("--draws") + 1]) if "--draws" in arguments else 1
    topics = [a for a in arguments if a in TOPICS] or TOPICS
    if draws == 1:
        print(
            "| topic | seeds apart by | pool, of the topic | rounds | judged | recall | precision | estimated | not judged | digest, CPU |"
        )
        print("| --- | --- | --: | --: | --: | --: | --: | --: | --- | --- |")
    every = [each for how in ("hosts", "other", "places") for topic in topics for each in measure_draws(topic, how, sample, draws)]
    recalls, precisions = zip(*every, strict=True)
    print(f"Mean of {len(every)} recalls: recall {np.mean(recalls):.3f}, precision {np.mean(precisions):.3f}")
