"""Winnow: Common Crawl snapshots in, curated training corpora out.

The Python API is small, and all of it is here: :func:`run` and :func:`open_run` give a :class:`Run`, whose tables are pandas frames; :func:`extract` and
:func:`measure` do with one page what a run does with a crawl; and the base classes are for people who extend Winnow. Everything is loaded when it is first
asked for, so that ``import winnow`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from winnow.api import Run, extract, measure, open_run, run
    from winnow.tasks.engine.errors import BadInput, DamagedArtifact, Transient, WinnowError
    from winnow.tasks.engine.step import Step
    from winnow.tasks.exporters.base import Exporter
    from winnow.tasks.extract.extractors.base import Extractor
    from winnow.tasks.recipes.recipe import Recipe
    from winnow.tasks.signals.filter import Filter, Signal
    from winnow.tasks.signals.text import Document

__all__ = [
    "BadInput", "DamagedArtifact", "Document", "Exporter", "Extractor", "Filter", "Recipe", "Run", "Signal", "Step", "Transient", "WinnowError",
    "__version__", "extract", "measure", "open_run", "run",
]  # fmt: skip

_PLACES = {
    "winnow.api": ("Run", "extract", "measure", "open_run", "run"),
    "winnow.tasks.engine.errors": ("BadInput", "DamagedArtifact", "Transient", "WinnowError"),
    "winnow.tasks.engine.step": ("Step",),
    "winnow.tasks.exporters.base": ("Exporter",),
    "winnow.tasks.extract.extractors.base": ("Extractor",),
    "winnow.tasks.recipes.recipe": ("Recipe",),
    "winnow.tasks.signals.filter": ("Filter", "Signal"),
    "winnow.tasks.signals.text": ("Document",),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("winnow")
    for module, names in _PLACES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'winnow' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
