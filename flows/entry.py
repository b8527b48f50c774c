"""How every flow that a person starts begins and ends: who is told is checked first, and a failure that explains itself ends the flow with its words."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from prefect import flow
from prefect.states import Failed

from winnow.flows import notify as notifications
from winnow.tasks.engine.errors import Transient, WinnowError


def entry(*, later: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Above a flow's function, in the place of Prefect's ``flow`` and with its ``options``. A parameter ``notify`` names who is told how the run ends.

    A ``WinnowError`` ends the flow as failed with its message, without a traceback; anything else is a bug and shows one. So does a ``Transient``, unless ``later``
    says what is to be done about it: that stands behind its message.
    """

    def declare(function: Callable[..., Any]) -> Any:
        signature = inspect.signature(function)

        @wraps(function)
        def explained(*given: Any, **named: Any) -> Any:
            try:
                notifications.check(signature.bind(*given, **named).arguments.get("notify", ""))
                return function(*given, **named)
            except Transient as e:
                if later is None:
                    raise
                return Failed(message=f"{e} {later}".rstrip(), data=e)
            except WinnowError as e:
                return Failed(message=str(e), data=e)

        return flow(**options, **notifications.HOOKS)(explained)

    return declare
