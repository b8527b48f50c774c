"""``winnow rate``: several raters become one, weighed by what was judged."""

from pathlib import Path
from typing import Any

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json

PANEL = "Labels"


def command(
    file: Path | None = None,
    /,
    *,
    raters: str,
    judged: Path | None = None,
    out: Path | None = None,
    dry_run: bool = False,
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Make one rating of several columns: they vote on pairs of documents, and votes are weighed by what was judged. Nobody is asked.

    Args:
        file: JSONL with an id and the raters' columns, and language and text or text_chars if it has them: its ratings are printed. Without it, a finished run.
        raters: Numeric columns with commas, such as educational_score,-symbol_word_ratio; with a minus less is better.
        judged: JSONL of {id, score}, or of pairs {a, b, better}. Without it raters are weighed by how they agree.
        out: Write a recipe that derives from the run's and rates every document with these weights.
        dry_run: Say how many documents and pairs there are, and rate nothing.
    """
    from winnow.tasks.ledger import rating

    asked = rating.Asked(raters, judged, out)
    found = rating.of_file(file, asked) if file else rating.of_run(store, run, asked)
    if dry_run:
        _print(found.forecast(), json)
        return
    figures = found.learned()
    if file and json:
        for row in found.rated():
            print_json(row)
        return
    _print(figures, json)


def _print(figures: dict[str, Any], json: bool) -> None:
    if json:
        print_json(figures)
        return
    for name, value in figures.items():
        shown = "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{name:<11} {shown}")
