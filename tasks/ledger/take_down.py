"""Take-downs out of a finished run: documents by id or URL become entries of the store's list, with everything that they are known by."""

from collections.abc import Iterable

from winnow.tasks.dedup.take_downs import Entry, unmet
from winnow.tasks.engine.text_column import EDITED_TEXT
from winnow.tasks.ledger.find import Finished


def found_in(run: Finished, wanted: Iterable[str], reason: str, date: str) -> list[Entry]:
    """Documents of a run by id or URL, every capture of a URL, whether the run kept them or not. A URL that the run has not met becomes an entry by its URL alone.

    Raises:
        BadInput: an id that the run does not have. DamagedArtifact: a table that is needed is damaged.
    """
    asked, found = set(wanted), []
    met: set[str] = set()
    for shard in run.entry["shards"]:
        names = run.read(run.entry["tables"]["documents"], shard, ["id", "url"])
        pairs = zip(names["id"].to_pylist(), names["url"].to_pylist(), strict=True)
        rows = [(row, identity, url) for row, (identity, url) in enumerate(pairs) if identity in asked or url in asked]
        if not rows:
            continue
        met |= {value for _, identity, url in rows for value in (identity, url)}
        texts = run.read(run.entry["tables"]["documents"], shard, ["text"])["text"]
        edited = run.read(run.entry["edit"], shard, [EDITED_TEXT])[EDITED_TEXT] if run.entry.get("edit") else None
        for row, identity, url in rows:
            text = (edited[row].as_py() if edited is not None else None) or texts[row].as_py() or ""
            found.append(Entry(identity, url or "", run.entry["snapshot"], reason, date).with_text(text))
    return found + unmet(asked - met, f"The run {run.id}", reason, date)
