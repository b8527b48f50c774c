"""The reference of all signals, printed from their declarations: ``python -m winnow.tasks.signals.filters.reference > docs/signals.md``."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import winnow.tasks.signals.filters
from winnow.tasks.signals.filter import Filter

HEAD = """# Signals

Printed by `python -m winnow.tasks.signals.filters.reference` from what the filters declare; a test keeps it in step. A signal has no threshold: limits are in
the recipes. Text is measured as extracted, or after the line corrections of the recipe where the filter says *corrected*.
"""


def filters() -> Iterator[type[Filter]]:
    """Every filter class of ``winnow.tasks.signals.filters`` that declares its signals, by module, in the order of the source."""
    for module in sorted(m.name for m in pkgutil.iter_modules(winnow.tasks.signals.filters.__path__)):
        for found in vars(importlib.import_module(f"winnow.tasks.signals.filters.{module}")).values():
            own = isinstance(found, type) and issubclass(found, Filter) and found.__module__ == f"winnow.tasks.signals.filters.{module}"
            if own and found.signals:
                yield found


def reference() -> str:
    """Markdown: one table per filter, one row per signal."""
    return HEAD + "".join(_table(cls) for cls in filters() if isinstance(cls.signals, tuple))


def _table(cls: type[Filter]) -> str:
    module = cls.__module__.removeprefix("winnow.tasks.signals.filters.")
    about = " ".join((cls.__doc__ or "").strip().split("\n\n", 1)[0].split())
    rows = "".join(f"| `{s.name}` | {s.kind} | {s.unit} | {s.meaning} | {s.source} |\n" for s in cls.signals)
    text = cls.__dataclass_fields__["text"].default
    return f"\n## `{module}.{cls.__name__}`\n\n{about} Text: {text}.\n\n| signal | kind | unit | meaning | source |\n| --- | --- | --- | --- | --- |\n{rows}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        Path("docs/signals.md").write_text(reference(), encoding="utf-8")
    else:
        print(reference(), end="")
