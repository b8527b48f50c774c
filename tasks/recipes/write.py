"""Writing recipes: as YAML that can be run again, as JSON, and the JSON Schema by which an editor checks and completes a recipe file."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from winnow.tasks.engine.sections import Section, sections
from winnow.tasks.recipes.load import PLACES, TEXTS, names
from winnow.tasks.recipes.recipe import Recipe

HEAD = "# {name}: everything that it extends is written out, with every default. This file can be run as it is.\n"


def as_yaml(recipe: Recipe) -> str:
    """The whole recipe as a file that gives the same corpus, under the same addresses."""
    return HEAD.format(name=recipe.name) + yaml.safe_dump(written(recipe), sort_keys=False, allow_unicode=True, width=140)


def as_json(recipe: Recipe) -> str:
    """What the recipe asks for, as the manifest of its corpus holds it: options with digests of models, and the chain of decisions in its order."""
    return json.dumps(recipe.described(), indent=1, ensure_ascii=False)


def written(recipe: Recipe) -> dict[str, Any]:
    """The YAML of the whole recipe as plain values, in the order in which it is built."""
    known, raw = recipe.sections(), recipe.raw
    result: dict[str, Any] = {key: getattr(recipe, key) for key in TEXTS}
    if raw.get("plugins"):
        result["plugins"] = list(raw["plugins"])
    of = {e.section: e.options for e in reversed(recipe.decide) if e.name == e.section}
    for key, section in known.items():
        if not section.hidden and (value := raw.get(key, section.default)) is not None:
            result[key] = section.written(recipe.options.get(key, of.get(key)), value)
    result["decide"] = _chain(recipe, known)
    return result


def _chain(recipe: Recipe, known: Mapping[str, Section]) -> dict[str, Any]:
    links = recipe.raw.get("decide", {})
    chain: dict[str, Any] = {}
    for entry in recipe.decide:
        said = (
            {k: v for k, v in (links.get(entry.name) or {}).items() if k not in PLACES}
            if not isinstance(links.get(entry.name), str)
            else {}
        )
        if entry.section in said:
            chain[entry.name] = {entry.section: known[entry.section].written(entry.options, said[entry.section])}
        else:
            chain[entry.name] = said
    short = [name for name in known if name in chain and not chain[name]]
    again = sorted([*short, *(name for name in chain if name not in short)], key=lambda name: known[_section(recipe, name)].order)
    if again != list(chain):
        before = ""
        for name in chain:
            chain[name] = chain[name] | ({"after": before} if before else {})
            before = name
    return chain | {name: None for name, link in links.items() if link is None}


def _section(recipe: Recipe, name: str) -> str:
    return next(entry.section for entry in recipe.decide if entry.name == name)


def json_schema() -> dict[str, Any]:
    """JSON Schema of recipe files, from the sections that are installed."""
    known = {key: section for key, section in sections().items() if not section.hidden}
    properties: dict[str, Any] = {
        "extends": {
            "description": "A shipped recipe, or the path of a file, that this one changes.",
            "anyOf": [{"enum": names()}, {"type": "string"}],
        },
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
        "about": {"type": "string"},
        "source": {"type": "string"},
        "plugins": {"description": "Python files that bring filters and steps.", "type": "array", "items": {"type": "string"}},
    }
    definitions: dict[str, Any] = {}
    links: dict[str, Any] = {}
    for key, section in known.items():
        schema = section.schema()
        definitions |= schema.pop("$defs", {})
        schema = {"description": section.about, **schema}
        if section.phase == "decide":
            links[key] = schema
        listed = key == "deduplicate"
        properties[key] = {
            "anyOf": [{"type": "null"}, {"type": "array", "items": schema} if listed else schema],
            "description": section.about,
        }
    place = {word: {"type": "string", "description": f"stands {word} this link of the chain"} for word in PLACES}
    link = {"anyOf": [{"type": "null"}, {"enum": list(links)}, {"type": "object", "properties": links | place}]}
    properties["decide"] = {
        "description": "The chain of decisions by name: what to change, to add, or (null) to lift.",
        "anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": link}],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Winnow recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"$defs": definitions} if definitions else {}),
    }
