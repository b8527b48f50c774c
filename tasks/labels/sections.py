"""``judged`` in recipes: judgements become signals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.given import elsewhere, given
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section, rooted_paths
from winnow.tasks.labels.steps import Cost, Judged, JudgedTable, JudgementTables, tables_in


@stable("option/judged")
@dataclass(frozen=True)
class JudgedOptions:
    """``used`` are the tables that become columns, ``others`` those of further annotators of the same heads, which are compared with them."""

    used: tuple[JudgedTable, ...]
    others: tuple[JudgedTable, ...]
    costs: tuple[Cost | None, ...]
    locations: tuple[str, ...]


class JudgedSection(Section):
    key = "judged"
    phase: ClassVar[Phase] = "measure"
    order = 60
    about = "What annotators or people said of documents, as signals: `<head>.judged`, empty where a document was not judged."
    options = JudgedOptions

    def read(self, value: Any, reader: Reader) -> JudgedOptions:
        names = [value] if isinstance(value, str) else reader.items(value, self.key)
        if not names:
            raise reader.error("judged is empty. Name the tables of judgements that `winnow annotate` or `winnow label` wrote.")
        used: dict[str, JudgedTable] = {}
        others: list[JudgedTable] = []
        places = [place if elsewhere(place := str(name)) else str((reader.beside / place).absolute()) for name in names]
        for place in places:
            for table in tables_in(place):
                first = used.setdefault(table.head, table)
                if first is table:
                    continue
                if first.head_digest != table.head_digest:
                    raise reader.error(
                        f"judged names two heads that are both called {table.head}: its labels or its prompt changed. Name one of them."
                    )
                others.append(table)
        tables = (*used.values(), *others)
        return JudgedOptions(tuple(used.values()), tuple(others), tuple(map(_cost, tables)), tuple(places))

    def rooted(self, value: Any, beside: Path) -> Any:
        if isinstance(value, list):
            return [self.rooted(name, beside) for name in value]
        return rooted_paths(value, beside) if isinstance(value, str) and not elsewhere(value) else value

    def signals(self, options: Any) -> Mapping[str, pa.DataType]:
        return {t.column: pa.string() if t.kind == "label" else pa.float64() for t in options.used if t.has_column}

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.documents is not None
        if columns := tuple(t for t in options.used if t.has_column):
            draft.signal_tables.append(Judged(draft.documents, columns))
        draft.keep("judgements", JudgementTables(draft.crawl_digest, options.used, options.others, options.costs))

    def written(self, options: Any, said: Any) -> Any:
        return list(options.locations)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


def _cost(table: JudgedTable) -> Cost | None:
    """What the report beside a table says that asking took; None if there is no report."""
    try:
        report = json.loads((given(table.location) / "report.json").read_text(encoding="utf-8"))
        return Cost(int(report["queries"]), int(report["prompt_tokens"]) + int(report["answer_tokens"]), float(report["price"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
