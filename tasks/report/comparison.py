"""Comparison: several extractors side by side on sampled pages, as one HTML file that asks nobody for anything. What was compared is in ``tasks/extract/compare.py``.

Texts, addresses and names of files are what some server said: all of it is escaped.
"""

from collections.abc import Sequence

from winnow.tasks.extract.compare import Compared
from winnow.tasks.report.page import stylesheet, templates

MOST_CHARS = 100_000  # shown of one text


def comparison_html(pages: Sequence[Compared], names: Sequence[str], source: str, seed: int) -> str:
    """The page. The same comparison gives the same bytes."""
    totals = [
        (
            name,
            sum(len(p.made[name].words) for p in pages),
            sum(bool(p.made[name].problem or not p.made[name].words) for p in pages),
            [(_shared(pages, name, other) if other != name else None) for other in names],
        )
        for name in names
    ]
    return (
        templates()
        .get_template("comparison.html.j2")
        .render(css=stylesheet(), pages=pages, names=names, totals=totals, source=source, seed=seed, pieces=_pieces, most=MOST_CHARS)
    )


def _shared(pages: Sequence[Compared], name: str, other: str) -> float | None:
    """Of all words of one extractor the share that another has, too; None if it has none."""
    words = sum(len(p.made[name].words) for p in pages)
    return sum(p.shares[name][other] * len(p.made[name].words) for p in pages) / words if words else None


def _pieces(page: Compared, name: str) -> list[tuple[str, str]]:
    """The pieces of a text with their marks, as far as it is shown."""
    made = page.made[name]
    if not made.words:
        return [(made.text[:MOST_CHARS], "")]
    left, shown = MOST_CHARS, []
    for text, kind in made.pieces(len(page.made) - 1):
        shown.append((text[:left], kind))
        left -= len(text)
        if left <= 0:
            break
    return shown
