"""``winnow extractors``: which there are, and how they do on one's own pages."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from winnow.cli.options import JsonOption, print_json

PANEL = "Curate"

command = App(name="extractors", help="The extractors side by side, on pages of your own.", default_parameter=Parameter(negative=()))


@command.command
def compare(
    source: str,
    /,
    *,
    sample: int = 10,
    extractor: Annotated[list[str] | None, Parameter(negative_iterable=())] = None,
    structure: str = "plain",
    seed: int = 0,
    snapshot: str = "",
    out: str = "",
    json: JsonOption = False,
) -> None:
    """What several extractors make of the same sampled pages, as an HTML page on which their differences are marked.

    The sample depends on the source and the seed only: it is drawn among the first 2,000 pages of files in an order that is drawn, too.

    Args:
        source: As of winnow run: a crawl, a mirror, a folder or file of WARC; or a page or folder of pages that end in .html.
        sample: How many pages.
        extractor: An extractor as a recipe names it, once for each; all that are installed by default.
        structure: plain, or markdown where an extractor can write it.
        seed: Another seed draws other pages.
        snapshot: Which crawl of a mirror.
        out: Where the page is written; extractors.html by default, and nowhere with --json.
    """
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.extract import compare as comparison
    from winnow.tasks.extract import one_page
    from winnow.tasks.report.comparison import comparison_html
    from winnow.tasks.transport.politeness import POLITE

    if sample < 1:
        raise BadInput(f"--sample is {sample}; it must be at least 1.")
    extractors = one_page.several(extractor or [], structure)
    found = comparison.compare(source, extractors, sample, seed, POLITE, snapshot)
    names = comparison.names_of(extractors)
    page = out or ("" if json else "extractors.html")
    if page:
        try:
            Path(page).write_text(comparison_html(found, names, source, seed), encoding="utf-8", errors="replace")
        except OSError as e:
            raise BadInput(f"{page} cannot be written: {e.strerror}. Give another place with --out.") from None
    if json:
        print_json(comparison.as_json(found, names, source, seed))
        return
    print(f"{len(found)} page(s), {len(names)} extractors: {page}")
