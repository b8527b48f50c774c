"""Which installed libraries the results of steps may depend on: those that the modules of the steps import, read from their source.

A list kept by hand forgets the next library. Source is read instead of ``sys.modules``, which holds what a process happened to load: imports inside
functions count too, and the answer is the same in every process. What only moves bytes or shows them is left out.
"""

import ast
import importlib.util
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ModuleSpec
from importlib.metadata import Distribution, distributions, version
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import WinnowError
from winnow.tasks.engine.identity import classes_in

WITHOUT_EFFECT = frozenset({"aiohttp", "botocore", "fsspec", "httpx", "jinja2", "rich", "s3fs", "yaml"})
"""Modules that carry bytes from one place to another or lay them out for people: no row of a table depends on them."""

MODULES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)


def versions_behind(values: Iterable[Any]) -> dict[str, str]:
    """Installed versions of what can change the results of these steps, by normalised name (PEP 503), with Winnow's own and Unicode's.

    A class may name in ``libraries`` what it loads without an import statement; of these, those that are installed count.

    Raises:
        WinnowError: the source of a loaded module is gone.
    """
    classes = set(classes_in(list(values)))
    modules = _reached({cls.__module__ for cls in classes})
    owners = _owners()
    found = {name for module in modules for top in _imported(module)[1] - WITHOUT_EFFECT for name in owners.get(top, ())}
    for cls in classes:
        found |= {name for top in getattr(cls, "libraries", ()) for name in owners.get(top, ())}
    return {name: version(name) for name in sorted(found | {"winnow"})} | {"unicode": unicodedata.unidata_version}


@cache
def _owners() -> Mapping[str, set[str]]:
    """Top-level module -> the normalised names of the distributions that install it. As ``importlib.metadata.packages_distributions`` says it, which takes six
    times as long, for it parses all metadata and makes an object of every installed file."""
    owners: dict[str, set[str]] = {}
    for distribution in distributions():
        for module in _top_level(distribution):
            owners.setdefault(module, set()).add(_normal(_name(distribution)))
    return owners


def _name(distribution: Distribution) -> str:
    told = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    found = re.search(r"^Name: *(.+)$", told, re.MULTILINE)
    return found[1] if found else distribution.name


def _top_level(distribution: Distribution) -> set[str]:
    """The top-level modules of a distribution: those that it declares, else those that its list of files has."""
    if declared := (distribution.read_text("top_level.txt") or "").split():
        return set(declared)
    record = distribution.read_text("RECORD")
    paths = re.findall(r'^"?([^,\n]+)', record, re.MULTILINE) if record else map(str, distribution.files or ())
    return {path.partition("/")[0].partition(".")[0] for path in paths if path.endswith(MODULES)}


def _reached(start: Iterable[str]) -> set[str]:
    """Modules that the given ones import, and those that these import, within their own top-level packages."""
    reached, waiting = set[str](), list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(_imported(name)[0])
    return reached


@cache
def _imported(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a module imports: modules of its own top-level package, and the top-level names of others outside the standard library."""
    if module.split(".")[0] in sys.stdlib_module_names or (tree := _tree(module)) is None:
        return frozenset(), frozenset()
    own, others = set(), set()
    for name in _names(tree, module):
        top = name.split(".")[0]
        if top == module.split(".")[0]:
            own.add(name)
        elif top not in sys.stdlib_module_names:
            others.add(top)
    return frozenset(own), frozenset(others)


def _spec(module: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None


def _is_package(module: str) -> bool:
    spec = _spec(module)
    return spec is not None and spec.submodule_search_locations is not None


def _tree(module: str) -> ast.Module | None:
    spec = _spec(module)
    path = Path(spec.origin) if spec and spec.origin else None
    try:
        return ast.parse(path.read_bytes()) if path and path.suffix == ".py" else None
    except OSError:
        raise WinnowError(
            f"The installed file {path} is gone: Winnow was replaced while the run went on. Run the same command again; what is finished is kept."
        ) from None


def _names(tree: ast.AST, module: str) -> Iterator[str]:
    """Every name that may be an imported module; imports for type checkers alone are passed over."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr):
            continue  # no expression holds a statement, and most of a tree is expressions
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            yield base
            if base.split(".")[0] == module.split(".")[0] and _is_package(
                base
            ):  # asked first: below a module, Python would load it to look
                yield from (f"{base}.{alias.name}" for alias in node.names)
        yield from _names(node, module)


def _absolute(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    package = module if _is_package(module) else module.rpartition(".")[0]
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - node.level + 1], *([node.module] if node.module else [])])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
