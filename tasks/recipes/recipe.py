"""What a recipe is once it is read: typed options by section, and the chain of decisions. Reading is in ``load.py``, building in ``build.py``."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import canonical
from winnow.tasks.engine.plugins import Plugin
from winnow.tasks.engine.sections import Section, sections
from winnow.tasks.extract.extractors.base import Extractor
from winnow.tasks.signals.condition import Condition
from winnow.tasks.signals.filter import Filter
from winnow.tasks.signals.limit import Limit
from winnow.tasks.signals.sections import ALWAYS


@dataclass(frozen=True)
class Entry:
    """One link of the chain of decisions: the name by which a derived recipe changes or lifts it, its section, its options."""

    name: str
    section: str
    options: Any


@dataclass(frozen=True)
class Recipe:
    """A recipe with every default in it. ``options`` are those of the sections that are no decisions, ``decide`` is the chain of those that are. See
    ``tasks/recipes/shipped/*.yaml`` for the shipped ones and docs/recipes.md for each key. ``raw`` is its YAML with everything that it extends."""

    name: str
    about: str
    source: str
    options: Mapping[str, Any]
    decide: tuple[Entry, ...]
    plugins: tuple[Plugin, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def sections(self) -> dict[str, Section]:
        """Those that this recipe can use, by key, in the order in which they are built."""
        return sections(plugin.module for plugin in self.plugins)

    def signals(self) -> dict[str, Any]:
        """Columns of the signals table: name -> Arrow type. Raises BadInput if two sections give one name."""
        known, measured = self.sections(), dict(ALWAYS)
        used = [*self.options.items(), *((entry.section, entry.options) for entry in self.decide)]
        for key, value in used:
            for name, kind in known[key].signals(value).items():
                if name in measured:
                    raise BadInput(f"Recipe {self.name}: the signal {name} is measured twice. Take one of its filters or steps out.")
                measured[name] = kind
        return measured

    def asked(self, what: str) -> tuple[str, ...]:
        """What its sections ask for: ``tables`` of the documents step, or ``listings`` of the crawl."""
        known = self.sections()
        used = [*self.options, *(entry.section for entry in self.decide)]
        return tuple(sorted({name for key in used for name in getattr(known[key], what)}))

    @property
    def extractor(self) -> Extractor:
        return self.options["extractor"]  # type: ignore[no-any-return]

    @property
    def measure(self) -> Mapping[str, tuple[Filter, ...]]:
        return self.options["measure"]  # type: ignore[no-any-return]

    @property
    def correct(self) -> LineRules | None:
        return self.options.get("correct")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All limits, in the order in which they are applied."""
        return tuple(limit for options in self._decided("limits") for limit in options)

    @property
    def where(self) -> Condition | None:
        """The first condition in SQL."""
        return next(iter(self._decided("where")), None)

    @property
    def deduplicate(self) -> tuple[Any, ...]:
        """The passes of deduplication, in order."""
        return tuple(self._decided("deduplicate"))

    def _decided(self, section: str) -> list[Any]:
        return [entry.options for entry in self.decide if entry.section == section]

    def described(self) -> dict[str, Any]:
        """JSON form, every default written out: what the manifest holds. The chain is told twice: by kind, and in its order."""
        options = {key: canonical(value) for key, value in self.options.items() if value is not None}
        kinds = {key: canonical(one[0]) for key in ("where", "buckets") if (one := self._decided(key))}
        chain = [{"name": e.name, "section": e.section, "options": canonical(e.options)} for e in self.decide]
        plugins = {"plugins": [{"name": p.name, "sha256": hashlib.sha256(p.source.encode()).hexdigest()} for p in self.plugins]}
        return {
            "name": self.name,
            "about": self.about,
            "source": self.source,
            **options,
            "limits": canonical(self.limits),
            "deduplicate": canonical(self.deduplicate),
            **kinds,
            "decide": chain,
            **(plugins if self.plugins else {}),
        }
