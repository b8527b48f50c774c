"""Plug-ins: modules from outside that bring filters, extractors, steps and sources, and how those that winnow ships are found. Either an installed package names them in its entry points, or a recipe
names their files in ``plugins``.

A file becomes the module ``winnow_plugins.<name>_<digest of its code>``: its content is part of its name, so two versions of one file never meet, and what a
recipe computes is bound to the code that computed it. Workers get the source with their job, wherever they run; nothing has to be installed there.
"""

import hashlib
import importlib
import importlib.abc
import importlib.util
import re
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import PLUGINS, code_of


@dataclass(frozen=True)
class Plugin:
    """The source of a plug-in file. ``origin`` says where it was read, for tracebacks."""

    name: str
    source: str
    origin: str = ""

    @property
    def module(self) -> str:
        return f"{PLUGINS}.{self.name}_{hashlib.sha256(code_of(self.source).encode()).hexdigest()[:16]}"


class _Loader(importlib.abc.InspectLoader):
    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin

    def get_source(self, fullname: str) -> str:
        return self._plugin.source


_installed: dict[str, Plugin] = {}


def read_plugin(path: Path) -> Plugin:
    """Raises BadInput if the file cannot be read, or its name cannot name a module."""
    if not path.stem.isidentifier() or path.suffix != ".py":
        raise BadInput(f"The plug-in {path} must be a Python file whose name is an identifier, such as my_steps.py.")
    try:
        return Plugin(path.stem, path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"The plug-in {path} cannot be read: {e}. Paths in `plugins` are relative to the recipe.") from None


def install(plugin: Plugin) -> types.ModuleType:
    """Make the plug-in's module importable in this process, and import it.

    Raises:
        BadInput: it raises an error when it is imported.
    """
    name = plugin.module
    if name not in sys.modules:
        package = sys.modules.setdefault(PLUGINS, types.ModuleType(PLUGINS))
        package.__path__ = []
        spec = importlib.util.spec_from_loader(name, _Loader(plugin), origin=plugin.origin)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        module.__file__ = plugin.origin
        sys.modules[name] = module
        try:
            exec(compile(plugin.source, plugin.origin or name, "exec"), module.__dict__)  # noqa: S102 a plug-in is code that the user names
        except Exception as e:
            del sys.modules[name]
            needs = (
                f" It needs the module {e.name}; install it, or put what it needs into the same file." if isinstance(e, ImportError) else ""
            )
            raise BadInput(f"The plug-in {plugin.origin} cannot be loaded: {type(e).__name__}: {e}.{needs}") from e
        setattr(package, name.rpartition(".")[2], module)
    _installed[name] = plugin
    return sys.modules[name]


def installed() -> tuple[Plugin, ...]:
    """The plug-ins of this process, for its workers."""
    return tuple(_installed.values())


def import_shipped(pattern: re.Pattern[bytes]) -> None:
    """Import every module of winnow.tasks whose text has the pattern, by which it registers something: so nothing is listed to be found."""
    home = Path(__file__).resolve().parent.parent
    for path in sorted(home.rglob("*.py")):
        if pattern.search(path.read_bytes()):
            importlib.import_module(".".join(("winnow.tasks", *path.relative_to(home).with_suffix("").parts)))


@cache
def entry_point_modules(group: str) -> Mapping[str, Any]:
    """What the installed packages offer under an entry point group, by name; loaded.

    Raises:
        BadInput: one cannot be imported.
    """
    found = {}
    for point in entry_points(group=group):
        try:
            found[point.name] = point.load()
        except Exception as e:
            package = point.dist.name if point.dist else point.value
            raise BadInput(
                f"The plug-in {point.name} of {package} ({group}) cannot be loaded: {type(e).__name__}: {e}. Mend or remove it."
            ) from e
    return found


def named_classes(group: str, base: type, modules: Iterable[types.ModuleType]) -> dict[str, type]:
    """Classes that a recipe may call by a short name: entry points by theirs, and what plug-in files define by the class's."""
    found = {name: value for name, value in entry_point_modules(group).items() if isinstance(value, type)}
    for module in modules:
        found |= {
            name: value
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        }
        found |= {
            f"{module.__name__.rpartition('.')[2].rpartition('_')[0]}.{name}": value
            for name, value in list(found.items())
            if value.__module__ == module.__name__
        }
    return found
