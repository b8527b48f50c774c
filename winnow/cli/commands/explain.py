"""``winnow explain``: everything that is known of one page."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json
from winnow.tasks.engine.errors import BadInput

if TYPE_CHECKING:
    from winnow.tasks.ledger.find import Finished

PANEL = "Look into a run"
TEXTS = (".txt", ".md", ".html", ".htm", ".json", ".jsonl")


def command(
    what: str, /, *, recipe: str = "fineweb", html: str = "", run: RunOption = "", json: JsonOption = False, store: StoreOption = STORE
) -> None:
    """Everything that is known of one page: what was measured, which limits it crossed, its copies, its edits, its fate.

    Args:
        what: A URL, the id of a document or record, or a text file, which is measured with --recipe now.
        recipe: For a text file, the recipe whose limits it is held against.
        html: Write a page to this file, too.
    """
    from winnow.tasks.ledger import show
    from winnow.tasks.ledger.explain import explain, explain_text, lost
    from winnow.tasks.ledger.find import open_run
    from winnow.tasks.recipes.load import load

    finished = None
    if Path(what).is_file():
        found = [explain_text(load(recipe), Path(what))]
    else:
        finished = open_run(store, run)
        found = explain(finished, what)
        gone = lost(finished, what)
        if gone and not json:
            for record in gone:
                print(f"{what}: the record at {record['source_file']}, offset {record['offset']}, became no document: {record['reason']}")
        elif gone:
            print_json({"lost": gone})
        if not found:
            if not gone:
                raise BadInput(_unknown(finished, what))
            return
    if html:
        Path(html).write_text(show.page(finished, found), encoding="utf-8", errors="replace")
    for page in found:
        if json:
            print_json(asdict(page))
        else:
            show.explained(finished, page, show.console())


def _unknown(run: "Finished", what: str) -> str:
    """Why there is nothing to explain, and what may have been meant."""
    from winnow.tasks.ledger.explain import near

    if "://" not in what and (what.startswith(("/", ".", "~")) or Path(what).suffix in TEXTS):
        return f"There is no file {what}, and {run.id} has no page of this name. Give the path of a text file, a URL with http:// or https://, or an id."
    alike = near(run, what)
    hint = f" Near it: {', '.join(alike)}." if alike else " `winnow sql` finds what there is of a host in the table documents."
    return f"{what} is in no record of the run {run.id}: the part of the crawl that it read has no capture of this URL, and no document of this id.{hint}"
