"""The signals of a recipe, and all that there are: name, kind, unit, meaning and source of each. Filters declare theirs; the columns that other sections add
to the signals table are described by the section."""

import pyarrow as pa

from winnow.tasks.recipes.load import load, names
from winnow.tasks.recipes.recipe import Recipe
from winnow.tasks.signals.filter import Kind, Signal
from winnow.tasks.signals.filters.reference import filters

IDENTIFIED = (
    Signal("language", "str", "code", "the language of the text, as the recipe's language model has it", "the recipe's `language_model`"),
    Signal("language_score", "float", "probability", "how sure the language model is", "the recipe's `language_model`"),
)
"""What every signals table holds."""


def signals_of(recipe: str) -> list[Signal]:
    """What a recipe measures, in the order of the signals table. Raises BadInput: no such recipe."""
    return list(measured(load(recipe)).values())


def every_signal() -> list[Signal]:
    """Those of every filter that Winnow brings and of the shipped recipes, by name."""
    found: dict[str, Signal] = {}
    for name in names():
        found |= measured(load(name))
    for cls in filters():
        if isinstance(cls.signals, tuple):
            found |= {signal.name: signal for signal in cls.signals if signal.name not in found}
    return [found[name] for name in sorted(found)]


def measured(recipe: Recipe) -> dict[str, Signal]:
    """What a recipe measures, by name."""
    found = {signal.name: signal for signal in IDENTIFIED}
    declared = {signal.name: signal for group in recipe.measure.values() for each in group for signal in each.signals}
    for key, section in recipe.sections().items():
        if key in recipe.options:
            for name, kind in section.signals(recipe.options[key]).items():
                found[name] = declared.get(name) or Signal(
                    name, _kind(kind), section.unit(name), section.meaning(name), f"the recipe's `{key}`"
                )
    return found


def _kind(type_: pa.DataType) -> Kind:
    if pa.types.is_boolean(type_):
        return "bool"
    if pa.types.is_integer(type_):
        return "int"
    if pa.types.is_floating(type_):
        return "float"
    return "floats" if pa.types.is_list(type_) or pa.types.is_large_list(type_) else "str"
