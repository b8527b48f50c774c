"""Train the model of ``tasks/extract/extractors/learned_blocks.py`` and measure it on folds apart by registered domain. One command:

    make extractor-model          # or: python -m tests.benchmarks.train_block_model [--folds-only] [--without SET ...] [--seeds N ...]

Needs ``../shared/data``; about ten minutes on two cores. Writes ``tasks/extract/extractors/block_model.json`` and its card ``block_model.md``. Another
machine may train a slightly different model; what is written down is what counts, and its digest is part of every address that depends on it.

A block's label is the share of its words that a longest common subsequence of page and gold matches (bit-parallel: Hyyrö 2004), and for blocks out
of order the share of word trigrams that the gold has. Pages weigh about the same each, as in the metric: their blocks by words. Those not in
English, a quarter, weigh more.
"""

import argparse
import collections
import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tldextract
from resiliparse.parse.html import HTMLTree

from tests.benchmarks import extraction_quality as quality
from tests.benchmarks.machine import REAL
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.plain import write
from winnow.tasks.extract.extractors import block_trees
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.learned_blocks import content
from winnow.tasks.extract.extractors.page_blocks import Page, page_blocks
from winnow.tasks.models.trees import from_json

FOLDS = 5
DEPTH = 7
LEAF_UNIT = 4096
OTHER_LANGUAGES = 1.5
SETTINGS = {
    "iterations": 320,
    "depth": DEPTH,
    "learning_rate": 0.08,
    "l2_leaf_reg": 5,
    "border_count": 32,
    "rsm": 0.4,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.7,
    "loss_function": "CrossEntropy",
    "thread_count": 2,
    "verbose": 0,
    "allow_writing_files": False,
}
# Research use only, or no licence stated: measured on, never trained on.
LEFT_OUT = {
    "l3s-gn1": "research use only",
    "msvcode-ir": "research use only",
    "cleaneval": "research data of 2007",
    "cleanportaleval": "unstated",
}
EXTRACT = tldextract.TLDExtract(suffix_list_urls=())


@dataclass
class Example:
    """A gold page: its blocks, features x blocks, labels in [0, 1], words per block."""

    row: dict
    html: str
    page: Page
    texts: list[str]
    names: list[str]
    matrix: np.ndarray
    label: np.ndarray
    words: np.ndarray
    fold: int


def tokens(text):
    return quality.re.findall(r"\w+", quality.CJK.sub(r" \1 ", text.lower()))


def labels(texts, gold):
    from rapidfuzz.distance import LCSseq

    blocks = [tokens(t) for t in texts]
    number = {}
    coded = [number.setdefault(w, len(number)) for block in blocks for w in block]
    owner = np.repeat(np.arange(len(blocks)), [len(b) for b in blocks])
    words = np.asarray([len(b) for b in blocks])
    hits = np.zeros(len(blocks))
    for part in LCSseq.opcodes(coded, [number.setdefault(w, len(number)) for w in gold]):
        if part.tag == "equal":
            np.add.at(hits, owner[part.src_start : part.src_end], 1)
    share = hits / np.maximum(words, 1)
    left = collections.Counter(gold)
    for block, s in zip(blocks, share, strict=True):
        if s >= 0.5:
            left.subtract(block)
    left = +left
    trigrams = set(zip(gold, gold[1:], gold[2:], strict=False))
    for i in sorted(np.flatnonzero((share < 0.5) & (words >= 3)), key=lambda i: -words[i]):
        block = blocks[i]
        known = sum(t in trigrams for t in zip(block, block[1:], block[2:], strict=False)) / (len(block) - 2)
        wanted = (collections.Counter(block) & left).total() / len(block)
        if min(known, wanted) >= 0.7:
            share[i] = max(share[i], min(known, wanted))
            left.subtract(block)
            left = +left
    return share, words


def fold_of(url):
    domain = EXTRACT(url).top_domain_under_public_suffix or url.split("/")[2]
    return int(hashlib.sha1(domain.encode()).hexdigest(), 16) % FOLDS


def examples(snapshot):
    """One per gold page; pages without blocks have none of anything, and count as zero in the scores."""
    rows = quality.gold(snapshot)
    for identity, html in quality.pages(rows, snapshot):
        row = rows[identity]
        page = page_blocks(HTMLTree.parse(html.encode("utf-8", "replace").decode()))
        if not len(page.block_element):
            yield Example(row, html, page, [], [], np.zeros((0, 0), np.float32), np.zeros(0), np.zeros(0), fold_of(row["url"]))
            continue
        names, matrix, texts = features(page)
        label, words = labels(texts, tokens(row["gold_text"]))
        yield Example(row, html, page, texts, names, matrix, label, words, fold_of(row["url"]))


def weight(example):
    """By words; a page's weight falls with the words wanted, and with the words it has beside them."""
    wanted = max(20.0, float((example.label * example.words).sum()))
    page = 1.0 if (example.row.get("lang") or "en") == "en" else OTHER_LANGUAGES
    return page * np.maximum(example.words, 0.3) / wanted**0.75 / max(1.0, example.words.sum() / wanted) ** 0.25


def train(chosen, seed):
    """Examples -> the model as plain data, ready for ``trees.from_json``."""
    from catboost import CatBoost, Pool

    booster = CatBoost({**SETTINGS, "random_seed": seed})
    data = np.concatenate([e.matrix.T for e in chosen])
    booster.fit(Pool(data, np.concatenate([e.label for e in chosen]).clip(0, 1), weight=np.concatenate([weight(e) for e in chosen])))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        booster.save_model(str(path), format="json")
        raw = json.loads(path.read_text())
    return plain(raw, chosen[0].names)


def plain(raw, names):
    """CatBoost's JSON -> ours: borders by feature, questions as places in them, leaves as integers with the scale in them."""
    scale, (bias,) = raw["scale_and_bias"]
    used = sorted({(s["float_feature_index"], float(np.float32(s["border"]))) for t in raw["oblivious_trees"] for s in t["splits"] or []})
    place = {split: k for k, split in enumerate(used)}
    borders = {}
    for feature, border in used:
        borders.setdefault(names[feature], []).append(border)
    unit = scale * LEAF_UNIT
    questions, leaves = [], []
    for tree in raw["oblivious_trees"]:
        splits = [place[s["float_feature_index"], float(np.float32(s["border"]))] for s in tree["splits"] or []]
        values = [round(v * unit) for v in tree["leaf_values"]]
        questions.append(splits + [0] * (DEPTH - len(splits)))
        leaves.append(values * (2 ** (DEPTH - len(splits))))
    return {
        "format": 1,
        "depth": DEPTH,
        "leaf_unit": LEAF_UNIT,
        "bias": round(bias * LEAF_UNIT),
        "borders": borders,
        "questions": questions,
        "leaves": leaves,
    }


def text_by(trees, e):
    if not e.texts:
        return ""
    words = e.matrix[e.names.index("words")].astype(np.int64)
    return write(content(e.page, trees.probabilities(e.names, e.matrix), words, e.texts, InText(e.html), emphasis=False))[0]


def by_folds(pages, usable, seed):
    """The means of all pages, each by the model that saw none of its domain."""
    models = [from_json(train([e for e in usable if e.fold != k], seed)) for k in range(FOLDS)]
    return quality.means((e.row, text_by(models[e.fold], e)) for e in pages)


def table(scores):
    """Means over the seeds; the last column says how far the seeds are apart."""
    lines = ["| pages | n | P | R | F1 | least and most F1 |", "|---|--:|--:|--:|--:|--:|"]
    for key, (n, *_) in sorted(scores[0].items(), key=lambda kv: -kv[1][0]):
        if n >= quality.MIN_PAGES:
            p, r, f = (sum(s[key][i] for s in scores) / len(scores) for i in (1, 2, 3))
            each = [s[key][3] for s in scores]
            lines.append(f"| {key} | {n} | {p:.3f} | {r:.3f} | {f:.4f} | {min(each):.4f} {max(each):.4f} |")
    return "\n".join(lines)


def card(trained, scores):
    sets = collections.Counter((e.row["source"], e.row["repo"].replace("+", "/"), e.row["licence"]) for e in trained)
    left_out = "\n".join(f"- {name}: {why}" for name, why in LEFT_OUT.items())
    rows = "\n".join(f"| {source} | {repo} | {licence} | {n} |" for (source, repo, licence), n in sorted(sets.items(), key=lambda x: -x[1]))
    return f"""# Card of block_model.json

What it is: {SETTINGS["iterations"]} oblivious trees of depth {DEPTH} that say how likely a block of a web page is content, for `learned_blocks.LearnedBlocks`.
Made by `make extractor-model` (tests/benchmarks/train_block_model.py). This file is written by the same command.

The model holds thresholds and weights of numbers such as lengths, shares of links and depths; no text of any page.

## Trained on {len(trained)} pages

| set | repository | licence as stated there | pages |
|---|---|---|--:|
{rows}

The licences cover annotations, or the whole repository; the pages belong to their owners. Two sets are copyleft (GPL-3.0, AGPL-3.0): neither licence
forbids training, and none of their text is in the model. Who reads them more strictly trains without them (`--without`).

Left out, because of their licences; they serve for measuring only:
{left_out}

## Measured

Word F1 as in the acceptance checks, mean over pages, {FOLDS} folds apart by registered domain; the sets left out are scored by the model that saw none of the page's domain. Means of {len(scores)} trainings
with other seeds.

{table(scores)}

## Limits

Mostly news and blog articles in nine languages; few listings, shops and forums. Text that scripts draw in the browser is not seen. In each page the blocks with the
highest expected F1 are taken, so pages without an article give their likeliest blocks, not nothing. What is lost, and how much of it other choices of
these blocks could win, is what `python -m tests.benchmarks.extraction_losses` prints; docs/extraction.md has a copy.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds-only", action="store_true", help="measure, write nothing")
    parser.add_argument("--no-folds", action="store_true", help="write the model, leave the card")
    parser.add_argument("--without", nargs="*", default=[], help="sets to leave out as well")
    parser.add_argument(
        "--seeds", nargs="*", type=int, default=[3, 4, 5], help="the folds are trained once with each, the model with the first"
    )
    parser.add_argument("--snapshot", type=Path, default=REAL)
    args = parser.parse_args()
    pages = list(examples(args.snapshot))
    usable = [e for e in pages if e.texts and e.row["source"] not in {*LEFT_OUT, *args.without}]
    scores = [] if args.no_folds else [by_folds(pages, usable, seed) for seed in args.seeds]
    if scores:
        print(table(scores))
    if not args.folds_only:
        block_trees.MODEL.write_text(json.dumps(train(usable, args.seeds[0]), separators=(",", ":")) + "\n")
        if scores:
            block_trees.MODEL.with_suffix(".md").write_text(card(usable, scores))


if __name__ == "__main__":
    main()
