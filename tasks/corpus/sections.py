"""The sections that make the corpus of what was kept: buckets, the signals that it carries along, personal data, and how it is laid out in files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from winnow.tasks.corpus.buckets import BUCKETS, Bucket, Cutoffs
from winnow.tasks.corpus.pii.redaction import Redaction, redaction
from winnow.tasks.corpus.pii.registry import kinds
from winnow.tasks.corpus.publish import Layout, Publish
from winnow.tasks.corpus.redact import Redact
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section, WholeNumberSection
from winnow.tasks.models.ngram import cc_net


@stable("option/buckets")
@dataclass(frozen=True)
class Buckets:
    """Head, middle and tail of a signal. ``cutoffs`` is ``run`` (``percentiles`` of the kept documents per language), ``cc_net`` (published with
    its models), or a mapping of language to two values. ``keep`` names the buckets that stay, all if empty."""

    signal: str = "perplexity"
    cutoffs: str | tuple[tuple[str, float, float], ...] = "run"
    percentiles: tuple[float, float] = (30.0, 60.0)
    keep: tuple[str, ...] = ()


class BucketsSection(Section):
    key = "buckets"
    order = 90
    example: ClassVar = {"signal": "word_count"}
    about = "Parts the documents of each language into head, middle and tail of a signal; may keep some of them only."
    options = Buckets
    columns: ClassVar = {"*_bucket": "head, middle, tail, or all where there is no value"}

    def read(self, value: Any, reader: Reader) -> Buckets:
        options = reader.mapping(value, self.key)
        if isinstance(given := options.get("cutoffs"), dict):
            options["cutoffs"] = [[language, *(pair if isinstance(pair, list) else [pair])] for language, pair in sorted(given.items())]
        buckets = reader.options(Buckets, options, self.key)
        for row in (("percentiles", *buckets.percentiles), *(buckets.cutoffs if isinstance(buckets.cutoffs, tuple) else ())):
            if len(row) != 3 or not all(isinstance(v, int | float) for v in row[1:]) or not row[1] <= row[2]:
                raise reader.error(f"buckets {row[0]} is {list(row[1:])}; give two numbers, the first not above the second.")
        if not all(0 < p < 100 for p in buckets.percentiles):
            raise reader.error("buckets.percentiles must lie between 0 and 100.")
        if isinstance(buckets.cutoffs, str) and buckets.cutoffs not in ("run", "cc_net"):
            raise reader.error(f"buckets.cutoffs is run, cc_net, or a mapping such as {{en: [340, 520]}}; not {buckets.cutoffs!r}.")
        if wrong := set(buckets.keep) - set(BUCKETS):
            raise reader.error(f"buckets.keep knows {', '.join(BUCKETS)}, not {', '.join(map(str, wrong))}.")
        return buckets

    def uses(self, options: Any) -> Iterable[str]:
        return [options.signal]

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        found, given = None, options.cutoffs
        if given == "run":
            found, given = Cutoffs(draft.crawl_digest, draft.signals, draft.decisions, options.signal, options.percentiles), ()
        elif given == "cc_net":
            given = tuple((language, head, tail) for language, (head, tail) in sorted(cc_net.cutoffs().items()))
        draft.decide(Bucket(draft.decisions, draft.signals, options.signal, found, given, options.keep))

    def schema(self) -> dict[str, Any]:
        schema = super().schema()
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        schema["properties"]["cutoffs"] = {"oneOf": [{"enum": ["run", "cc_net"]}, {"type": "object", "additionalProperties": pair}]}
        return schema


class CarrySection(Section):
    key = "carry_signals"
    phase: ClassVar[Phase] = "corpus"
    order = 10
    example: ClassVar = ["word_count"]
    about = "Signals, or columns of the decisions such as minhash_cluster_size, that the corpus carries along."
    names_decisions = True
    options = tuple[str, ...]
    default: ClassVar[Any] = ()

    def read(self, value: Any, reader: Reader) -> tuple[str, ...]:
        return tuple(reader.items(list(value) if isinstance(value, tuple) else value, self.key))

    def uses(self, options: Any) -> Iterable[str]:
        return tuple(options)


class RedactSection(Section):
    key = "redact"
    phase: ClassVar[Phase] = "corpus"
    order = 40
    about = "Kinds of personal data that are replaced or marked in the corpus."
    options = Redaction
    default: ClassVar[Any] = ()

    def read(self, value: Any, reader: Reader) -> Redaction:
        return redaction(value, f"Recipe {reader.spec}")

    def written(self, options: Any, said: Any) -> Any:
        given = {"replace": list(options.replace), "tag": list(options.tag), "key": options.key}
        return {action: value for action, value in given.items() if value} if options.tag or options.key else given["replace"]

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        draft.corpus = Redact(
            draft.text, draft.decisions, draft.signals, options, draft.options["carry_signals"], draft.options.get("rehydrate")
        )

    def schema(self) -> dict[str, Any]:
        named = {"type": "array", "items": {"enum": list(kinds())}}
        mapping = {"replace": named, "tag": named, "key": {"type": "string"}}
        return {"oneOf": [named, {"type": "object", "properties": mapping, "additionalProperties": False}]}


class RowsPerFileSection(WholeNumberSection):
    key = "rows_per_file"
    phase: ClassVar[Phase] = "corpus"
    order = 90
    about = "How many documents a file of the corpus has."
    default = 100_000

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert isinstance(draft.corpus, Redact)
        layout = Layout(draft.crawl_digest, draft.corpus, options)
        draft.publish = Publish(draft.crawl_digest, layout, draft.crawl.snapshot, draft.recipe)
