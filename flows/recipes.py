"""Recipes: a snapshot's way from crawl to corpus, with every threshold in one readable place. Reading and checking them lives here.

A recipe is a short YAML file derived from another (``extends``). Mappings merge, lists and plain values replace, ``null`` lifts what was
inherited. Nothing is optional silently: an unknown key is an error that names the near ones.
"""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from flows.places import model_place
from tasks.buckets import BUCKETS, Bucket, Cutoffs
from tasks.core.errors import BadInput
from tasks.core.filter import Filter
from tasks.core.identity import canonical, digest
from tasks.core.limit import Limit
from tasks.core.plan import lineage
from tasks.core.step import Step
from tasks.corrections import LineRules
from tasks.crawl import Crawl
from tasks.dedup.exact import Clusters, Fingerprint, Resolve, Scatter
from tasks.documents import ReadDocuments
from tasks.extract import MIB, Extract
from tasks.extractors.base import Extractor
from tasks.filters.datatrove_block import DatatroveBlock
from tasks.measure import Correct, Measure, Signals
from tasks.models import ModelFile, model_file
from tasks.ngram import cc_net
from tasks.pii import KINDS
from tasks.profile import Profile
from tasks.publish import Layout, Publish
from tasks.redact import Redact
from tasks.select import Judge

SHIPPED = Path(__file__).parent / "recipes"
SHARDS_PER_PARTITION = 512
T = TypeVar("T")


@dataclass(frozen=True)
class Deduplicate:
    """One pass of exact deduplication. ``keep`` is ``first`` (crawl order) or ``best:<signal>``; without ``drop`` it only annotates."""

    by: str
    keep: str = "first"
    drop: bool = True


@dataclass(frozen=True)
class Buckets:
    """Head, middle and tail of a signal. ``cutoffs`` is ``run`` (``percentiles`` of the kept documents per language), ``cc_net`` (published with
    its models), or a mapping of language to two values. ``keep`` names the buckets that stay, all if empty."""

    signal: str = "perplexity"
    cutoffs: str | tuple[tuple[str, float, float], ...] = "run"
    percentiles: tuple[float, float] = (30.0, 60.0)
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """A recipe with every default written out. See ``flows/recipes/*.yaml`` for the shipped ones and docs/recipes.md for each key."""

    name: str
    about: str
    source: str
    extractor: Extractor
    language_model: ModelFile
    measure: dict[str, tuple[Filter, ...]]
    limits: tuple[Limit, ...]
    correct: LineRules | None = None
    deduplicate: tuple[Deduplicate, ...] = ()
    buckets: Buckets | None = None
    redact: tuple[str, ...] = ()
    carry_signals: tuple[str, ...] = ()
    rows_per_file: int = 100_000
    max_record_mib: int = 32

    def described(self) -> dict[str, Any]:
        """JSON form, every default written out: what the manifest holds."""
        return {f.name: canonical(getattr(self, f.name)) for f in fields(self)}


@dataclass(frozen=True)
class Pipeline:
    """The steps of a recipe on a crawl. ``documents``, ``signals`` and ``decisions`` are kept tables beside the corpus."""

    recipe: Recipe
    documents: Step
    signals: Signals
    decisions: Judge | Resolve | Bucket
    profile: Profile
    publish: Publish
    steps: tuple[Step, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", lineage(self.targets))

    @property
    def targets(self) -> tuple[Step, ...]:
        return (self.documents, self.signals, self.decisions, self.profile, self.publish)

    def check(self) -> None:
        """Build every extractor, model and filter once, so that what is missing fails before the first shard. Raises BadInput."""
        for step in self.steps:
            step.check()


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
        return _recipe(raw, spec)
    except TypeError as e:
        raise BadInput(f"Recipe {spec}: {e}") from None


def build(recipe: Recipe, crawl: Crawl) -> Pipeline:
    """The steps of a recipe for a crawl. Pure: nothing is read or loaded."""
    crawl_digest = digest([s.key for s in crawl.shards])
    documents: Step
    if crawl.kind == "documents":
        documents = ReadDocuments(recipe.language_model)
    else:
        documents = Extract(recipe.extractor, recipe.language_model, recipe.max_record_mib * MIB)
    correct = Correct(documents, recipe.correct) if recipe.correct else None
    groups = tuple(Measure(documents, group, filters, correct if _edited(filters) else None) for group, filters in recipe.measure.items())
    signals = Signals(documents, groups, correct)
    judged: Judge | Resolve = Judge(signals, recipe.limits)
    fingerprints = Fingerprint(documents, correct)
    for rule in recipe.deduplicate:
        best = rule.keep.removeprefix("best:") if rule.keep != "first" else ""
        scattered = Scatter(rule.by, fingerprints, judged, signals if best else None, best)  # type: ignore[arg-type]
        partitions = -(-len(crawl.shards) // SHARDS_PER_PARTITION)
        judged = Resolve(judged, Clusters(crawl_digest, scattered, partitions), rule.drop)
    decisions = _bucket(recipe.buckets, signals, judged, crawl_digest) if recipe.buckets else judged
    redacted = Redact(documents, decisions, signals, recipe.redact, recipe.carry_signals, correct)
    publish = Publish(crawl_digest, Layout(crawl_digest, redacted, recipe.rows_per_file), crawl.snapshot, recipe.name)
    return Pipeline(recipe, documents, signals, decisions, Profile(documents, signals, decisions), publish)


def _bucket(buckets: Buckets, signals: Signals, decisions: Step, crawl_digest: str) -> Bucket:
    found, given = None, buckets.cutoffs
    if given == "run":
        found, given = Cutoffs(crawl_digest, signals, decisions, buckets.signal, buckets.percentiles), ()
    elif given == "cc_net":
        given = tuple((language, head, tail) for language, (head, tail) in sorted(cc_net.cutoffs().items()))
    return Bucket(decisions, signals, buckets.signal, found, given, buckets.keep)  # type: ignore[arg-type]


def _edited(filters: tuple[Filter, ...]) -> bool:
    return any(f.text == "corrected" for f in filters)


# ------------------------------------------------------------------ reading


def _raw(spec: str, seen: tuple[str, ...]) -> dict[str, Any]:
    """The YAML of a recipe with everything it extends merged in."""
    path = SHIPPED / f"{spec}.yaml" if spec in names() else Path(spec)
    if not path.is_file():
        if path.suffix in (".yaml", ".yml") or "/" in spec:
            raise BadInput(f"There is no recipe file {spec}. Give the path of a YAML file, or one of: {', '.join(names())}.")
        near = difflib.get_close_matches(spec, names(), n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadInput(
            f"There is no recipe {spec}.{hint} Shipped are: {', '.join(names())}; a recipe of your own is given by the path of its YAML file."
        )
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as e:
        raise BadInput(f"Recipe {path} cannot be read as YAML: {' '.join(str(e).split())}") from None
    if not isinstance(raw, dict):
        raise BadInput(
            f"Recipe {path} must be a mapping of keys such as `extends`, `limits`; it is {type(raw).__name__}. See flows/recipes/fineweb.yaml."
        )
    own: dict[str, Any] = {"name": path.stem, **raw}
    if parent := own.pop("extends", None):
        if parent in seen or parent == spec:
            raise BadInput(f"Recipe {path} extends itself by way of {parent}: remove that `extends`.")
        beside = path.parent / str(parent)
        base = _raw(str(beside) if beside.is_file() else str(parent), (*seen, spec))
        return _merged(base, own)
    return own


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result


def _recipe(raw: dict[str, Any], spec: str) -> Recipe:
    known = {f.name for f in fields(Recipe)}
    for key in raw:
        if key not in known:
            raise BadInput(f"Recipe {spec}: unknown key {key!r}.{_near(key, known)} Known keys: {', '.join(sorted(known | {'extends'}))}.")
    for key in ("extractor", "measure", "limits"):
        if key not in raw:
            raise BadInput(f"Recipe {spec}: the key {key!r} is missing. Start with `extends: raw`, which has it.")
    if not isinstance(raw["name"], str) or not raw["name"].replace("-", "").replace("_", "").isalnum():
        raise BadInput(f"Recipe {spec}: the name {raw['name']!r} becomes a folder; use letters, digits, - and _ only.")
    raw["extractor"] = _component(raw["extractor"], "tasks.extractors", Extractor, spec)
    raw["language_model"] = _model(raw.get("language_model", "lid.176.ftz"), spec)
    raw["measure"] = {
        group: tuple(_filter(entry, spec) for entry in _list(entries, f"measure.{group}", spec))
        for group, entries in _dict(raw["measure"], "measure", spec).items()
    }
    raw["limits"] = tuple(_limit(signal, bounds, spec) for signal, bounds in _dict(raw["limits"], "limits", spec).items())
    if raw.get("correct"):
        raw["correct"] = _options(LineRules, _dict(raw["correct"], "correct", spec), f"{spec}: correct")
    raw["deduplicate"] = tuple(_deduplicate(d, spec) for d in _list(raw.get("deduplicate", []), "deduplicate", spec))
    if raw.get("buckets"):
        raw["buckets"] = _buckets(raw["buckets"], spec)
    raw["redact"] = tuple(_list(raw.get("redact", []), "redact", spec))
    raw["carry_signals"] = tuple(_list(raw.get("carry_signals", []), "carry_signals", spec))
    for kind in raw["redact"]:
        if kind not in KINDS:
            raise BadInput(f"Recipe {spec}: redact knows {', '.join(KINDS)}, not {kind!r}.")
    for key, low in (("rows_per_file", 1), ("max_record_mib", 1)):
        if key in raw and (not isinstance(raw[key], int) or isinstance(raw[key], bool) or raw[key] < low):
            raise BadInput(f"Recipe {spec}: {key} is {raw[key]!r}; it must be a whole number of at least {low}.")
    recipe = Recipe(**{"about": "", "source": "", **raw})
    return _checked(recipe, spec)


def _checked(recipe: Recipe, spec: str) -> Recipe:
    """Every signal has one owner, and every name that a recipe uses is a signal that it measures."""
    owners: dict[str, str] = {}
    for group, filters in recipe.measure.items():
        if not group.replace("-", "").replace("_", "").isalnum():
            raise BadInput(f"Recipe {spec}: the group name {group!r} becomes part of a path; use letters, digits, - and _ only.")
        for f in filters:
            for s in f.signals:
                if s.name in owners:
                    raise BadInput(
                        f"Recipe {spec}: the signal {s.name} is measured twice, in {owners[s.name]} and {group}. Take one filter out."
                    )
                owners[s.name] = group
    measured = set(owners) | {"language", "language_score"}
    if recipe.correct:
        measured |= {"corrected_lines_in", "corrected_lines_removed", "corrected_words_removed_share"}
    used = (
        [limit.signal for limit in recipe.limits]
        + list(recipe.carry_signals)
        + [d.keep.removeprefix("best:") for d in recipe.deduplicate if d.keep != "first"]
        + ([recipe.buckets.signal] if recipe.buckets else [])
    )
    for name in used:
        if name not in measured:
            raise BadInput(
                f"Recipe {spec}: no filter of `measure` gives a signal {name!r}.{_near(name, measured)} `winnow recipes {recipe.name}` lists them."
            )
    return recipe


def _filter(entry: Any, spec: str) -> Filter:
    if isinstance(entry, dict) and set(entry) <= {"block", "options"} and "block" in entry:
        options = _dict(entry.get("options") or {}, "options", spec)
        return DatatroveBlock(block=str(entry["block"]), options=tuple(sorted((str(k), _frozen(v)) for k, v in options.items())))
    return _component(entry, "tasks.filters", Filter, spec)


def _component(entry: Any, package: str, base: type[T], spec: str) -> T:
    """``module.Class`` of the package (or any dotted path to a class of the same base), plain or with options."""
    path, options = next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (entry, {})
    if not isinstance(path, str) or "." not in path:
        raise BadInput(f"Recipe {spec}: {entry!r} names no class. Write `module.Class` of {package}, with options as a mapping.")
    module, name = path.rsplit(".", 1)
    found = None
    for place in (f"{package}.{module}", module):
        try:
            found = getattr(importlib.import_module(place), name, None)
        except ModuleNotFoundError as e:
            if e.name and not place.startswith(e.name):
                raise BadInput(f"Recipe {spec}: {path} needs the package {e.name}, which is not installed: pip install {e.name}") from None
        if found is not None:
            break
    if not (isinstance(found, type) and issubclass(found, base)):
        raise BadInput(f"Recipe {spec}: there is no {base.__name__} {path} in {package}. Check module and class name.")
    return _options(found, _dict(options or {}, path, spec), f"{spec}: {path}")


def _options(cls: type[T], options: dict[str, Any], where: str) -> T:
    known = {f.name for f in fields(cls)} if is_dataclass(cls) else set()
    for key in options:
        if key not in known:
            raise BadInput(
                f"Recipe {where}: unknown option {key!r}.{_near(key, known)} Known options: {', '.join(sorted(known)) or 'none'}."
            )
    # A field may say how its value in a recipe becomes its value in a step, such as names that become models with their digests.
    readers = {f.name: f.metadata["recipe"] for f in fields(cls) if "recipe" in f.metadata} if is_dataclass(cls) else {}
    return cls(**{k: readers[k](v, lambda spec: _model(spec, where)) if k in readers else _frozen(v) for k, v in options.items()})


def _limit(signal: str, bounds: Any, spec: str) -> Limit:
    options = _dict(bounds, f"limits.{signal}", spec)
    if isinstance(options.get("one_of"), str):
        options["one_of"] = [options["one_of"]]
    return _options(Limit, {"signal": signal, **options}, f"{spec}: limits.{signal}")


def _deduplicate(entry: Any, spec: str) -> Deduplicate:
    rule = _options(Deduplicate, _dict(entry, "deduplicate", spec), f"{spec}: deduplicate")
    if rule.by not in ("url", "text"):
        raise BadInput(f"Recipe {spec}: deduplicate by {rule.by!r} is not known; by is url or text.")
    if rule.keep != "first" and not rule.keep.startswith("best:"):
        raise BadInput(f"Recipe {spec}: deduplicate keep {rule.keep!r} is not known; keep is first or best:<signal>.")
    return rule


def _buckets(entry: Any, spec: str) -> Buckets:
    options = _dict(entry, "buckets", spec)
    if isinstance(given := options.get("cutoffs"), dict):
        options["cutoffs"] = [[language, *(pair if isinstance(pair, list) else [pair])] for language, pair in sorted(given.items())]
    buckets = _options(Buckets, options, f"{spec}: buckets")
    for row in (("percentiles", *buckets.percentiles), *(buckets.cutoffs if isinstance(buckets.cutoffs, tuple) else ())):
        if len(row) != 3 or not all(isinstance(v, int | float) for v in row[1:]) or not row[1] <= row[2]:
            raise BadInput(f"Recipe {spec}: buckets {row[0]} is {list(row[1:])}; give two numbers, the first not above the second.")
    if not all(0 < p < 100 for p in buckets.percentiles):
        raise BadInput(f"Recipe {spec}: buckets.percentiles must lie between 0 and 100.")
    if isinstance(buckets.cutoffs, str) and buckets.cutoffs not in ("run", "cc_net"):
        raise BadInput(f"Recipe {spec}: buckets.cutoffs is run, cc_net, or a mapping such as {{en: [340, 520]}}; not {buckets.cutoffs!r}.")
    if wrong := set(buckets.keep) - set(BUCKETS):
        raise BadInput(f"Recipe {spec}: buckets.keep knows {', '.join(BUCKETS)}, not {', '.join(map(str, wrong))}.")
    return buckets


def _model(value: Any, spec: str) -> ModelFile:
    if isinstance(value, str):
        place, sha256 = model_place(value)
        return model_file(place, sha256)
    entry = _dict(value, "a model", spec)
    if set(entry) - {"name", "sha256"} or "name" not in entry:
        raise BadInput(f"Recipe {spec}: a model is a name, path or URI, block:NAME, or a mapping of `name` and `sha256`.")
    return model_file(str(entry["name"]), str(entry.get("sha256", "")))


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    return value


def _list(value: Any, key: str, spec: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInput(f"Recipe {spec}: {key} must be a list, it is {type(value).__name__}.")
    return value


def _dict(value: Any, key: str, spec: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"Recipe {spec}: {key} must be a mapping, it is {type(value).__name__}.")
    return dict(value)


def _near(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(word, known, n=2)
    return f" Did you mean {' or '.join(near)}?" if near else ""
