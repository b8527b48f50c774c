"""A Filter measures, Limits decide, and the reason of a drop is computed from the limit crossed.

Nothing here knows a threshold, a file or another filter. One file per signal group lives in ``tasks/signals/filters/``.
Signals as data, selection apart: RedPajama-V2 (Weber et al. 2024, section 4); Dolma taggers and mixer (Soldaini et al. 2024).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from winnow.tasks.signals.text import Document

Value = float | int | bool | str | list[float] | None
Kind = Literal["float", "int", "bool", "str", "floats"]


class Signal(NamedTuple):
    """One column of the signals table, as the reference in ``docs/signals.md`` prints it."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    source: str


@dataclass(frozen=True)
class Filter:
    """One group of signals. Fields are configuration and enter the address of the step that measures.

    ``text`` names the text that is measured: as extracted, or after the line corrections of the recipe. ``needs`` names what it asks for beside the text, its id,
    URL and language: facts (tasks/signals/facts.py), signals of other groups, or named tables of the reading step (``headers``). ``doc.fact(name)`` has it.
    """

    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[Signal, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    counts_words: ClassVar[bool] = False
    """Whether its values depend on how words are cut, so that segmenters of languages matter to it."""

    text: Literal["extracted", "corrected"] = "extracted"

    def measure(self, doc: Document) -> dict[str, Value]:
        """Values of exactly the declared signals: pure, total (any ``str``), finite, without thresholds."""
        raise NotImplementedError

    def check(self) -> None:
        """Fail before the first shard if a model, library or option is not usable. Raises BadInput."""
        self.measure(Document("A text to see that the filter works.", id="check", url="https://example.org/", language="en"))
