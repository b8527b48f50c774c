"""What is known of a document beside its text and its signals: where it was, when it was fetched, how long it is. Filters ask for facts by name (``needs``),
limits and conditions bound them like signals. Nothing is measured here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import Step
from winnow.tasks.sources.domains import registered_domain, top_level


@dataclass(frozen=True)
class Fact:
    """One column that is read or derived from a column of the documents table. ``derive`` works value by value; without it the column is taken as it is."""

    kind: pa.DataType
    meaning: str
    column: str
    derive: Callable[[str], str] | None = None

    def of(self, documents: pa.Table) -> pa.ChunkedArray:
        if self.derive is None:
            return documents[self.column].cast(self.kind)
        return pa.chunked_array([pa.array([self.derive(v or "") for v in documents[self.column].to_pylist()], self.kind)], self.kind)


FACTS: Mapping[str, Fact] = {
    "url": Fact(pa.string(), "the URL as it was captured", "url"),
    "host": Fact(pa.string(), "host of the URL in lower case", "host"),
    "domain": Fact(pa.string(), "registered domain by the Public Suffix List: bbc.co.uk of news.bbc.co.uk", "host", registered_domain),
    "tld": Fact(pa.string(), "last label of the host: edu, uk; unknown where it has none", "host", top_level),
    "date": Fact(pa.string(), "when it was captured, ISO 8601: compare with '2026-01-01'", "date"),
    "mime": Fact(pa.string(), "media type", "mime"),
    "charset": Fact(pa.string(), "character encoding that was decoded", "charset"),
    "http_status": Fact(pa.int64(), "status of the response", "http_status"),
    "text_chars": Fact(pa.int64(), "characters of the text as extracted", "text_chars"),
    "payload_bytes": Fact(pa.int64(), "bytes of the page as it was captured", "payload_bytes"),
    "truncated": Fact(pa.string(), "why the crawler cut the page; null for a whole one", "truncated"),
    "source_file": Fact(pa.string(), "file of the crawl", "source_file"),
}


def read_facts(names: Iterable[str], documents: Step, shard: str, context: ShardContext) -> dict[str, pa.ChunkedArray]:
    """These facts of every document of a shard. Raises DamagedArtifact."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    table = context.read(documents, shard, sorted({FACTS[name].column for name in wanted}))
    return {name: FACTS[name].of(table) for name in wanted}
