"""The section ``safety`` of recipes."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Section
from winnow.tasks.safety.act import ACTION, MarkHarmful, SafetyActions
from winnow.tasks.safety.matrix import ACTIONS, Row, Safety, checked

KEYS = ("actions", "by_language", "marker", "rate", "word_rate", "missing")


class SafetySection(Section):
    key = "safety"
    order = 95
    example: ClassVar = {
        "actions": {"word_count": {5: "tag", 100000: "drop"}},
        "by_language": {"de": {"word_count": {7: "tag"}}},
        "rate": 0.5,
    }
    about = "What is done with harmful documents: kept, tagged with a marker in the text, or dropped, by the score of each head and by language."
    options = Safety
    columns: ClassVar = {ACTION: "keep, tag or drop"}

    def read(self, value: Any, reader: Reader) -> Safety:
        given = reader.mapping(value, self.key)
        if unknown := set(given) - set(KEYS):
            raise reader.error(f"safety: unknown option {min(map(str, unknown))!r}. Known options: {', '.join(KEYS)}.")
        rows = list(self._rows(given.get("actions") or {}, "actions", (), reader))
        for language, matrix in reader.mapping(given.get("by_language") or {}, "safety.by_language").items():
            rows += self._rows(matrix, f"by_language.{language}", (str(language),), reader)
        return Safety(tuple(rows), **{name: given[name] for name in KEYS[2:] if name in given})

    def _rows(self, matrix: Any, where: str, languages: tuple[str, ...], reader: Reader) -> Iterable[Row]:
        for signal, actions in reader.mapping(matrix, f"safety.{where}").items():
            place = f"{where}.{signal}"
            asked = {k: checked(v, f"{place}.{k}") for k, v in reader.mapping(actions, f"safety.{place}").items()}
            numbers = [k for k in asked if isinstance(k, int | float) and not isinstance(k, bool)]
            if not asked or (numbers and len(numbers) < len(asked)):
                raise reader.error(
                    f"safety.{place} is {actions!r}; write from which number on what is done, as in {{2: tag, 4: drop}}, or what is done with which label."
                )
            if not numbers:
                yield Row(signal, labels=tuple(sorted((str(k), v) for k, v in asked.items())), languages=languages)
                continue
            steps = tuple(sorted((float(k), v) for k, v in asked.items()))
            if [ACTIONS.index(a) for _, a in steps] != sorted(ACTIONS.index(a) for _, a in steps):
                raise reader.error(
                    f"safety.{place}: a higher score has a milder action. Give the actions in the order of harm: {', '.join(ACTIONS)}."
                )
            yield Row(signal, steps, languages=languages)

    def written(self, options: Safety, said: Any) -> Any:
        matrix: dict[str, dict[Any, str]] = {}
        by_language: dict[str, dict[str, dict[Any, str]]] = {}
        for row in options.rows:
            into = matrix if not row.languages else by_language.setdefault(row.languages[0], {})
            into[row.signal] = dict(row.labels or row.steps)
        rest = {name: getattr(options, name) for name in KEYS[2:]}
        return {"actions": matrix, **({"by_language": by_language} if by_language else {}), **rest}

    def uses(self, options: Safety) -> Iterable[str]:
        return options.signals

    def check(self, options: Safety, signals: Mapping[str, Any], reader: Reader) -> None:
        for row in options.rows:
            kind = signals.get(row.signal)
            if kind is None:
                continue
            number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
            if number != bool(row.steps):
                raise reader.error(
                    f"safety: {row.signal} {'is a number' if number else 'is a label'}; say {'from which number on' if number else 'for which label'} what is done."
                )

    def decided(self, options: Safety, entry: str) -> Iterable[str]:
        return (ACTION,)

    def build(self, draft: Draft, options: Safety, entry: str) -> None:
        assert draft.text is not None
        step = SafetyActions(draft.decisions, draft.signals, options, None if entry == self.key else entry)
        draft.decide(step)
        if any(action == "tag" for row in options.rows for _, action in (*row.steps, *row.labels)) or options.missing == "tag":
            draft.edit(MarkHarmful(draft.text, step, options))

    def schema(self) -> dict[str, Any]:
        actions = {"type": "object", "additionalProperties": {"enum": list(ACTIONS)}}
        matrix = {"type": "object", "additionalProperties": actions}
        share = {"type": "number", "minimum": 0, "maximum": 1}
        properties = {
            "actions": matrix,
            "by_language": {"type": "object", "additionalProperties": matrix},
            "marker": {"type": "string", "minLength": 3},
            "rate": share,
            "word_rate": share,
            "missing": {"enum": list(ACTIONS)},
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}
