"""Sections: what a kind of step declares to stand in recipes, and the registry of them.

A new kind of step is one module with a subclass of ``Section``, or with ``@recipe_step`` above a step whose fields are its options; defining it is enough.
Modules of winnow.tasks that do so are found by themselves; from outside they come through the entry points ``winnow.steps`` or the ``plugins`` of a
recipe. ``build`` of a recipe (tasks/recipes/build.py) is a loop over the sections in their order and knows none of them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, make_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Literal, TypeVar, get_type_hints

from winnow.tasks.engine.crawl import Crawl
from winnow.tasks.engine.identity import PLUGINS, digest, is_shipped, outside_name, stable
from winnow.tasks.engine.options import Reader, frozen
from winnow.tasks.engine.plugins import entry_point_modules, import_shipped
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.text_column import TextColumn

Phase = Literal["read", "edit", "measure", "decide", "corpus"]
PHASES: tuple[Phase, ...] = ("read", "edit", "measure", "decide", "corpus")
GROUP = "winnow.steps"
REGISTERS = re.compile(rb"^class \w+\((\w+, )*\w*Section\)|^@recipe_step\(", re.MULTILINE)
S = TypeVar("S", bound=type[Step])


@dataclass
class Draft:
    """A pipeline while it is built: every section finds here what the sections before it made, and leaves what it makes.

    ``text`` is the text of the documents after the edits so far, ``extracted`` before them. ``signal_tables`` are joined to the signals table when
    measuring ends; ``measured`` has its columns from the beginning. ``decisions`` is the last step that decides, ``corpus`` the rows to be published, ``publish`` the step that does. ``options`` has those of every section by key.
    ``take_downs`` is the store's list of what no run may keep, None if it is empty; ``tables`` names the tables of the documents step that sections read.
    """

    crawl: Crawl
    options: Mapping[str, Any]
    recipe: str = ""
    indexes: Mapping[str, Any] = field(default_factory=dict)
    take_downs: Any = None
    tables: tuple[str, ...] = ()
    documents: Step | None = None
    text: TextColumn | None = None
    extracted: TextColumn | None = None
    signal_tables: list[Any] = field(default_factory=list)
    signals: Any = None
    measured: Mapping[str, Any] = field(default_factory=dict)
    decisions: Any = None
    corpus: Step | None = None
    publish: Any = None
    kept: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crawl_digest = digest([s.key for s in self.crawl.shards])

    def read(self, documents: Step) -> None:
        """The documents table."""
        self.documents = documents
        self.extracted = self.text = TextColumn(documents)

    def edit(self, step: Step) -> None:
        """An edit of the text; what follows reads the text after it."""
        assert self.text is not None, "nothing is read before the first edit"
        self.text = self.text.after(step)

    def decide(self, step: Step) -> None:
        """One more step of the chain of decisions."""
        self.decisions = step

    def keep(self, name: str, step: Step) -> None:
        """A table that is kept beside the corpus under this name, as the documents, signals and decisions are."""
        self.kept[name] = step

    def partitions(self, shards_each: int) -> int:
        """Over how many partitions a step over the whole crawl is spread, if one has so many shards."""
        return -(-len(self.crawl.shards) // shards_each)


class Section:
    """One key of a recipe. Subclasses are registered by their ``key`` when they are defined.

    ``phase`` is where its step stands, ``order`` its place among those of the phase: unless a recipe's ``decide`` says otherwise for that phase.
    ``options`` is the type of its options, a frozen dataclass or any type that has a JSON schema. ``about`` says in a sentence what it does, ``columns`` what it adds
    to the decisions table. What the reasons of its drops mean is said by its steps.
    """

    key: ClassVar[str] = ""
    phase: ClassVar[Phase] = "decide"
    order: ClassVar[int] = 50
    about: ClassVar[str] = ""
    options: ClassVar[Any] = None
    default: ClassVar[Any] = None
    """Its value where a recipe is silent, as YAML would give it; None: the section is left out."""
    required: ClassVar[bool] = False
    hidden: ClassVar[bool] = False
    """Not written in recipes; it is built whenever its default is set."""
    example: ClassVar[Any] = None
    """A value that may stand under its key. The laws in tests/laws run every section that has one, so that a new one is under them without an edit."""
    names_decisions: ClassVar[bool] = False
    """Whether ``uses`` may name columns of the decisions table, which are known when the chain of decisions has ended."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Keys of sections without which it makes no sense."""
    tables: ClassVar[tuple[str, ...]] = ()
    """Named tables of the documents step that its steps read, where the reader of the source can make them."""
    listings: ClassVar[tuple[str, ...]] = ()
    """Other listings of a crawl whose files its steps read, such as ``robotstxt``."""
    columns: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls) -> None:
        if cls.key:
            register(cls())

    def read(self, value: Any, reader: Reader) -> Any:
        """The typed options of what the recipe says. Raises BadInput."""
        return reader.options(self.options, value, self.key)

    def rooted(self, value: Any, beside: Path) -> Any:
        """What the recipe says, with paths that are relative to the recipe's folder made absolute: a recipe that extends it may lie elsewhere. ``value`` is as
        YAML gave it, and may be wrong; ``read`` says so."""
        return value

    def amend(self, options: dict[str, Any], reader: Reader) -> None:
        """Change what other sections have read, such as limits by language. Raises BadInput."""

    def signals(self, options: Any) -> Mapping[str, Any]:
        """What it adds to the signals table: name -> Arrow type."""
        return {}

    def meaning(self, name: str) -> str:
        """What one of its signals means."""
        return self.about

    def unit(self, name: str) -> str:
        """The unit of one of its signals, if it has one."""
        return ""

    def decided(self, options: Any, entry: str) -> Iterable[str]:
        """Names of the columns that it adds to the decisions table."""
        return ()

    def uses(self, options: Any) -> Iterable[str]:
        """Signals that its options name; each must be measured."""
        return ()

    def check(self, options: Any, signals: Mapping[str, Any], reader: Reader) -> None:
        """Whether the options fit the signals table, by name -> Arrow type. Raises BadInput."""

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        """Add its steps. ``entry`` is the name in the chain of decisions, by default the key."""

    def written(self, options: Any, said: Any) -> Any:
        """What a recipe says of it, with every default; plain values, as YAML has them. It must read as the same options."""
        if not (is_dataclass(options) and isinstance(said, dict)):
            return list(said) if isinstance(said, tuple) else said
        values = {f.name: getattr(options, f.name) for f in fields(options)}
        return {name: _thawed(v) for name, v in values.items() if v is not None and _is_plain(v)} | said

    def schema(self) -> dict[str, Any]:
        """JSON Schema of what may be written under its key."""
        from pydantic import TypeAdapter

        return dict(TypeAdapter(self.options).json_schema())


def rooted_paths(value: Any, beside: Path, *keys: str) -> Any:
    """A path, a list of paths, or a mapping that has either under these keys, made absolute; anything else as it is. For ``Section.rooted``."""
    if isinstance(value, Mapping) and keys:
        return {k: rooted_paths(v, beside) if k in keys else v for k, v in value.items()}
    if isinstance(value, list):
        return [rooted_paths(v, beside) for v in value]
    return str((beside / value).resolve()) if isinstance(value, str) else value


class WholeNumberSection(Section):
    """A section whose value is one whole number of at least ``least``."""

    options = int
    least: ClassVar[int] = 1

    def read(self, value: Any, reader: Reader) -> int:
        return reader.whole_number(value, self.key, self.least)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least}


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float | str) or (isinstance(value, tuple) and all(map(_is_plain, value)))


def _thawed(value: Any) -> Any:
    return [_thawed(v) for v in value] if isinstance(value, tuple) else value


_sections: dict[str, Section] = {}
_every: dict[str, list[Section]] = {}


def register(section: Section) -> None:
    """Take a section in. Raises ValueError if another one has its key."""
    known = _sections.get(section.key)
    if known is not None and _place(known) != _place(section) and not type(known).__module__.startswith(f"{PLUGINS}."):
        raise ValueError(f"{_place(section)} cannot have the key {section.key!r} in recipes: {_place(known)} has it")
    if section.phase not in PHASES:
        raise ValueError(f"{_place(section)} stands in the phase {section.phase!r}; phases are {', '.join(PHASES)}")
    _sections[section.key] = section
    mine = _every.setdefault(type(section).__module__, [])
    if section not in mine:
        mine.append(section)


def _place(section: Section) -> str:
    return outside_name(type(section))


def sections(plugins: Iterable[str] = ()) -> dict[str, Section]:
    """Every section by key, in the order in which a recipe is built: those of winnow, of installed packages, and of these plug-in modules."""
    _discover()
    plugins = set(plugins)
    mine = {k: s for k, s in _sections.items() if type(s).__module__ in plugins or not type(s).__module__.startswith(f"{PLUGINS}.")}
    return dict(sorted(mine.items(), key=lambda kv: (PHASES.index(kv[1].phase), kv[1].order, kv[0])))


def register_again(module: ModuleType) -> None:
    """Take in the sections of a plug-in anew: another version of its file may have been loaded since."""
    for section in _every.get(module.__name__, ()):
        register(section)


@cache
def _discover() -> None:
    """Import every module of winnow.tasks that defines a section, and those of the entry points."""
    import_shipped(REGISTERS)
    entry_point_modules(GROUP)


# ------------------------------------------------------------------ a step that is its own section


FILLED = ("crawl", "documents", "text", "extracted", "signals", "decisions")
"""Fields of a step that are filled from the draft by their name; all others are its options."""


def recipe_step(
    key: str, *, phase: Phase = "decide", order: int = 50, about: str, reasons: Mapping[str, str] | None = None
) -> Callable[[S], S]:
    """Above a step: it stands in recipes under this key, with its fields as options. Fields called as in ``FILLED`` get what was made before it.

    In the phase ``decide`` its table has the columns of the one before it (id, kept, reason, crossed, ...), in ``edit`` the column ``corrected_text``,
    in ``measure`` one row per document with its signals behind the id, which ``signals`` of the class declares.
    """

    def declare(cls: S) -> S:
        hints = get_type_hints(cls)
        own = [f for f in fields(cls) if f.name not in FILLED and f.init]
        model = make_dataclass(f"{cls.__name__}Options", [(f.name, hints[f.name], _again(f)) for f in own], frozen=True)
        model.__doc__, model.__module__ = cls.__doc__, cls.__module__
        if is_shipped(cls):
            stable(f"option/{key}")(model)
        body = {"key": key, "phase": phase, "order": order, "about": about, "options": model, "step": cls}
        type(f"{cls.__name__}Section", (_StepSection,), body | {"__module__": cls.__module__})
        words = {"about": about[:1].lower() + about[1:].rstrip("."), "reasons": reasons}
        for name, said in words.items():
            if said and name not in vars(cls):
                setattr(cls, name, said)
        return cls

    return declare


def _again(f: "Field[Any]") -> Any:
    """The same field in another class."""
    if f.default_factory is not MISSING:
        return field(default_factory=f.default_factory, metadata=f.metadata)
    return field(metadata=f.metadata) if f.default is MISSING else field(default=f.default, metadata=f.metadata)


class _StepSection(Section):
    step: ClassVar[type[Step]]
    example: ClassVar[Any] = {}

    def read(self, value: Any, reader: Reader) -> Any:
        return reader.options(self.options, {} if value in (None, True) else value, self.key)

    def signals(self, options: Any) -> Mapping[str, Any]:
        return dict(getattr(self.step, "signals", {})) if self.phase == "measure" else {}

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        own = {f.name: frozen(getattr(options, f.name)) for f in fields(options)}
        filled = {
            f.name: draft.crawl_digest if f.name == "crawl" else getattr(draft, f.name) for f in fields(self.step) if f.name in FILLED
        }
        step = self.step(**filled, **own)
        if self.phase == "decide":
            draft.decide(step)
        elif self.phase == "edit":
            draft.edit(step)
        elif self.phase == "measure":
            draft.signal_tables.append(step)
        elif self.phase == "corpus":
            draft.keep(entry, step)
        else:
            draft.read(step)
