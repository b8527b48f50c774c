"""Runs of the deployment ``curate-snapshot``, started and followed from other flows (watch, backfill). What is started when is their business.

A run has a key: the server gives the same run to who asks twice with the same key, so a starter that crashed between asking and noting down what
it got asks again and starts nothing.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from winnow.tasks.engine.errors import BadInput

CURATE = "curate-snapshot/curate-snapshot"


def key(*parts: str) -> str:
    """A key of a run: the same for the same parts."""
    return "winnow-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Seen:
    """A run as the server shows it. ``ended`` is the type of a final state (COMPLETED, FAILED, CRASHED, CANCELLED), '' before that."""

    id: str
    name: str
    ended: str
    message: str


class Runs(Protocol):
    """What a starter needs of the server."""

    def start(self, key: str, parameters: dict[str, Any]) -> Seen: ...
    def look(self, run: str) -> Seen | None: ...
    def resume(self, run: str) -> None: ...


@dataclass(frozen=True)
class ServerRuns:
    """Runs on the Prefect server in use. ``as_subflow`` hangs them below the run that starts them: cancelling that cancels them."""

    as_subflow: bool

    def start(self, key: str, parameters: dict[str, Any]) -> Seen:
        """The run of this key, scheduled if there is none. Raises BadInput if the deployment is not registered."""
        try:
            run: Any = run_deployment(
                CURATE,
                parameters=parameters,
                timeout=0,
                idempotency_key=key,
                as_subflow=self.as_subflow,
                tags=["winnow", "started-by-flow"],
            )
        except ObjectNotFound:
            raise BadInput(
                f"The Prefect server in use has no deployment {CURATE}. `winnow deploy` registers it; `winnow serve` does so too."
            ) from None
        return _seen(run)

    def look(self, run: str) -> Seen | None:
        """The run now; None if the server does not know it (another database)."""
        with get_client(sync_client=True) as client:
            try:
                return _seen(client.read_flow_run(UUID(run)))
            except ObjectNotFound:
                return None

    def resume(self, run: str) -> None:
        """Schedule an ended run again, as Retry in the UI does: the same run, and what it finished is found in the store."""
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(UUID(run), Scheduled(name="AwaitingRetry", message="Resumed by winnow"), force=True)


def _seen(run: Any) -> Seen:
    state = run.state
    final = state is not None and state.is_final()
    return Seen(str(run.id), run.name, state.type.value if final else "", (state.message or "") if final else "")
