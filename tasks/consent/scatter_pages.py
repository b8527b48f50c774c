"""``ScatterPages``: the pages of a shard with what they say of themselves, sorted by registered domain."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.consent.domains import domain_key
from winnow.tasks.consent.site import origin
from winnow.tasks.consent.statements import STATEMENTS, page_statements
from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.ranges import KEY, ROWS_PER_GROUP
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.extract.pages.policy_files import POLICY_FILES

TEXT = pa.string()
PAGES = pa.schema(
    [
        pa.field("key", KEY),
        pa.field("origin", TEXT),
        pa.field("row", pa.int32()),
        pa.field("url", TEXT),
        pa.field("date", TEXT),
        pa.field("tokens", pa.float64()),
        pa.field("statements", STATEMENTS),
        pa.field("capture", pa.struct(list(POLICY_FILES))),
    ]
)
"""A page, or (row -1) the capture of a file such as ai.txt that lay among the pages."""


@stable("step/scatter-pages")
@dataclass(frozen=True)
class ScatterPages(ShardStep):
    """Documents in, one row each out (schema PAGES), by domain, with the statements of the page itself where the documents step has its headers and metadata;
    and the captures of policy files that the documents step came upon."""

    name: ClassVar[str] = "scatter-pages"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "sorts pages by site"
    kind: ClassVar[Kind] = "join"

    documents: Step

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.documents, shard, ["id", "url", "date", "language", "text_chars"])
        tokens = estimated_tokens(documents["text_chars"].to_numpy(), documents["language"].to_pylist())
        headers, metadata = (self._named(name, shard, context) for name in ("headers", "metadata"))
        rows = []
        columns = (documents[name].to_pylist() for name in ("id", "url", "date"))
        for row, (identity, url, date) in enumerate(zip(*columns, strict=True)):
            rows.append(
                {
                    "key": domain_key(url or ""),
                    "origin": origin(url or ""),
                    "row": row,
                    "url": url or "",
                    "date": date,
                    "tokens": float(tokens[row]),
                    "statements": page_statements(headers.get(identity, ()), metadata.get(identity, ())),
                    "capture": None,
                }
            )
        if "policy_files" in self.documents.tables:
            for capture in context.read(self.documents, shard, table="policy_files").to_pylist():
                blank = {"row": -1, "date": capture["date"], "tokens": 0.0, "statements": [], "capture": capture}
                rows.append({"key": domain_key(capture["url"]), "origin": origin(capture["url"]), "url": capture["url"], **blank})
        table = pa.Table.from_pylist(sorted(rows, key=lambda r: (r["key"], r["origin"], r["row"])), schema=PAGES)
        return StepResult(table, documents.num_rows, documents.num_rows, row_groups=ROWS_PER_GROUP)

    def _named(self, name: str, shard: str, context: ShardContext) -> dict[str, list[tuple[str, str]]]:
        """Names and values of a table of the documents step, by document."""
        found: dict[str, list[tuple[str, str]]] = {}
        if name in self.documents.tables:
            table = context.read(self.documents, shard, ["id", "name", "value"], table=name)
            for identity, key, value in zip(*(table[c].to_pylist() for c in ("id", "name", "value")), strict=True):
                found.setdefault(identity, []).append((key, value))
        return found
