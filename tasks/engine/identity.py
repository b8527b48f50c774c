"""Stable names for values: the same config gives the same digest in every process, on every machine.

Only identity lives here. Everything in a step's fields counts (opt-out, never opt-in); a value that has no stable form is refused.
A class that is shipped has a name that it declares (``stable``), so that renaming it or moving its module moves no address. A class from
outside is named by its module, and the source that defines it counts: two classes that share a name are never taken for each other, and values
that other code made are never taken for its own.
"""

import ast
import hashlib
import io
import json
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

C = TypeVar("C", bound=type)
PACKAGE = "winnow"
PLUGINS = "winnow_plugins"
"""The package in ``sys.modules`` of modules that a recipe names by file (tasks/engine/plugins.py); their names end in a digest."""

_stable: dict[str, type] = {}


def stable(name: str) -> Callable[[C], C]:
    """Declare the name under which a shipped class enters addresses. It is never changed, and never given to another class.

    Raises:
        ValueError: another class has this name, or the class is not of the package.
    """

    def declare(cls: C) -> C:
        place = f"{cls.__module__}.{cls.__qualname__}"
        if not is_shipped(cls):
            raise ValueError(f"{place} is not a part of winnow: what comes from outside is named by its module and needs no declared name")
        taken = _stable.setdefault(name, cls)
        if taken is not cls and f"{taken.__module__}.{taken.__qualname__}" != place:
            raise ValueError(f"{place} cannot be called {name!r}: {taken.__module__}.{taken.__qualname__} is")
        _stable[name] = cls
        _names.cache_clear()
        return cls

    return declare


def stable_classes() -> dict[str, type]:
    """Every class with a declared name among the modules that are imported."""
    return dict(_stable)


@cache
def _names() -> dict[type, str]:
    return {cls: name for name, cls in _stable.items()}


def is_shipped(cls: type) -> bool:
    """Whether the class is of this package, and not of a plug-in or a test."""
    return cls.__module__.partition(".")[0] == PACKAGE


def canonical(value: Any) -> Any:
    """JSON form of a config value, equal in every process.

    A value with an ``address`` (a step) stands for itself by that address. None fields are left out, so a new optional field
    does not move old addresses.

    Raises:
        TypeError: the value has no stable form (lambda, set, open file, arbitrary object).
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [canonical(v) for v in value]
        case dict() if all(isinstance(k, str) for k in value):
            return {k: canonical(v) for k, v in sorted(value.items())}
        case _ if callable(getattr(value, "lineage", None)):
            return value.address
        case _ if is_dataclass(value) and not isinstance(value, type):
            return describe(value)
    raise TypeError(
        f"{type(value).__name__} has no stable form: use a frozen dataclass, tuple, dict, str, number or bool in a step's fields"
    )


def describe(config: Any) -> dict[str, Any]:
    """A frozen dataclass as JSON: what its class is called, its version if it has one, and every field that is set.

    A field with the metadata ``{"identity": False}`` says *where* something is and does not count; another field must hold its digest.

    Raises:
        TypeError: a field has no stable form, or the class is shipped and declares no name.
    """
    values = {
        f.name: canonical(v) for f in fields(config) if f.metadata.get("identity", True) and (v := getattr(config, f.name)) is not None
    }
    version = getattr(config, "version", None)
    cls: type = type(config)
    return _described(cls) | ({"version": version} if version else {}) | values


@cache
def _described(cls: type) -> dict[str, Any]:
    if is_shipped(cls):
        if cls not in _names():
            raise TypeError(
                f'{cls.__module__}.{cls.__qualname__} declares no stable name: put @stable("kind/name") of winnow.tasks.engine.identity above it'
            )
        return {"type": _names()[cls]}
    bases = [c for c in cls.__mro__[1:] if c in _names()]
    described: dict[str, Any] = {"type": outside_name(cls), "source": source_digest(cls)}
    if bases:
        described["bases"] = [f"{_names()[c]} {getattr(c, 'version', '')}".strip() for c in bases]
    return described


def outside_name(cls: type) -> str:
    """Module and name of a class from outside, without the digest that tells two plug-in files of one name apart."""
    package, _, module = cls.__module__.partition(".")
    return f"{module.rpartition('_')[0] if package == PLUGINS else cls.__module__}.{cls.__qualname__}"


def source_digest(cls: type) -> str:
    """Digest of the modules that define a class from outside: its own, those of its bases, and what these import from beside them. Comments and blank
    lines do not count.

    Raises:
        TypeError: the class has no source file, as in an interactive session.
    """
    sources: dict[str, str] = {}
    for base in cls.__mro__:
        if base.__module__ != "builtins" and not is_shipped(base) and not _is_library(base.__module__):
            sources |= dict(_sources(base.__module__))
    if not sources:
        raise TypeError(f"{outside_name(cls)} has no stable form: it is defined in no file. Put the class into a module")
    return hashlib.sha256(json.dumps(sorted(sources.items())).encode()).hexdigest()[:16]


def outside_sources(values: Iterable[Any]) -> dict[str, str]:
    """Of each class from outside that stands in these values, at any depth: what it is called, and the digest of its source."""
    return {outside_name(cls): source_digest(cls) for cls in classes_in(list(values)) if not is_shipped(cls)}


def classes_in(value: Any) -> Iterator[type]:
    """The classes of a value and of all that lies in its fields: a step, its filters, their models. Each value is looked at once: there may be very many ways
    from one step to another."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if is_dataclass(part) and not isinstance(part, type):
            if id(part) not in seen:
                seen.add(id(part))
                yield type(part)
                waiting += [getattr(part, f.name) for f in fields(part)]
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, tuple | list):
            waiting += part


def _is_library(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names and module != "__main__"


@cache
def _sources(module: str) -> tuple[tuple[str, str], ...]:
    """(module, digest) of a module and of those that it imports from the same folder, or from below the same package, in turn."""
    loaded = sys.modules.get(module)
    if module.partition(".")[0] == PLUGINS:
        return (("", module.rpartition("_")[2]),)
    origin = getattr(loaded, "__file__", None)
    if not origin or not Path(origin).is_file():
        return ()
    top = module.partition(".")[0] if "." in module else ""
    home = Path(origin).parent
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = getattr(sys.modules.get(name), "__file__", None)
        if name in found or not file or not file.endswith(".py") or not Path(file).is_file():
            continue
        if name != module and not (top and name.partition(".")[0] == top) and Path(file).parent != home:
            continue
        text = Path(file).read_text(encoding="utf-8")
        found[name] = hashlib.sha256(code_of(text).encode()).hexdigest()
        waiting += _imported(text, name, is_package=Path(file).name == "__init__.py")
    return tuple(sorted(found.items()))


def _imported(text: str, module: str, *, is_package: bool) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                above = parts[: len(parts) - node.level + is_package]
                base = ".".join([*above, *([base] if base else [])])
            yield base
            yield from (f"{base}.{a.name}" for a in node.names)


def code_of(text: str) -> str:
    """Python source without its comments and blank lines."""
    lines = text.split("\n")
    blank: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            row, column = token.start
            if token.type == tokenize.COMMENT:
                lines[row - 1] = lines[row - 1][:column].rstrip()
            elif token.type == tokenize.NL and not lines[row - 1].strip():
                blank.add(row - 1)
    except (tokenize.TokenError, SyntaxError):
        return text
    return "\n".join(line for i, line in enumerate(lines) if i not in blank).rstrip()


def digest(value: Any) -> str:
    """SHA-256 in hex of the canonical form."""
    return hashlib.sha256(json.dumps(canonical(value), sort_keys=True, ensure_ascii=True).encode()).hexdigest()
