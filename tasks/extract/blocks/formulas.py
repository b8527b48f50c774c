"""Formulas of a page, each once: their elements are put out of the page, and a mark that no page can hold takes their place in the text."""

from typing import NamedTuple


class Formula(NamedTuple):
    """LaTeX without delimiters, and whether it stands on a line of its own."""

    latex: str
    display: bool
