"""``winnow label``: people judge a sample of a run's documents, in a sheet or in the browser."""

import getpass
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json
from winnow.tasks.engine.errors import BadInput

if TYPE_CHECKING:
    from winnow.tasks.labels.heads import Head
    from winnow.tasks.labels.sheet import Item
    from winnow.tasks.runs.labelling import Labelling
    from winnow.tasks.runs.sampling import Sample

PANEL = "Labels"


def command(
    *,
    head: str,
    write: Path | None = None,
    read: Path | None = None,
    sample: int = 100,
    where: str = "",
    seed: int = 0,
    person: str = "",
    port: int = 0,
    dry_run: bool = False,
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Judge a sample of a run's documents yourself: on a page in the browser, or in a sheet that is written and read back.

    Without --write or --read a page is served on this machine alone. Every answer is kept at once; the same command again goes on behind the last one.

    Args:
        head: A shipped head, or the path of a YAML file; for a sheet several with commas.
        write: Write a sheet for a spreadsheet into this file: .csv or .parquet.
        read: Read a sheet back.
        sample: How many documents are drawn; 0 for all.
        where: SQL over the run's signals, url, host, kept and reason: which documents may be drawn.
        seed: The seed of the draw, and of excerpts of long documents.
        person: Who judges; your name on this machine if left out.
        port: The port of the page; a free one if left out.
        dry_run: Say how much there is to judge, and do nothing.
    """
    from winnow.tasks.engine.places import store_at
    from winnow.tasks.labels.heads import heads
    from winnow.tasks.labels.sheet import items, read_sheet, write_sheet
    from winnow.tasks.ledger.find import open_run
    from winnow.tasks.runs.labelling import Labelling
    from winnow.tasks.runs.sampling import Draw

    if write and read:
        raise BadInput("Give --write to make a sheet or --read to read one back, not both.")
    chosen = heads(head)
    who = person or getpass.getuser()
    if read:
        place = store_at(store)
        place.check()
        labellings = [Labelling(place, h, who) for h in chosen]
        found = read_sheet(read, chosen, who)
        if dry_run:
            _tell(
                {"rows": found.rows, "judged": len(found.judgements), "empty": found.empty.total(), "problems": dict(found.problems)}, json
            )
            return
        by_head = {h.name: one for h, one in zip(chosen, labellings, strict=True)}
        for judgement in found.judgements:
            by_head[judgement.head].keep(judgement)
        _report([one for one in labellings if one.known()], found.empty.total(), json)
        return
    drawn = Draw(sample, where, seed).of(open_run(store, run))
    labellings = [Labelling(drawn.run.store, h, who) for h in chosen]
    if dry_run:
        _tell({"documents": len(drawn), "price": 0.0, "heads": [_left(one, drawn, seed) for one in labellings]}, json)
    elif write:
        rows = write_sheet(write, chosen, items(chosen[0], drawn.documents(), seed=seed))
        _tell({"sheet": str(write.absolute()), "rows": rows, "columns": [f"{h.name}: {', '.join(h.names)}" for h in chosen]}, json)
    else:
        if len(chosen) != 1:
            raise BadInput("A page asks for one head at a time. Name one, or write a sheet for several with --write.")
        _serve(labellings[0], drawn, seed, port)
        _report(labellings if labellings[0].known() else [], 0, json)


def _left(labelling: "Labelling", drawn: "Sample", seed: int) -> dict[str, Any]:
    from winnow.tasks.labels.sheet import items
    from winnow.tasks.runs.labelling import left

    count, rest = left(labelling, items(labelling.head, drawn.documents(), seed=seed))
    return {"head": labelling.head.name, "items": count, "judged": count - rest, "to_judge": rest}


def _tell(said: dict[str, Any], json: bool) -> None:
    if json:
        print_json(said)
    else:
        print("\n".join(f"{name:<10}{value}" for name, value in said.items()))


def _report(labellings: "list[Labelling]", empty: int, json: bool) -> None:
    reports = [one.finish() for one in labellings]
    if json:
        print_json({"heads": reports, "empty": empty})
        return
    for r in reports:
        problems = "".join(f", {name} {n:,}" for name, n in sorted(r["problems"].items()))
        print(
            f"{r['head']:<32} {r['rows']:,} judgements by {r['annotator']}, {r['rows'] - r['valid']:,} invalid{problems}\n  {r['judged']}"
        )
    if not reports:
        print("Nothing has been judged yet.")
    if empty:
        print(f"{empty:,} cells are still empty. Fill them in and read the sheet again.")


def _serve(labelling: "Labelling", drawn: "Sample", seed: int, port: int) -> None:
    from winnow.tasks.labels.page import LabelPage
    from winnow.tasks.labels.sheet import items, judgement
    from winnow.tasks.runs.labelling import item_digest

    head: Head = labelling.head
    places = list(_places(head, drawn, seed))
    if not places:
        raise BadInput("None of the documents that were drawn has any text. Draw others with --where.")
    known = labelling.known()
    first = next((n for n, (_, identity, line) in enumerate(places) if item_digest(identity, line) not in known), len(places))

    @lru_cache(maxsize=4)
    def of_document(number: int) -> "list[Item]":
        return list(items(head, drawn.documents(number, number + 1), seed=seed))

    def item(n: int) -> "Item":
        number, _, line = places[n]
        return next(i for i in of_document(number) if i.line == line)

    def said(found: "Item") -> str | None:
        before = labelling.answer(found)
        return None if before is None else before.label or (f"{before.score:g}" if before.score is not None else None)

    def keep(found: "Item", answer: str) -> str | None:
        if not answer:
            labelling.forget(found.id, found.line)
            return None
        given = judgement(head, found.id, found.line, answer, labelling.person)
        if given.problem:
            return f"{answer} is no answer to {head.name} ({given.problem})."
        labelling.keep(given)
        return None

    try:
        page = LabelPage(head, len(places), item, said, keep, first=first, port=port)
    except OSError as e:
        raise BadInput(f"The port {port} cannot be used: {e.strerror or e}. Leave --port out for a free one.") from None
    print(
        f"{len(places):,} to judge, {min(first, len(places)):,} of them passed already. Open {page.address}\nCtrl-C or Done ends it; every answer is kept.",
        file=sys.stderr,
        flush=True,
    )
    try:
        page.run()
    except KeyboardInterrupt:
        print("", file=sys.stderr)


def _places(head: "Head", drawn: "Sample", seed: int) -> "Iterator[tuple[int, str, int | None]]":
    """Of every item the number of its document in the sample, its id and line; the texts are read again when they are shown."""
    from winnow.tasks.labels.sheet import items

    for number, document in enumerate(drawn.documents()):
        for found in items(head, [document], seed=seed):
            yield number, found.id, found.line
