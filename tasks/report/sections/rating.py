"""The rating: weights of its raters, and the share of each language that bounds on the percentile keep."""

import numpy as np

from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

BOUNDS = (0.25, 0.5, 0.75, 0.9)
SHOWN = 20


@section
class RatingOfMany(Section):
    """What a limit on rating_percentile keeps, language by language."""

    name, title, chapter, place = "rating", "Rating", CONTENT, 65
    about = (
        "Several raters vote on pairs of documents of one language, and a Bradley-Terry model makes one rating of their weighed votes. A lower limit on "
        "rating_percentile keeps the same share of every language; where a language has few documents, or many that are rated the same, it cannot be exact."
    )
    needs = ("step:rating",)

    def content(self, evidence: Evidence) -> Content | None:
        kept: dict[str, np.ndarray] = {}
        for rated, placed in zip(evidence.read("rate", ["language"]), evidence.read("rating", ["rating_percentile"]), strict=True):
            languages = np.array(rated["language"].to_pylist(), object)
            place = placed["rating_percentile"].to_numpy(zero_copy_only=False)
            for name in set(languages.tolist()):
                mine = place[languages == name]
                counts = np.array([len(mine), np.isfinite(mine).sum(), *((mine >= bound).sum() for bound in BOUNDS)])
                kept[name] = kept.get(name, np.zeros(len(counts), np.int64)) + counts
        if not kept:
            return None
        rows = [
            {"language": name or "unknown", "documents": int(c[0]), "rated": int(c[1])}
            | {f"from_{bound}": round(int(n) / max(int(c[1]), 1), 4) for bound, n in zip(BOUNDS, c[2:], strict=True)}
            for name, c in sorted(kept.items(), key=lambda kv: (-int(kv[1][0]), kv[0]))
        ]
        weights: dict[str, float] = {}
        said = evidence.summary.recipe.get("rating")
        if isinstance(said, dict) and isinstance(said.get("raters"), dict):
            weights = dict(said["raters"])
        return Content({"rows": rows[:SHOWN], "bounds": BOUNDS, "weights": weights}, rows=rows)
