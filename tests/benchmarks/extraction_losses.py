"""Where the learned extractor loses words: what other choices of blocks would reach, and what is missed or taken for nothing, by kind and place.

    python -m tests.benchmarks.extraction_losses [--seed 3] [--snapshot DIR]

Needs what ``train_block_model`` needs; some four minutes of one core. Every page is judged by the model of the folds that saw none of its domain.

``taken``: F1 of the blocks with the highest expected F1, before units, headings and copies are mended. ``half``: of the blocks that are content rather than not. ``best cut``:
of the best threshold, chosen for each page with its gold in hand: what is left to a better threshold is below that. ``best blocks``: of the best share of each block that the
gold has: what is left to a better classifier of these blocks is below that, and the rest is lost by how a page is cut into blocks.

The second table splits 1 - F1 of ``taken``, nearly: labels know the order of words, and F1 does not. With C words chosen, G of gold and H in both, it is ((C - H) + (G - H)) / (C + G), so each word that is taken for nothing, or missed, costs the
same on a page; which block it is in comes from the labels of the training. ``elsewhere`` are gold words in no block.
"""

import argparse
import collections
from pathlib import Path

import numpy as np

from tests.benchmarks import extraction_quality as quality
from tests.benchmarks import train_block_model as training
from tests.benchmarks.machine import REAL
from winnow.tasks.extract.extractors import block_trees

CHOICES = ("taken", "half", "best cut", "best blocks")
WANTED = 0.5  # a block is wanted if the gold has this share of its words
# Kind, feature, the least value: a block is of the first kind that holds.
KINDS = (
    ("heading", "heading", 1),
    ("comment or post", "comment_above", 1),
    ("comment or post", "thread_above", 1),
    ("related pages", "related_above", 1),
    ("caption", "caption_near", 1),
    ("navigation, sides, foot", "nav_above", 1),
    ("navigation, sides, foot", "side_above", 1),
    ("navigation, sides, foot", "foot_above", 1),
    ("links", "link_share", 0.5),
    ("item of a list", "li_tag", 1),
    ("prose of 12 words or more", "words", 12),
    ("short", "words", 0),
)
PLACES = ("before", "inside", "behind")


def of_prefixes(order, counts, gold):
    """F1 after each block, in this order."""
    left, whole = dict(gold), sum(gold.values())
    chosen = both = 0
    out = np.zeros(len(order))
    for place, block in enumerate(order):
        for word, times in counts[block].items():
            chosen += times
            kept = min(left.get(word, 0), times)
            if kept:
                both += kept
                left[word] -= kept
        out[place] = 2 * both / max(1, chosen + whole)
    return out


def best_of(scores, counts, gold):
    """The highest F1 of all cuts by score."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.diff(scores[order]) != 0, True)
    return float(of_prefixes(order, counts, gold)[ends].max())


def of_choice(chosen, counts, gold):
    places = np.flatnonzero(chosen)
    return float(of_prefixes(places, counts, gold)[-1]) if len(places) else 0.0


def kinds_of(e):
    rows = np.stack([e.matrix[e.names.index(feature)] >= least for _, feature, least in KINDS])
    return [KINDS[k][0] for k in rows.argmax(axis=0)]


def places_of(e):
    """Where each block is: before the first that is wanted, behind the last, or between them."""
    wanted = np.flatnonzero((e.label >= WANTED) & (e.words > 0))
    if not len(wanted):
        return ["before"] * len(e.texts)
    return ["before" if b < wanted[0] else "behind" if b > wanted[-1] else "inside" for b in range(len(e.texts))]


def losses_of(e, chosen, gold_words):
    """(kind, place, what) -> its part of the page's 1 - F1."""
    whole = max(1.0, float(e.words[chosen].sum()) + gold_words)
    out = collections.Counter()
    known = np.clip(e.label, 0, 1) * e.words
    for block, (kind, place) in enumerate(zip(kinds_of(e), places_of(e), strict=True)):
        if chosen[block]:
            out[kind, place, "taken for nothing"] += (e.words[block] - known[block]) / whole
        else:
            out[kind, place, "missed"] += known[block] / whole
    out["elsewhere", "", "missed"] += max(0.0, gold_words - float(known.sum())) / whole
    return out


def judged(pages, usable, seed):
    """Page, the F1 of each choice, its losses."""
    models = [block_trees.from_json(training.train([e for e in usable if e.fold != k], seed)) for k in range(training.FOLDS)]
    for e in pages:
        gold = quality.words(e.row["gold_text"])
        whole = sum(gold.values())
        if not e.texts:
            yield e, [0.0] * len(CHOICES), collections.Counter({("elsewhere", "", "missed"): 1.0})
            continue
        chances = models[e.fold].probabilities(e.names, e.matrix)
        chosen = block_trees.best_blocks(chances, e.matrix[e.names.index("words")].astype(np.int64))
        counts = [quality.words(t) for t in e.texts]
        f1 = [of_choice(chosen, counts, gold), of_choice(chances * 2 >= block_trees.CERTAIN, counts, gold)]
        yield e, [*f1, best_of(chances, counts, gold), best_of(e.label, counts, gold)], losses_of(e, chosen, whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--snapshot", type=Path, default=REAL)
    args = parser.parse_args()
    pages = list(training.examples(args.snapshot))
    usable = [e for e in pages if e.texts and e.row["source"] not in training.LEFT_OUT]
    groups, losses = collections.defaultdict(list), collections.Counter()
    for e, f1, lost in judged(pages, usable, args.seed):
        for key in ("all", f"set {e.row['source']}", f"type {e.row.get('page_type') or '?'}", f"lang {e.row.get('lang') or '?'}"):
            groups[key].append(f1)
        for key, part in lost.items():
            losses[key] += part / len(pages)
    print("| pages | n | " + " | ".join(CHOICES) + " |\n|---|--:|" + "--:|" * len(CHOICES))
    for key, rows in sorted(groups.items(), key=lambda kv: -len(kv[1])):
        if len(rows) >= quality.MIN_PAGES:
            print(f"| {key} | {len(rows)} | " + " | ".join(f"{x:.3f}" for x in np.mean(rows, axis=0)) + " |")
    columns = [(place, what) for what in ("missed", "taken for nothing") for place in PLACES]
    print("\n| block | " + " | ".join(f"{what} {place}" for place, what in columns) + " | all |\n|---|" + "--:|" * (len(columns) + 1))
    by_kind = collections.Counter()
    for (kind, _, _), part in losses.items():
        by_kind[kind] += part
    for kind, part in by_kind.most_common():
        print(f"| {kind} | " + " | ".join(f"{losses[kind, place, what]:.4f}" for place, what in columns) + f" | {part:.4f} |")


if __name__ == "__main__":
    main()
