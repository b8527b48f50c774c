"""``rating`` in recipes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section
from winnow.tasks.rating.steps import SIGNALS, FitRating, Rate, RaterColumns, Rating, RatingScale
from winnow.tasks.signals.measure import Measure

MEANINGS = {
    "rating": ("log odds", "the strength of the document among those of its language, by the weighed votes of the raters"),
    "rating_percentile": ("share", "its place among the documents of its language: a lower limit of .5 keeps half of each"),
}


@stable("option/rating")
@dataclass(frozen=True)
class RatingOptions:
    """Names of numeric signals, with the weights that `winnow rate` learned, or with directions alone (1 or -1) if ``weighed`` is false."""

    raters: tuple[tuple[str, float], ...]
    weighed: bool


class RatingSection(Section):
    key = "rating"
    phase: ClassVar[Phase] = "measure"
    order = 900
    about = "Makes one rating of several signals, by pairwise votes within each language."
    options = RatingOptions
    example: ClassVar[Any] = {"raters": ["word_count", "alpha_word_share", "punctuated_line_share"]}

    def read(self, value: Any, reader: Reader) -> RatingOptions:
        said = reader.mapping(value, self.key).get("raters")
        if set(value) != {"raters"} or not isinstance(said, list | dict) or not said:
            raise reader.error("rating has the key raters: a list of signals (-NAME where less is better), or a mapping to weights.")
        if isinstance(said, list):
            names = [(str(name).removeprefix("-"), -1.0 if str(name).startswith("-") else 1.0) for name in said]
        else:
            names = list(said.items())
        for name, weight in names:
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not -100 < weight < 100:
                raise reader.error(f"the weight of the rater {name} is {weight!r}; write a number, as `winnow rate` prints it.")
        if len({name for name, _ in names}) < len(names):
            raise reader.error("rating.raters names a signal twice.")
        return RatingOptions(tuple((str(name), float(weight)) for name, weight in names), isinstance(said, dict))

    def signals(self, options: Any) -> Mapping[str, Any]:
        return SIGNALS

    def unit(self, name: str) -> str:
        return MEANINGS[name][0]

    def meaning(self, name: str) -> str:
        return MEANINGS[name][1]

    def uses(self, options: Any) -> Iterable[str]:
        return [name for name, _ in options.raters]

    def check(self, options: Any, signals: Mapping[str, Any], reader: Reader) -> None:
        for name, _ in options.raters:
            kind = signals.get(name)
            if (
                name in SIGNALS
                or kind is None
                or not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind))
            ):
                raise reader.error(f"rating: {name} is not a number that was measured before, so it cannot be a rater.")

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.documents is not None
        names = tuple(name for name, _ in options.raters)
        tables = tuple(t for t in draft.signal_tables if not isinstance(t, Measure) or {s.name for s in t.signals} & set(names))
        columns = RaterColumns(draft.documents, tables, names)
        numbers = tuple(weight for _, weight in options.raters)
        signs = tuple(1.0 if weight >= 0 else -1.0 for weight in numbers)
        fit = FitRating(draft.crawl_digest, columns, signs, numbers if options.weighed else None)
        rated = Rate(columns, fit)
        draft.signal_tables.append(Rating(rated, RatingScale(draft.crawl_digest, rated)))

    def written(self, options: Any, said: Any) -> Any:
        if options.weighed:
            return {"raters": dict(options.raters)}
        return {"raters": [name if sign > 0 else f"-{name}" for name, sign in options.raters]}

    def schema(self) -> dict[str, Any]:
        weights = {"type": "object", "additionalProperties": {"type": "number"}}
        raters = {"oneOf": [{"type": "array", "items": {"type": "string"}}, weights]}
        return {"type": "object", "properties": {"raters": raters}, "required": ["raters"], "additionalProperties": False}
