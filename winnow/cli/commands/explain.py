"""``winnow explain``: everything that is known of one page."""

from dataclasses import asdict
from pathlib import Path

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Look into a run"


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
    from winnow.tasks.recipes import build as recipes

    finished = None
    if Path(what).is_file():
        found = [explain_text(recipes.load(recipe), Path(what))]
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
                raise BadInput(
                    f"{what} is in no record of the run {finished.id}: the crawl's part that was read has no capture of this URL (as written), "
                    "and no document of this id. The table documents (`winnow sql`) lists what there is of a host."
                )
            return
    if html:
        Path(html).write_text(show.page(finished, found), encoding="utf-8", errors="replace")
    for page in found:
        if json:
            print_json(asdict(page))
        else:
            show.explained(finished, page, show.console())
