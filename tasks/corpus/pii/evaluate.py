"""How well personal data is found, measured against files that people have labelled.

A file is JSONL (``.gz`` too), a text per line. Labels are ``spans`` with offsets, ``[start, end, type]`` or a mapping with ``start`` or
``start_position``, ``end`` or ``end_position``, ``kind``, ``type`` or ``entity_type``; or ``entities`` with ``type`` and ``text``, as annotators of
whole pages leave them. With offsets, a label is found if a span of its kind overlaps it, and a span is right if it overlaps such a label. With
values alone, the same holds of distinct values within a page, compared by letters and digits, and a page without any label of a kind says
nothing of the precision of that kind: its annotator may not have looked for it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.tasks.corpus.pii.find import find
from winnow.tasks.corpus.pii.kind import Span, compact
from winnow.tasks.corpus.pii.registry import kinds
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.jsonl import records

# What other data sets call the kinds.
TYPES = {
    "EMAIL_ADDRESS": "email", "TEL": "phone", "FAX": "phone", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip", "CREDIT_CARD": "card", "IBAN_CODE": "iban",
    "US_SSN": "national_id", "GOV_ID": "national_id", "US_ITIN": "national_id", "BITCOIN_ADDRESS": "crypto", "CRYPTO_WALLET": "crypto",
    "US_BANK_NUMBER": "bank_account", "MAC_ADDRESS": "device", "IMEI": "device", "KEY": "secret", "PASSWORD": "secret",
}  # fmt: skip
LABEL_KEYS = (("start", "start_position"), ("end", "end_position"), ("kind", "type", "entity_type"))
FEWEST_SHARED = 6  # characters by which a part of a value counts as the value


@dataclass(frozen=True)
class Score:
    """Of one kind: labels (``gold``), those of them found, spans judged (``spans``), and those of them right."""

    kind: str
    gold: int
    found: int
    spans: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.spans if self.spans else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.found else 0.0

    def described(self) -> dict[str, Any]:
        """JSON form, shares to four places."""
        shares = {name: round(getattr(self, name), 4) for name in ("precision", "recall", "f1")}
        return {"kind": self.kind, "gold": self.gold, "found": self.found, "spans": self.spans, "right": self.right} | shares


def evaluate(files: Iterable[str | Path], names: Sequence[str]) -> list[Score]:
    """One score per kind of ``names`` that is labelled in the files. Raises BadInput for a file that cannot be read or has no labels."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for file in files:
        for record in records(Path(file), "text"):
            text = record["text"]
            if not {"spans", "entities"} & set(record):
                raise BadInput(f"{file} has a text without labels: each line needs `spans` or `entities`. See docs/personal-data.md.")
            spans = find(text, names)
            if "spans" in record:
                _by_place(counts, spans, list(_placed(record["spans"])))
            else:
                _by_value(counts, text, spans, [(_kind(e["type"]), str(e["text"])) for e in record["entities"]])
    return [Score(name, c["gold"], c["found"], c["spans"], c["right"]) for name, c in counts.items() if c["gold"]]


def _by_place(counts: dict[str, Counter[str]], spans: Sequence[Span], labels: Sequence[Span]) -> None:
    for name, count in counts.items():
        mine, theirs = ([s for s in some if s.kind == name] for some in (spans, labels))
        count["gold"] += len(theirs)
        count["found"] += sum(any(s.start < label.end and label.start < s.end for s in mine) for label in theirs)
        count["spans"] += len(mine)
        count["right"] += sum(any(s.start < label.end and label.start < s.end for label in theirs) for s in mine)


def _by_value(counts: dict[str, Counter[str]], text: str, spans: Sequence[Span], labels: Sequence[tuple[str, str]]) -> None:
    for name, count in counts.items():
        normal = kinds()[name].normal
        theirs = {value for kind, label in labels if kind == name if (value := compact(normal(label)))}
        mine = {compact(normal(text[s.start : s.end])) for s in spans if s.kind == name}
        count["gold"] += len(theirs)
        count["found"] += sum(any(_same(a, b) for b in mine) for a in theirs)
        if theirs:
            count["spans"] += len(mine)
            count["right"] += sum(any(_same(a, b) for b in theirs) for a in mine)


def _same(a: str, b: str) -> bool:
    return a == b or (min(len(a), len(b)) >= FEWEST_SHARED and (a in b or b in a))


def _kind(label: str) -> str:
    return TYPES.get(label, label.lower())


def _placed(labels: Iterable[Any]) -> Iterator[Span]:
    for label in labels:
        start, end, kind = [next(label[key] for key in keys if key in label) for keys in LABEL_KEYS] if isinstance(label, dict) else label
        yield Span(int(start), int(end), _kind(str(kind)))
