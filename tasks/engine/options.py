"""From the plain values of a recipe's YAML to the typed options of steps and filters. Nothing is optional silently: an unknown key is an error that
names the near ones. What the keys of a recipe mean is in the sections (tasks/engine/sections.py)."""

import difflib
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from winnow.tasks.engine.errors import BadInput

T = TypeVar("T")


@dataclass(frozen=True)
class Reader:
    """``spec`` is what the user called the recipe, for messages; ``beside`` is the folder that its relative paths start from; ``model`` makes a model's name,
    path or mapping into a file with a digest; ``plugins`` are the modules that the recipe names."""

    spec: str
    beside: Path
    model: Callable[[Any], Any]
    plugins: tuple[ModuleType, ...] = ()

    def error(self, message: str) -> BadInput:
        return BadInput(f"Recipe {self.spec}: {message}")

    def items(self, value: Any, key: str) -> list[Any]:
        """Raises BadInput if it is no list."""
        if not isinstance(value, list):
            raise self.error(f"{key} must be a list, it is {type(value).__name__}.")
        return value

    def mapping(self, value: Any, key: str) -> dict[str, Any]:
        """Raises BadInput if it is no mapping."""
        if not isinstance(value, dict):
            raise self.error(f"{key} must be a mapping, it is {type(value).__name__}.")
        return dict(value)

    def whole_number(self, value: Any, key: str, low: int) -> int:
        """Raises BadInput if it is no whole number of at least ``low``."""
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise self.error(f"{key} is {value!r}; it must be a whole number of at least {low}.")
        return value

    def options(self, cls: type[T], value: Any, key: str) -> T:
        """An instance of the class with these options. Raises BadInput for an unknown one, and what the class raises."""
        options = self.mapping(value, key)
        known = {f.name for f in fields(cls)} if is_dataclass(cls) else set()
        for name in options:
            if name not in known:
                raise BadInput(
                    f"Recipe {self.spec}: {key}: unknown option {name!r}.{near(name, known)} Known options: {', '.join(sorted(known)) or 'none'}."
                )
        # A field may say how its value in a recipe becomes its value in a step, such as names that become models with their digests.
        readers = {f.name: f.metadata["recipe"] for f in fields(cls) if "recipe" in f.metadata} if is_dataclass(cls) else {}
        return cls(**{k: readers[k](v, self.model) if k in readers else frozen(v) for k, v in options.items()})

    def component(self, entry: Any, package: str, base: type[T], named: Mapping[str, type] | None = None) -> T:
        """``module.Class`` of the package, a name among ``named``, or any dotted path to a class of the base; plain or with options."""
        path, options = next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (entry, {})
        found: Any = (named or {}).get(path) if isinstance(path, str) else None
        if found is None:
            if not isinstance(path, str) or "." not in path:
                more = f" or one of {', '.join(sorted(named))}" if named else ""
                raise self.error(f"{entry!r} names no class. Write `module.Class` of {package}{more}, with options as a mapping.")
            found = self._imported(path, package)
        if not (isinstance(found, type) and issubclass(found, base)):
            raise self.error(f"there is no {base.__name__} {path} in {package}. Check module and class name.")
        return self.options(found, options or {}, path)

    def _imported(self, path: str, package: str) -> Any:
        module, name = path.rsplit(".", 1)
        for place in (f"{package}.{module}", module):
            try:
                found = getattr(importlib.import_module(place), name, None)
            except ModuleNotFoundError as e:
                if e.name and not place.startswith(e.name):
                    raise self.error(f"{path} needs the package {e.name}, which is not installed: pip install {e.name}") from None
                continue
            if found is not None:
                return found
        return None


def check_ranges(options: object, ranges: Mapping[str, tuple[int, int]]) -> None:
    """Raises BadInput: a field of ``options`` is not from the first to the last of its range. It is named as on the command line."""
    for name, (low, high) in ranges.items():
        if not low <= getattr(options, name) <= high:
            raise BadInput(f"{name.replace('_', '-')} is {getattr(options, name)}; it must be from {low} to {high}.")


def frozen(value: Any) -> Any:
    """Lists as tuples."""
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def near(word: str, known: Iterable[str]) -> str:
    """A sentence about what somebody may have meant; empty if nothing is near."""
    found = difflib.get_close_matches(str(word), list(known), n=2)
    return f" Did you mean {' or '.join(found)}?" if found else ""
