"""The matrix of actions: which value of which head, in which language, asks for what (Maini et al. 2025, Safety Pretraining; Zhang et al. 2024, AutoPureData).

A document is asked about by every head of the matrix, and the severest answer counts. How harmful it is, a head says (docs/students.md) or any other signal; nothing
is measured here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which

ACTIONS = ("keep", "tag", "drop")
"""By severity."""
MARKER = "<|potentially_unsafe_content|>"
REWRITE = "The action rewrite is not there yet: a text that a model writes anew needs an endpoint, and its own check that no harm is left. Use tag, which marks the text, or drop."


@stable("option/safety-row")
@dataclass(frozen=True)
class Row:
    """What one head asks for: ``steps`` from a number on (value, action; ascending), or ``labels`` (label, action). Without ``languages`` it holds for all that no other
    row of the signal names."""

    signal: str
    steps: tuple[tuple[float, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()

    def action(self, value: Any) -> str:
        """The action for a value; ``keep`` where the row says nothing of it."""
        if self.labels:
            return dict(self.labels).get(str(value), "keep")
        asked = [action for least, action in self.steps if value >= least]
        return asked[-1] if asked else "keep"


@stable("option/safety")
@dataclass(frozen=True)
class Safety:
    """``rows`` is the matrix. A tagged document gets ``marker`` with the probability ``rate``, at its beginning, or, with ``word_rate``, in front of each word with that
    probability; both are drawn by the document's id. ``missing`` is the action for a document of which a signal has no value.

    Raises:
        BadInput: an action that there is not, a rate out of its range, or a marker that could not be told from a text.
    """

    rows: tuple[Row, ...]
    marker: str = MARKER
    rate: float = 1.0
    word_rate: float = 0.0
    missing: str = "keep"

    def __post_init__(self) -> None:
        if not self.rows:
            raise BadInput(
                "safety says nothing of any signal. Write a mapping of signal to actions, such as actions: {safety.grade: {2: tag, 4: drop}}."
            )
        for name in ("rate", "word_rate"):
            if not isinstance(getattr(self, name), int | float) or not 0 <= getattr(self, name) <= 1:
                raise BadInput(f"safety: {name} is {getattr(self, name)!r}; it must be from 0 to 1.")
        if not self.marker.strip() or self.marker != self.marker.strip() or "\n" in self.marker or len(self.marker) < 3:
            raise BadInput(
                f"safety: the marker is {self.marker!r}; give a token of at least three characters on one line, without white space around it."
            )
        checked(self.missing, "missing")

    @property
    def signals(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.signal for row in self.rows))

    def row(self, signal: str, language: str | None) -> Row | None:
        """The row of a signal for a language: one that names it before one that names none."""
        mine = [row for row in self.rows if row.signal == signal]
        named = [row for row in mine if row.languages and which(language, row.languages)]
        return next(iter(named or [row for row in mine if not row.languages]), None)

    def asked(self, values: Mapping[str, Any], language: str | None) -> list[tuple[str, str]]:
        """Signal and action of every head that asks for more than to keep; severest first, in the order of the matrix where they are alike."""
        found = []
        for signal in self.signals:
            row, value = self.row(signal, language), values[signal]
            if row is None:
                continue
            known = value is not None and not (isinstance(value, float) and math.isnan(value))
            action = row.action(value) if known else self.missing
            if action != "keep":
                found.append((signal, action))
        return sorted(found, key=lambda each: -ACTIONS.index(each[1]))


def checked(action: Any, where: str) -> str:
    """Raises BadInput for an action that there is not."""
    if action == "rewrite":
        raise BadInput(f"safety: {where}: {REWRITE}")
    if action not in ACTIONS:
        raise BadInput(f"safety: {where} is {action!r}; it must be one of {', '.join(ACTIONS)}.")
    return str(action)
