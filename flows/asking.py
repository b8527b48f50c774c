"""What the flows that ask an endpoint share: they tell whoever listens how much was asked, and end alike."""

from collections.abc import Callable
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas import State
from prefect.states import Completed

from winnow.flows.stage import listener
from winnow.tasks.endpoint.client import Tally


def counter(what: str, part: int, parts: int) -> Callable[[], None]:
    """To be called after each query of a part: it tells the listener, if there is one, how many there were."""
    tell, asked = listener.get(), 0

    def told() -> None:
        nonlocal asked
        asked += 1
        if tell:
            tell(what, part, parts, {"queries": asked})

    return told


def ended(tally: Tally, *, missing: bool, nothing: str, data: Any) -> State[Any]:
    """The state of a flow that has asked: *Cached*, with the message ``nothing``, if no part was ``missing``."""
    get_run_logger().info("%d queries, %d of them known before, %d answered now", tally.queries, tally.known, tally.asked)
    if not missing:
        return Completed(name="Cached", message=nothing, data=data)
    return Completed(message=f"{tally.asked} queries answered, {tally.known} known before", data=data)
