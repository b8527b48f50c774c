"""Recipes: a snapshot's way from crawl to corpus, with every threshold in one readable place. Reading and checking them lives here.

A recipe is a short YAML file derived from another (``extends``). Mappings merge, lists and plain values replace, ``null`` lifts what was
inherited. Nothing is optional silently: an unknown key is an error that names the near ones.
"""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import yaml

from winnow.tasks.corpus.buckets import BUCKETS, Bucket, Cutoffs
from winnow.tasks.corpus.pii import KINDS
from winnow.tasks.corpus.profile import Profile
from winnow.tasks.corpus.publish import Layout, Publish
from winnow.tasks.corpus.redact import Redact
from winnow.tasks.dedup.exact import Clusters, Fingerprint, Scatter
from winnow.tasks.dedup.index import Index
from winnow.tasks.dedup.keep import BEST, PLAIN
from winnow.tasks.dedup.known import Lookup, ResolveKnown
from winnow.tasks.dedup.minhash import PRESETS, BandBuckets, Candidates, Components, ComputeSignatures, FuzzyClusters, MinHash
from winnow.tasks.dedup.resolve import ClusterStep, Decisions, ResolveClusters
from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.edit.edits import Edit, RequireTextLeft
from winnow.tasks.edit.paragraph import CutRepeatedParagraphs, Paragraphs, RepeatedParagraphs
from winnow.tasks.edit.substring import CutRepeatedSubstrings, RepeatedWindows, Windows
from winnow.tasks.engine.crawl import Crawl
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical, digest, stable
from winnow.tasks.engine.places import model_place
from winnow.tasks.engine.plan import lineage
from winnow.tasks.engine.step import Step
from winnow.tasks.extract.extract import MIB
from winnow.tasks.extract.extractors.base import Extractor
from winnow.tasks.extract.text_column import TextColumn
from winnow.tasks.models.files import ModelFile, model_file
from winnow.tasks.models.ngram import cc_net
from winnow.tasks.recipes import packs
from winnow.tasks.signals.condition import Condition
from winnow.tasks.signals.filter import Filter
from winnow.tasks.signals.filters.datatrove_block import DatatroveBlock
from winnow.tasks.signals.limit import Limit
from winnow.tasks.signals.measure import ARROW, CORRECTED, EDIT_FIGURES, Correct, Measure, Signals
from winnow.tasks.signals.select import ApplyLimits
from winnow.tasks.sources.base import Reading, reader

SHIPPED = Path(__file__).parent / "shipped"
SHARDS_PER_PARTITION = 512
SHARDS_PER_RANGE = 2048
T = TypeVar("T")


@stable("option/deduplicate")
@dataclass(frozen=True)
class Deduplicate:
    """One pass of deduplication, among what the passes before it kept. ``keep`` is a policy of ``tasks/dedup/keep.py``; without ``drop`` it
    only annotates. This class is for ``by: url`` and ``by: text``; the other kinds have options of their own."""

    by: str
    keep: str = "first"
    drop: bool = True


@stable("option/deduplicate-minhash")
@dataclass(frozen=True)
class ByMinHash(Deduplicate):
    """``against`` names an index of earlier snapshots. In a recipe, ``preset`` and single fields of ``MinHash`` stand for ``minhash``.

    A document goes only for one that stays and with which it has at least ``min_similarity`` in common, or which contains ``min_containment`` of its
    n-grams; with 0, as in the published pipelines, for any member of its connected component. ``exempt`` is a condition on signals: documents for
    which it holds are never removed."""

    minhash: MinHash = PRESETS["verified"]
    min_similarity: float = 0.8
    min_containment: float | None = None
    exempt: Condition | None = None
    against: str = ""


@stable("option/deduplicate-paragraph")
@dataclass(frozen=True)
class ByParagraph(Deduplicate):
    """``mode``, ``group_files`` and ``min_documents``: see ``tasks/edit/paragraph.py``. Lines under ``min_chars`` are never cut; a document with
    fewer than ``min_chars_left`` is dropped. ``within`` also cuts the copies of a line inside one document: mode ``cc_net`` does, mode ``global``
    does not unless it is asked to."""

    mode: str = "global"
    group_files: int = 0
    min_documents: int = 2
    min_chars: int = 0
    min_chars_left: int = 1
    within: bool | None = None


@stable("option/deduplicate-substring")
@dataclass(frozen=True)
class BySubstring(Deduplicate):
    """Runs of ``min_tokens`` tokens or more. A document with fewer than ``min_chars_left`` characters left is dropped."""

    min_tokens: int = 50
    min_chars_left: int = 1


KINDS_OF_COPIES: dict[str, type[Deduplicate]] = {
    "url": Deduplicate,
    "text": Deduplicate,
    "minhash": ByMinHash,
    "paragraph": ByParagraph,
    "substring": BySubstring,
}


@stable("option/buckets")
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
    """A recipe with every default written out. See ``tasks/recipes/shipped/*.yaml`` for the shipped ones and docs/recipes.md for each key."""

    name: str
    about: str
    source: str
    extractor: Extractor
    language_model: ModelFile
    measure: dict[str, tuple[Filter, ...]]
    limits: tuple[Limit, ...]
    paragraphs: ByParagraph | None = None
    where: Condition | None = None
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
    decisions: Decisions
    profile: Profile
    publish: Publish
    steps: tuple[Step, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", lineage(self.targets))

    @property
    def signatures(self) -> ComputeSignatures | None:
        """The signatures that an index of this run would hold; None without deduplication by minhash."""
        return next((s for s in self.steps if isinstance(s, ComputeSignatures)), None)

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


def build(recipe: Recipe, crawl: Crawl, indexes: Mapping[str, Index] | None = None) -> Pipeline:
    """The steps of a recipe for a crawl; ``indexes`` are those that its deduplication names. Pure: nothing is read or loaded."""
    crawl_digest = digest([s.key for s in crawl.shards])
    documents: Step
    documents = reader(crawl.kind).documents(Reading(recipe.extractor, recipe.language_model, recipe.max_record_mib * MIB))
    ranges = -(-len(crawl.shards) // SHARDS_PER_RANGE)
    extracted = text = TextColumn(documents)
    edited = _unrepeated(recipe.paragraphs, text, None, None, crawl_digest, ranges) if recipe.paragraphs else None
    text = text.after(edited) if edited else text
    correct = Correct(text, recipe.correct) if recipe.correct else None
    text = text.after(correct) if correct else text
    groups = tuple(Measure(text if _edited(filters) else extracted, group, filters) for group, filters in recipe.measure.items())
    signals = Signals(documents, groups, correct, edited)
    decisions: Decisions = ApplyLimits(signals, recipe.limits, recipe.where)
    for rule in recipe.deduplicate:
        rankings: dict[str, Step | TextColumn] = {"newest": documents, "longest": text}
        ranked_by = signals if rule.keep.startswith(BEST) else rankings.get(rule.keep)
        if isinstance(rule, ByParagraph | BySubstring):
            edit: Edit
            if isinstance(rule, ByParagraph):
                edit = _unrepeated(rule, text, decisions, ranked_by, crawl_digest, ranges)
            else:
                windows = RepeatedWindows(crawl_digest, Windows(text, rule.min_tokens), decisions, ranges, rule.keep)
                edit = CutRepeatedSubstrings(text, decisions, windows)
            decisions = RequireTextLeft(decisions, edit, rule.min_chars_left if rule.drop else 0)
            text = text.after(edit) if rule.drop else text
            continue
        clusters: ClusterStep
        if isinstance(rule, ByMinHash):
            signatures = ComputeSignatures(text, rule.minhash)
            if rule.against:
                lookup = Lookup(crawl_digest, signatures, decisions, (indexes or {})[rule.against], ranges)
                decisions = ResolveKnown(decisions, lookup, rule.drop, rule.min_similarity, rule.min_containment)
            components = Components(crawl_digest, BandBuckets(crawl_digest, signatures, decisions, ranges))
            exempted = (rule.exempt, signals) if rule.exempt else (None, None)
            candidates = Candidates(components, text, rule.minhash, rule.keep, ranked_by, *exempted)
            clusters = FuzzyClusters(crawl_digest, candidates, ranges, rule.min_similarity, rule.min_containment)
        else:
            scattered = Scatter("url" if rule.by == "url" else "text", Fingerprint(text), decisions, rule.keep, ranked_by)
            clusters = Clusters(crawl_digest, scattered, -(-len(crawl.shards) // SHARDS_PER_PARTITION))
        decisions = ResolveClusters(decisions, clusters, rule.drop, rule.keep != "none")
    if recipe.buckets:
        decisions = _bucket(recipe.buckets, signals, decisions, crawl_digest)
    redacted = Redact(text, decisions, signals, recipe.redact, recipe.carry_signals)
    publish = Publish(crawl_digest, Layout(crawl_digest, redacted, recipe.rows_per_file), crawl.snapshot, recipe.name)
    return Pipeline(recipe, documents, signals, decisions, Profile(documents, signals, decisions), publish)


def _unrepeated(
    rule: ByParagraph, text: TextColumn, decisions: Step | None, ranked_by: Step | TextColumn | None, crawl_digest: str, ranges: int
) -> CutRepeatedParagraphs:
    published = rule.mode == "cc_net"
    paragraphs = Paragraphs(text, rule.min_chars if published else max(rule.min_chars, 1))
    repeated = RepeatedParagraphs(
        crawl_digest, paragraphs, decisions, ranges, rule.mode, rule.group_files, rule.min_documents, rule.keep, ranked_by
    )
    return CutRepeatedParagraphs(text, decisions, repeated, published if rule.within is None else rule.within)


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
            f"Recipe {path} must be a mapping of keys such as `extends`, `limits`; it is {type(raw).__name__}. See tasks/recipes/shipped/fineweb.yaml."
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
    known = {f.name for f in fields(Recipe)} | {"languages"}
    for key in raw:
        if key not in known:
            raise BadInput(f"Recipe {spec}: unknown key {key!r}.{_near(key, known)} Known keys: {', '.join(sorted(known | {'extends'}))}.")
    for key in ("extractor", "measure", "limits"):
        if key not in raw:
            raise BadInput(f"Recipe {spec}: the key {key!r} is missing. Start with `extends: raw`, which has it.")
    if not isinstance(raw["name"], str) or not raw["name"].replace("-", "").replace("_", "").isalnum():
        raise BadInput(f"Recipe {spec}: the name {raw['name']!r} becomes a folder; use letters, digits, - and _ only.")
    raw["extractor"] = _component(raw["extractor"], "winnow.tasks.extract.extractors", Extractor, spec)
    raw["language_model"] = _model(raw.get("language_model", "lid.176.ftz"), spec)
    raw["measure"] = {
        group: tuple(_filter(entry, spec) for entry in _list(entries, f"measure.{group}", spec))
        for group, entries in _dict(raw["measure"], "measure", spec).items()
    }
    raw["limits"] = tuple(_limit(signal, bounds, spec) for signal, bounds in _dict(raw["limits"], "limits", spec).items())
    if of := raw.pop("languages", None):
        found = packs.read(of, spec, Path(spec).parent)
        raw["limits"] = packs.limited(raw["limits"], found)
        raw["measure"] = {group: packs.worded(filters, found) for group, filters in raw["measure"].items()}
    if raw.get("paragraphs"):
        rule = _deduplicate({"by": "paragraph", **_dict(raw["paragraphs"], "paragraphs", spec)}, spec)
        if not isinstance(rule, ByParagraph) or rule.keep not in ("first", "none") or not rule.drop:
            raise BadInput(
                f"Recipe {spec}: paragraphs are cut before anything is measured: keep is first or none, and drop cannot be false."
            )
        raw["paragraphs"] = rule
    if raw.get("where"):
        raw["where"] = Condition(str(raw["where"]))
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
    if recipe.paragraphs:
        measured |= {f"paragraph_{name}" for name in EDIT_FIGURES}
    used = (
        [limit.signal for limit in recipe.limits]
        + list(recipe.carry_signals)
        + [d.keep.removeprefix(BEST) for d in recipe.deduplicate if d.keep.startswith(BEST)]
        + ([recipe.buckets.signal] if recipe.buckets else [])
    )
    for name in used:
        if name not in measured:
            raise BadInput(
                f"Recipe {spec}: no filter of `measure` gives a signal {name!r}.{_near(name, measured)} `winnow recipes {recipe.name}` lists them."
            )
    if recipe.where:
        kinds = {s.name: ARROW[s.kind] for filters in recipe.measure.values() for f in filters for s in f.signals}
        kinds |= {"language": pa.string(), "language_score": pa.float64()}
        kinds |= {f.name: f.type for f in CORRECTED if f.name in measured}
        kinds |= {name: pa.float64() for name in measured if name.startswith("paragraph_")}
        recipe.where.check(pa.schema(list(kinds.items())))
    return recipe


def _filter(entry: Any, spec: str) -> Filter:
    if isinstance(entry, dict) and set(entry) <= {"block", "options"} and "block" in entry:
        options = _dict(entry.get("options") or {}, "options", spec)
        return DatatroveBlock(block=str(entry["block"]), options=tuple(sorted((str(k), _frozen(v)) for k, v in options.items())))
    return _component(entry, "winnow.tasks.signals.filters", Filter, spec)


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
    options = _dict(entry, "deduplicate", spec)
    kind = KINDS_OF_COPIES.get(str(options.get("by")))
    if not kind:
        raise BadInput(f"Recipe {spec}: deduplicate by {options.get('by')!r} is not known; by is {', '.join(KINDS_OF_COPIES)}.")
    if kind is ByMinHash:
        own = {f.name: options.pop(f.name) for f in fields(MinHash) if f.name in options}
        preset = options.pop("preset", "verified")
        if preset not in PRESETS:
            raise BadInput(f"Recipe {spec}: there is no minhash preset {preset!r}. Choose one of {', '.join(PRESETS)}.")
        options["minhash"] = replace(PRESETS[preset], **own)
        if preset != "verified":
            options.setdefault("min_similarity", 0.0)  # as published
        if options.get("exempt") is not None:
            options["exempt"] = Condition(str(options["exempt"]))
    rule = _options(kind, options, f"{spec}: deduplicate by {options['by']}")
    if rule.keep not in PLAIN and not rule.keep.startswith(BEST):
        raise BadInput(f"Recipe {spec}: deduplicate keep {rule.keep!r} is not known; keep is {', '.join(PLAIN)} or {BEST}<signal>.")
    if isinstance(rule, BySubstring) and rule.keep not in ("first", "none"):
        raise BadInput(f"Recipe {spec}: deduplicate by substring keeps first or none, not {rule.keep}.")
    if isinstance(rule, ByParagraph) and (rule.mode not in ("cc_net", "global") or (rule.mode == "cc_net" and rule.keep != "first")):
        raise BadInput(f"Recipe {spec}: deduplicate by paragraph has mode cc_net, which leaves no copy and knows no keep, or mode global.")
    if isinstance(rule, ByParagraph) and rule.mode == "cc_net" and rule.within is False:
        raise BadInput(
            f"Recipe {spec}: mode cc_net always cuts the copies of a line inside one document. Use mode global with within: false."
        )
    if isinstance(rule, ByMinHash):
        for key in ("min_similarity", "min_containment"):
            value = getattr(rule, key) or 0
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
                raise BadInput(f"Recipe {spec}: deduplicate {key} is {value!r}; it must lie between 0 and 1.")
        if not rule.min_similarity and (rule.min_containment or rule.exempt):
            raise BadInput(
                f"Recipe {spec}: min_containment and exempt need verified removal. Set min_similarity above 0, 0.8 for example, or leave out the preset."
            )
    for key, low in (("min_tokens", 1), ("min_documents", 2), ("group_files", 0), ("min_chars", 0), ("min_chars_left", 0)):
        value = getattr(rule, key, low)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise BadInput(f"Recipe {spec}: deduplicate {key} is {value!r}; it must be a whole number of at least {low}.")
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
        return model_file(*model_place(value))
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
