"""Selections that ship: conditions in SQL by name, each a file that says where it comes from and which columns it needs. ``where: {selection: NAME}`` in a recipe.

Not here: what a condition may be (``tasks/signals/condition.py``), and what gives the columns (students of the heads in ``tasks/labels/shipped``).
"""

from functools import cache
from importlib.resources import files

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import near


def names() -> tuple[str, ...]:
    """All selections."""
    return tuple(sorted(_texts()))


def sql(name: str) -> str:
    """The condition of a selection, in one line and without its comments. Raises BadInput if there is none of that name."""
    if name not in _texts():
        raise BadInput(f"There is no selection {name!r}.{near(name, names())} Shipped are: {', '.join(names())}.")
    return " ".join(" ".join(line for line in _texts()[name].splitlines() if not line.lstrip().startswith("--")).split())


def about(name: str) -> str:
    """What a selection's file says of it, without the marks of comments."""
    return " ".join(line.lstrip().removeprefix("--").strip() for line in _texts()[name].splitlines() if line.lstrip().startswith("--"))


@cache
def _texts() -> dict[str, str]:
    folder = files("winnow.tasks.signals") / "selections"
    return {f.name.removesuffix(".sql"): f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".sql")}
