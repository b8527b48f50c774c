"""What every request for a model's judgements of documents holds, whatever is asked: the endpoint, how it is asked, and the store that keeps its answers."""

from dataclasses import dataclass, field
from typing import Any

from winnow.tasks.endpoint.endpoint import Endpoint, endpoint
from winnow.tasks.engine.errors import BadInput

MOST_PARTS = 60
"""More would be too many parts for one flow run to show."""
SET_BY_WINNOW = frozenset({"model", "messages", "n", "stream"})


@dataclass(frozen=True, kw_only=True)
class AskingRequest:
    """Base of what a user asks for: plain values only, and no key. ``options`` are fields of ``Endpoint`` by name, ``parameters`` those of sampling, as the API
    calls them; None leaves a usual one out. ``again`` asks anew what is in quarantine."""

    endpoint: str
    run: str = ""
    store: str = "winnow-store"
    again: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)

    def place(self) -> Endpoint:
        """Who is asked. Raises BadInput: no such endpoint, or a parameter that Winnow sets itself."""
        if taken := sorted(SET_BY_WINNOW & self.parameters.keys()):
            raise BadInput(f"The parameter {taken[0]} is set by Winnow. Leave it out.")
        return endpoint(self.endpoint, **self.options)


def part_size(total: int, least: int) -> int:
    """How much of what is asked is one part, so that there are ``MOST_PARTS`` at most."""
    return max(least, -(-total // MOST_PARTS))
