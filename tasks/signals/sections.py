"""The sections that measure and decide: groups of filters, limits on their signals, and one condition in SQL."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import Reader, frozen, near
from winnow.tasks.engine.plugins import named_classes
from winnow.tasks.engine.sections import Draft, Phase, Section
from winnow.tasks.signals import selections
from winnow.tasks.signals.condition import Condition
from winnow.tasks.signals.facts import FACTS
from winnow.tasks.signals.filter import Filter
from winnow.tasks.signals.filters.datatrove_block import DatatroveBlock
from winnow.tasks.signals.limit import Limit
from winnow.tasks.signals.measure import ARROW, Measure, Signals, SignalTable
from winnow.tasks.signals.segmentation import CHARACTERS, LIBRARIES, Segmenter
from winnow.tasks.signals.select import ApplyLimits

PACKAGE = "winnow.tasks.signals.filters"
GROUP = "winnow.filters"
ALWAYS: Mapping[str, pa.DataType] = {"language": pa.string(), "language_score": pa.float64()}
"""Columns that every signals table has."""


class MeasureSection(Section):
    key = "measure"
    phase: ClassVar[Phase] = "measure"
    order = 50
    about = "Signals of each document, by groups of filters; a group is measured without touching the others. Nothing is dropped by it."
    options = dict[str, tuple[Filter, ...]]
    required = True

    def read(self, value: Any, reader: Reader) -> dict[str, tuple[Filter, ...]]:
        groups = {
            group: tuple(read_filter(entry, reader) for entry in reader.items(entries, f"measure.{group}"))
            for group, entries in reader.mapping(value, self.key).items()
        }
        owners: dict[str, str] = {}
        for group, filters in groups.items():
            if not group.replace("-", "").replace("_", "").isalnum():
                raise reader.error(f"the group name {group!r} becomes part of a path; use letters, digits, - and _ only.")
            for s in (s for f in filters for s in f.signals):
                if s.name in owners:
                    raise reader.error(f"the signal {s.name} is measured twice, in {owners[s.name]} and {group}. Take one filter out.")
                owners[s.name] = group
        return groups

    def signals(self, options: Any) -> dict[str, pa.DataType]:
        return {s.name: ARROW[s.kind] for filters in options.values() for f in filters for s in f.signals}

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        assert draft.extracted is not None
        extracted, text = draft.extracted, draft.text
        owners = {s.name: group for group, filters in options.items() for f in filters for s in f.signals}
        made: dict[str, Measure] = {}

        def measured(group: str, asked_by: tuple[str, ...]) -> Measure:
            """The step of a group, after those of the groups whose signals it needs."""
            if group in asked_by:
                raise BadInput(
                    f"Groups of `measure` need each other's signals: {' -> '.join((*asked_by, group))}. Measure them in one filter."
                )
            if group not in made:
                filters = options[group]
                given = _given(filters, owners, lambda other: measured(other, (*asked_by, group)), group, draft)
                edited = any(f.text == "corrected" for f in filters)
                cut = tuple(s for s in draft.options.get("segment") or () if s.library != CHARACTERS)
                segmenters = cut or None if any(f.counts_words for f in filters) else None
                made[group] = Measure(text if edited else extracted, group, filters, given or None, segmenters)
            return made[group]

        draft.signal_tables += [measured(group, ()) for group in options]

    def schema(self) -> dict[str, Any]:
        from winnow.tasks.signals.filters.reference import filters

        names = [f"{cls.__module__.removeprefix(PACKAGE + '.')}.{cls.__name__}" for cls in filters()]
        options = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": ["object", "null"]}}
        block = {
            "type": "object",
            "properties": {"block": {"type": "string"}, "options": {"type": "object"}},
            "required": ["block"],
            "additionalProperties": False,
        }
        filter_ = {"anyOf": [{"enum": names}, {"type": "string"}, block, options]}
        return {"type": "object", "additionalProperties": {"oneOf": [{"type": "null"}, {"type": "array", "items": filter_}]}}


class SegmentSection(Section):
    key = "segment"
    phase: ClassVar[Phase] = "measure"
    order = 20
    example: ClassVar = {"zh": "characters"}
    about = "What cuts the words of a language written without spaces: jieba, sudachi, newmm, or characters. Language packs set it by themselves."
    options = dict[str, str]

    def read(self, value: Any, reader: Reader) -> tuple[Segmenter, ...]:
        found = []
        for label, library in sorted(reader.mapping(value, self.key).items()):
            if not isinstance(label, str) or library not in (*LIBRARIES, CHARACTERS):
                every = ", ".join((*LIBRARIES, CHARACTERS))
                raise reader.error(f"segment has {library!r} for {label!r}.{near(str(library), LIBRARIES)} Known: {every}.")
            found.append(Segmenter.of(label, library))
        return tuple(found)

    def written(self, options: Any, said: Any) -> Any:
        return said

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"enum": [*LIBRARIES, CHARACTERS]}}


def _given(
    filters: tuple[Filter, ...], owners: Mapping[str, str], measured: Callable[[str], Measure], group: str, draft: Draft
) -> tuple[SignalTable, ...]:
    """The signals of other groups that filters need. Raises BadInput for a need that nothing answers."""
    assert draft.documents is not None
    wanted: dict[str, list[str]] = {}
    for need in sorted({need for f in filters for need in f.needs}):
        if need in owners and owners[need] != group:
            wanted.setdefault(owners[need], []).append(need)
        elif need in owners:
            raise BadInput(
                f"A filter of the group {group} needs the signal {need}, which its own group measures. Put it into another group."
            )
        elif need not in FACTS and need not in draft.documents.tables:
            known = [*FACTS, *owners, *draft.documents.tables]
            raise BadInput(
                f"A filter of the group {group} needs {need!r}, which nothing gives.{near(need, known)} Known: {', '.join(known)}."
            )
    return tuple(SignalTable(measured(other), tuple(names)) for other, names in wanted.items())


def read_filter(entry: Any, reader: Reader) -> Filter:
    """The filter that an entry of a group names. Raises BadInput."""
    if isinstance(entry, dict) and set(entry) <= {"block", "options"} and "block" in entry:
        options = reader.mapping(entry.get("options") or {}, "options")
        block = DatatroveBlock(block=str(entry["block"]), options=tuple(sorted((str(k), frozen(v)) for k, v in options.items())))
        block.check_options()
        return block
    return reader.component(entry, PACKAGE, Filter, named_classes(GROUP, Filter, reader.plugins))


class JoinSection(Section):
    """Not written in recipes: when measuring ends, everything that was measured becomes the signals table."""

    key = "signals"
    phase: ClassVar[Phase] = "measure"
    order = 1000
    about = "All signals side by side, one row per document."
    default: ClassVar[Any] = True
    hidden = True

    def read(self, value: Any, reader: Reader) -> Any:
        return None

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.documents is not None
        draft.signals = Signals(draft.documents, tuple(draft.signal_tables))


def _with_facts(step: ApplyLimits, draft: Draft) -> ApplyLimits:
    """The step, with the documents table if it bounds facts that are no signals."""
    facts = tuple(name for name in step.wanted if name not in draft.measured)
    return replace(step, facts=facts, documents=draft.documents) if facts else step


class LimitsSection(Section):
    key = "limits"
    order = 10
    about = "Bounds on signals; a document that crosses one is dropped, and all that it crosses are told."
    options = tuple[Limit, ...]
    default: ClassVar[Any] = {}  # so that `limits: null` lifts every limit that was inherited

    def read(self, value: Any, reader: Reader) -> tuple[Limit, ...]:
        limits = []
        for signal, bounds in reader.mapping(value, self.key).items():
            options = reader.mapping(bounds, f"limits.{signal}")
            if isinstance(options.get("one_of"), str):
                options["one_of"] = [options["one_of"]]
            limits.append(reader.options(Limit, {"signal": signal, **options}, f"limits.{signal}"))
        return tuple(limits)

    def uses(self, options: Any) -> Iterable[str]:
        return [limit.signal for limit in options if limit.signal not in FACTS]

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        decided = ApplyLimits(draft.signals, options, None, draft.decisions, None if entry == self.key else entry)
        draft.decide(_with_facts(decided, draft))

    def schema(self) -> dict[str, Any]:
        from pydantic import TypeAdapter

        limit = dict(TypeAdapter(Limit).json_schema())
        limit["properties"] = {k: v for k, v in limit["properties"].items() if k not in ("signal", "by_language")}
        words = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        limit["properties"]["one_of"] = words
        limit.pop("required", None)
        return {"type": "object", "additionalProperties": {"oneOf": [{"type": "null"}, limit | {"additionalProperties": False}]}}


class WhereSection(Section):
    key = "where"
    order = 20
    example = "word_count >= 40 AND (language = 'en' OR language_score < 0.9)"
    about = "One condition in SQL on the signals of a document, as one more limit."
    options = Condition

    def read(self, value: Any, reader: Reader) -> Condition:
        if not isinstance(value, Mapping):
            return Condition(str(value))
        if set(value) != {"selection"}:
            raise reader.error(f"where is {value!r}; write a condition, or {{selection: NAME}} for one of {', '.join(selections.names())}.")
        return Condition(selections.sql(str(value["selection"])))

    def written(self, options: Any, said: Any) -> Any:
        return options.sql if isinstance(said, Mapping) else said

    def check(self, options: Any, signals: Mapping[str, Any], reader: Reader) -> None:
        options.check(pa.schema(list(({name: fact.kind for name, fact in FACTS.items()} | dict(signals)).items())))

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        before = draft.decisions
        if entry == self.key and isinstance(before, ApplyLimits) and before.where is None:
            decided = replace(before, where=options)  # in one pass, as its last limit
        else:
            decided = ApplyLimits(draft.signals, (), options, before, entry)
        draft.decide(_with_facts(decided, draft))

    def schema(self) -> dict[str, Any]:
        condition = {"type": "string", "description": "such as word_count >= 50 AND language = 'en'"}
        named = {
            "type": "object",
            "properties": {"selection": {"enum": list(selections.names())}},
            "required": ["selection"],
            "additionalProperties": False,
        }
        return {"oneOf": [condition, named]}
