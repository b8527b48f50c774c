"""Figures of a score on labelled examples: the ranking, precision and recall at thresholds, calibration. Plain counts, nothing of a model."""

from typing import Any

import numpy as np

from winnow.tasks.engine.arrays import Bools, Floats

THRESHOLDS = tuple(round(0.1 * i, 1) for i in range(1, 10))
BINS = 10


def figures(scores: Floats, positive: Bools) -> dict[str, Any]:
    """What a card says of a score in [0, 1] on ``positive`` and other examples, at least one of each.

    ``auc``: that a positive example scores above another, ties half. ``thresholds``: one row per threshold, and the one with the best F1.
    ``calibration``: per tenth of the score, its mean and the share of positives; ``calibration_error``: their mean distance (ECE).
    """
    best = best_f1(scores, positive)
    rows = [at(scores, positive, t) for t in sorted({*THRESHOLDS, best})]
    bins = _calibration(scores, positive)
    return {
        "positives": int(positive.sum()),
        "negatives": int((~positive).sum()),
        "auc": round(auc(scores, positive), 4),
        "at_half": at(scores, positive, 0.5),
        "best_f1": at(scores, positive, best),
        "thresholds": rows,
        "calibration": bins,
        "calibration_error": round(sum(b["examples"] * abs(b["mean_score"] - b["positive_share"]) for b in bins) / len(scores), 4),
    }


def auc(scores: Floats, positive: Bools) -> float:
    """Area under the ROC curve (Mann and Whitney's U over the pairs)."""
    order = np.argsort(scores, kind="stable")
    _, starts, counts = np.unique(scores[order], return_index=True, return_counts=True)
    ranks = np.repeat(starts + (counts + 1) / 2, counts)
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive[order]].sum() - n * (n + 1) / 2) / (n * m))


def at(scores: Floats, positive: Bools, threshold: float) -> dict[str, float]:
    """Precision, recall, F1 and the share of other examples that pass, where a score of ``threshold`` or more is kept."""
    kept = scores >= threshold
    right = int((kept & positive).sum())
    precision = right / int(kept.sum()) if kept.any() else 0.0
    recall = right / int(positive.sum())
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    others = float(kept[~positive].mean())
    return {
        "threshold": threshold,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(f1, 4),
        "others_kept": round(others, 4),
    }


def best_f1(scores: Floats, positive: Bools) -> float:
    """The threshold, rounded down to four digits, that gives the best F1; the highest of equals."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    right = np.cumsum(positive[order])
    f1 = 2 * right / (np.arange(1, len(scores) + 1) + positive.sum())
    last = np.append(ordered[1:] != ordered[:-1], True)
    best = np.flatnonzero(last & (f1 >= f1[last].max()))[0]
    return float(np.floor(ordered[best] * 1e4) / 1e4)


def _calibration(scores: Floats, positive: Bools) -> list[dict[str, Any]]:
    places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    return [
        {
            "from": b / BINS,
            "to": (b + 1) / BINS,
            "examples": int(mine.sum()),
            "mean_score": round(float(scores[mine].mean()), 4),
            "positive_share": round(float(positive[mine].mean()), 4),
        }
        for b in range(BINS)
        if (mine := places == b).any()
    ]
