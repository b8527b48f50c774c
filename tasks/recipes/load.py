"""Reading recipes: a recipe is a short YAML file derived from another (``extends``). Mappings merge, lists and plain values replace, ``null`` lifts what was
inherited. Nothing is optional silently: an unknown key is an error that names the near ones.

The chain of decisions has a name for each link. ``decide`` maps these names to what changes: options, ``after`` or ``before`` another link, ``null`` to lift
it, or a new link. ``limits``, ``where``, ``buckets`` and the list ``deduplicate`` are short forms of it.
"""

import difflib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import Reader, near
from winnow.tasks.engine.parsing import parsed_yaml
from winnow.tasks.engine.places import model_place
from winnow.tasks.engine.plugins import install, read_plugin
from winnow.tasks.engine.sections import Section, register_again, sections
from winnow.tasks.models.files import ModelFile, model_file
from winnow.tasks.recipes.recipe import Entry, Recipe
from winnow.tasks.signals.filter import Signal
from winnow.tasks.signals.limit import Limit

SHIPPED = Path(__file__).parent / "shipped"
TEXTS = ("name", "about", "source")
PLACES = ("after", "before")
LISTED = "deduplicate"
"""The key whose value is a list of links of the chain."""


def names() -> list[str]:
    """The shipped recipes."""
    return sorted(p.stem for p in SHIPPED.glob("*.yaml"))


def load(spec: str) -> Recipe:
    """A shipped recipe by name, or a user's by path.

    Raises:
        BadInput: no such recipe, unreadable YAML, unknown key or filter, impossible limit; says what is near or what to change.
    """
    raw = _raw(spec, ())
    try:
        return read(raw, spec)
    except TypeError as e:
        raise BadInput(f"Recipe {spec}: {e}") from None


def read(raw: Mapping[str, Any], spec: str) -> Recipe:
    """A recipe of its merged YAML; paths in it are absolute, or relative to the recipe file ``spec``. Raises BadInput, TypeError."""
    raw = dict(raw)
    beside = Path(spec).parent
    plugins = tuple(read_plugin(beside / str(path)) for path in raw.get("plugins") or ())
    modules = tuple(install(plugin) for plugin in plugins)
    for module in modules:
        register_again(module)
    reader = Reader(spec, beside, lambda value: model(value, spec), modules)
    known = sections(plugin.module for plugin in plugins)
    keys = {key for key, s in known.items() if not s.hidden}
    for key in raw:
        if key not in keys | {*TEXTS, "decide", "plugins"}:
            every = ", ".join(sorted(keys | {*TEXTS, "decide", "plugins", "extends"}))
            raise reader.error(f"unknown key {key!r}.{near(key, keys)} Known keys: {every}.")
    for key, section in known.items():
        if section.required and key not in raw:
            raise reader.error(f"the key {key!r} is missing. Start with `extends: raw`, which has it.")
    name = raw.get("name")
    if not isinstance(name, str) or not name.replace("-", "").replace("_", "").isalnum():
        raise reader.error(f"the name {name!r} becomes a folder; use letters, digits, - and _ only.")
    options: dict[str, Any] = {}
    links = _chain(raw, known, reader)
    for key, section in known.items():
        if section.phase == "decide" and key == LISTED:
            continue
        value = raw.get(key, section.default)
        options[key] = None if value is None else section.read(value, reader)
    for key, section in known.items():
        if raw.get(key) is not None:
            section.amend(options, reader)
    decide = []
    for link, (key, value) in links.items():
        found = options[key] if value is None and key in options else known[key].read(value, reader)
        decide.append(Entry(link, key, found))
    plain = {key: value for key, value in options.items() if known[key].phase != "decide" and not known[key].hidden and value is not None}
    texts = {key: str(raw.get(key) or "") for key in TEXTS}
    recipe = Recipe(**texts, options=plain, decide=tuple(decide), plugins=plugins, raw=_rooted(raw, beside))
    _check(recipe, known, reader)
    return recipe


SHARES = ("share", "probability")
COUNTED = ("words", "characters", "lines", "sentences", "blocks", "formulas", "commands", "occurrences", "entries", "languages", "spans")


def _check(recipe: Recipe, known: Mapping[str, Section], reader: Reader) -> None:
    """Every signal has one owner, and every name that a recipe uses is a signal that it measures."""
    used = [(known[key], value) for key, value in recipe.options.items()] + [(known[e.section], e.options) for e in recipe.decide]
    measured = recipe.signals()
    decided = {name for e in recipe.decide for name in known[e.section].decided(e.options, e.name)}
    for section, value in used:
        there = measured.keys() | decided if section.names_decisions else measured.keys()
        for name in section.uses(value):
            if name not in there:
                raise reader.error(
                    f"no filter of `measure` gives a signal {name!r}.{near(name, there)} `winnow recipes {recipe.name}` lists them."
                )
        section.check(value, measured, reader)
    known_signals = {signal.name: signal for filters in recipe.measure.values() for f in filters for signal in f.signals}
    for limit in recipe.limits:
        if limit.signal in known_signals:
            _check_range(limit, known_signals[limit.signal], reader)


def _check_range(limit: Limit, signal: Signal, reader: Reader) -> None:
    """A bound beyond all values that a signal has would leave an empty corpus."""
    least = 0.0 if signal.unit in (*SHARES, *COUNTED) else -math.inf
    most = 1.0 if signal.unit in SHARES else math.inf
    for low, high in ((limit.low, limit.high), *((low, high) for _, low, high in limit.by_language or ())):
        if (low is not None and low > most) or (high is not None and high < least):
            above = low is not None and low > most
            raise reader.error(
                f"nothing can pass the limit on {signal.name}: {f'low {low}' if above else f'high {high}'}, and no value of this signal (unit: {signal.unit}) is "
                f"{'above 1' if above else 'below 0'}."
            )


# ------------------------------------------------------------------ the chain of decisions


def _chain(raw: Mapping[str, Any], known: Mapping[str, Section], reader: Reader) -> dict[str, tuple[str, Any]]:
    """Name -> section and what the recipe says, in order. None stands for the options under the section's own key."""
    links: dict[str, tuple[str, Any]] = {}
    places: dict[str, dict[str, str]] = {}
    changes = reader.mapping(raw.get("decide") or {}, "decide")
    deciding = [key for key, s in known.items() if s.phase == "decide"]
    for key in deciding:
        if key != LISTED and (raw.get(key) is not None or known[key].required or known[key].default is not None):
            links[key] = (key, None)
    for name, change in changes.items():
        if change is None:
            links.pop(name, None)
            continue
        said = reader.mapping({change: {}} if isinstance(change, str) else change, f"decide.{name}")
        places[name] = {word: str(said.pop(word)) for word in PLACES if word in said}
        keys = [key for key in said if key in deciding]
        if len(keys) == 1 and len(said) == 1:
            links[name] = (keys[0], said[keys[0]])
        elif name in links and not said:
            pass
        elif name in deciding:
            links[name] = (name, said or None)
        else:
            raise reader.error(
                f"decide.{name} must name what it does: one of {', '.join(deciding)}, with its options; and after or before another link."
                + "".join(near(key, deciding) for key in said)
            )
    order = sorted(links, key=lambda name: known[links[name][0]].order)
    for name in [n for n in changes if places.get(n)]:
        for word, other in places[name].items():
            if other not in links or other == name:
                raise reader.error(
                    f"decide.{name} stands {word} {other!r}, which is not in the chain.{near(other, order)} The chain: {', '.join(order)}."
                )
            order.remove(name)
            order.insert(order.index(other) + (word == "after"), name)
    return {name: links[name] for name in order}


def _named(rules: Any) -> dict[str, Any]:
    """The list ``deduplicate`` as links of the chain: each is called by its ``name``, or by what it compares."""
    links: dict[str, Any] = {}
    for rule in rules:
        said = dict(rule) if isinstance(rule, dict) else {"by": rule}
        name = base = str(said.pop("name", None) or said.get("by"))
        number = 2
        while name in links:
            name, number = f"{base}-{number}", number + 1
        links[name] = {LISTED: said}
    return links


# ------------------------------------------------------------------ files


def _raw(spec: str, seen: tuple[str, ...]) -> dict[str, Any]:
    """The YAML of a recipe with everything it extends merged in."""
    path = SHIPPED / f"{spec}.yaml" if spec in names() else Path(spec)
    if not path.is_file():
        if path.suffix in (".yaml", ".yml") or "/" in spec:
            raise BadInput(f"There is no recipe file {spec}. Give the path of a YAML file, or one of: {', '.join(names())}.")
        near_ = difflib.get_close_matches(spec, names(), n=1, cutoff=0.5)
        hint = f" Did you mean {near_[0]}?" if near_ else ""
        raise BadInput(
            f"There is no recipe {spec}.{hint} The shipped ones are: {', '.join(names())}; a recipe of your own is given by the path of its YAML file."
        )
    try:
        raw = parsed_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise BadInput(f"Recipe {path} cannot be read as YAML: {' '.join(str(e).split())}") from None
    if not isinstance(raw, dict):
        raise BadInput(
            f"Recipe {path} must be a mapping of keys such as `extends`, `limits`; it is {type(raw).__name__}. See tasks/recipes/shipped/fineweb.yaml."
        )
    own = {"name": path.stem, **raw}
    parent = own.pop("extends", None)
    if parent and (parent in seen or parent == spec):
        raise BadInput(f"Recipe {path} extends itself by way of {parent}: remove that `extends`.")
    if LISTED in own and not isinstance(own[LISTED], list | None):
        raise BadInput(f"Recipe {spec}: {LISTED} must be a list, it is {type(own[LISTED]).__name__}.")
    own = _rooted(own, path.parent)
    if not parent:
        return _merged({}, own)
    beside = path.parent / str(parent)
    return _merged(_raw(str(beside) if beside.is_file() else str(parent), (*seen, spec)), own)


def _rooted(raw: Mapping[str, Any], beside: Path) -> dict[str, Any]:
    """With every path that is relative to the recipe's folder made absolute: a recipe that extends this one may lie elsewhere."""
    known = sections()
    rooted = {key: known[key].rooted(value, beside) if key in known else value for key, value in raw.items()}
    if isinstance(plugins := raw.get("plugins"), list):
        rooted["plugins"] = [str((beside / str(p)).resolve()) for p in plugins]
    if isinstance(chain := raw.get("decide"), dict):
        rooted["decide"] = {name: _rooted_link(name, link, beside, known) for name, link in chain.items()}
    return rooted


def _rooted_link(name: str, link: Any, beside: Path, known: Mapping[str, Section]) -> Any:
    """A link of the chain: it names its section, or is called like one and has its options."""
    if not isinstance(link, dict):
        return link
    if not any(key in known for key in link):
        return known[name].rooted(link, beside) if name in known else link
    return {key: known[key].rooted(value, beside) if key in known else value for key, value in link.items()}


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """One recipe over another. The list of deduplications becomes links of the chain, in place of those that were inherited; what lifts a link stays."""
    base, change = dict(base), dict(change)
    chain = dict(base.pop("decide", {}))
    if LISTED in change:
        chain = {name: link for name, link in chain.items() if not (isinstance(link, dict) and LISTED in link)}
        chain |= _named(change.pop(LISTED) or ())
    own = change.pop("decide", None) or {}
    if not isinstance(own, dict):
        raise BadInput(f"Recipe {change.get('name')}: decide must be a mapping of names to what each does, it is {type(own).__name__}.")
    for name, link in own.items():
        chain[name] = _relinked(chain.get(name), link)
    plugins = [*base.get("plugins", []), *(p for p in change.get("plugins") or [] if p not in base.get("plugins", []))]
    merged = _over(base, change)
    return merged | ({"decide": chain} if chain else {}) | ({"plugins": plugins} if plugins else {})


def _relinked(old: Any, change: Any) -> Any:
    """A link after a change. What is no place and not the key of its section is an option of it."""
    if not (isinstance(old, dict) and isinstance(change, dict)):
        return change
    kinds = [key for key in old if key not in PLACES]
    if len(kinds) == 1 and isinstance(old[kinds[0]], dict) and kinds[0] not in change:
        [kind] = kinds
        places = {key: value for key, value in change.items() if key in PLACES}
        return {**old, kind: _over(old[kind], {key: value for key, value in change.items() if key not in PLACES}), **places}
    return _over(old, change)


def _over(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _over(result[key], value)
        else:
            result[key] = value
    return result


def model(value: Any, spec: str) -> ModelFile:
    """A model that a recipe names: by name, path or URI, block, or a mapping with its digest. Raises BadInput."""
    if isinstance(value, str):
        return model_file(*model_place(value))
    if not isinstance(value, dict):
        raise BadInput(f"Recipe {spec}: a model must be a mapping, it is {type(value).__name__}.")
    if set(value) - {"name", "sha256"} or "name" not in value:
        raise BadInput(f"Recipe {spec}: a model is a name, path or URI, block:NAME, or a mapping of `name` and `sha256`.")
    return model_file(str(value["name"]), str(value.get("sha256", "")))
