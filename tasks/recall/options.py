"""What a recall can be told."""

from dataclasses import dataclass

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import check_ranges


@dataclass(frozen=True)
class RecallOptions:
    """``precision`` is what is aimed at, ``sample`` how many documents are judged in a round, ``per_host`` and ``per_template`` how many examples of one host and one
    template may teach. ``url_first``: the share of known positives that a pass over URLs alone must leave; 0 for no such pass.

    Raises:
        BadInput: an option out of its range.
    """

    rounds: int = 6
    precision: float = 0.9
    sample: int = 200
    per_host: int = 500
    per_template: int = 200
    url_first: float = 0.0
    chars: int = 4
    bits: int = 18
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(
            self,
            {"rounds": (1, 100), "sample": (10, 100_000), "per_host": (1, 1 << 24), "per_template": (1, 1 << 24), "seed": (0, 1 << 31)},
        )
        if not 0.5 <= self.precision < 1:
            raise BadInput(f"precision is {self.precision}; it must be from 0.5 to below 1.")
        if not 0 <= self.url_first < 1:
            raise BadInput(f"url-first is {self.url_first}; it must be from 0 to below 1, such as 0.95.")
