"""The kinds that there are: the modules of ``kinds/``, and what installed packages offer as the entry points ``winnow.personal_data``.

Names and postal addresses need a model and are left to such packages: an entry point names a ``Kind``.
"""

import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points, version

from winnow.tasks.corpus.pii import kinds as package
from winnow.tasks.corpus.pii.kind import Kind
from winnow.tasks.engine.errors import BadInput

ENTRY_POINTS = "winnow.personal_data"
DEFAULT = ("email", "ip", "phone")


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its name, in the order in which overlapping finds are settled."""
    found = [import_module(f"{package.__name__}.{module.name}").KIND for module in pkgutil.iter_modules(package.__path__)]
    found += [entry.load() for entry in entry_points(group=ENTRY_POINTS)]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: (kind.rank, kind.name))}


def chosen(names: Iterable[str], where: str) -> tuple[str, ...]:
    """The names in the registry's order. Raises BadInput for a name that no kind has."""
    asked = set(names)
    if unknown := sorted(asked - set(kinds())):
        raise BadInput(f"{where}: there is no kind of personal data {unknown[0]!r}. The known kinds are {', '.join(sorted(kinds()))}.")
    return tuple(name for name in kinds() if name in asked)


def libraries(names: Iterable[str]) -> tuple[str, ...]:
    """Names and versions of the libraries whose tables decide what is found, for the identity of a step."""
    return tuple(f"{name}=={version(name)}" for name in sorted({lib for n in names for lib in kinds()[n].libraries}))
