"""Telling people that a run has ended: hooks of every flow, through the Prefect notification block that the run names. No schedule, no retry.

A block is named as `prefect block ls` prints it, SLUG/NAME. Its URL and tokens are secrets: no message, log line or error of ours shows them.
"""

from typing import Any

from prefect.logging.loggers import flow_run_logger

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.transport.uri import without_credentials

MESSAGE_CHARS = 2000


def check(notify: str) -> None:
    """Raises BadInput if ``notify`` names no notification block of the server in use; '' names nobody."""
    if notify:
        _load(notify)


def tell(flow: Any, flow_run: Any, state: Any) -> None:
    """Hook of a flow: sends how the run ended to the block in its parameter ``notify``. Never fails a run."""
    notify = flow_run.parameters.get("notify") or ""
    if not notify:
        return
    log = flow_run_logger(flow_run, flow)
    try:
        _load(notify).notify(body=_body(flow_run, state), subject=f"winnow: {flow.name} {state.name.lower()}")
    except Exception as e:
        # Only the kind of error: its text holds the URL of the webhook, which is a secret.
        log.warning("The block %s could not be told (%s). Try it in the UI: Blocks, or prefect block inspect.", notify, type(e).__name__)
    else:
        log.info("Notified %s", notify)


HOOKS: dict[str, Any] = {hook: [tell] for hook in ("on_completion", "on_failure", "on_crashed", "on_cancellation")}
"""For @flow: ``@flow(..., **HOOKS)``; the flow needs a parameter ``notify``."""


def _body(flow_run: Any, state: Any) -> str:
    from prefect.utilities.urls import url_for

    said = without_credentials(state.message or "")[:MESSAGE_CHARS]
    return "\n".join(part for part in (f"{flow_run.name}: {state.name}", said, url_for(flow_run) or "") if part)


def _load(notify: str) -> Any:
    import prefect.blocks.notifications  # noqa: F401  registers the kinds that Block.load may find
    from prefect.blocks.abstract import NotificationBlock
    from prefect.blocks.core import Block

    try:
        block = Block.load(notify)
    except (ValueError, RuntimeError):
        block = None
    if not isinstance(block, NotificationBlock):
        raise BadInput(
            f"notify is {notify!r}, which names no notification block of the Prefect server in use. Make one in the UI (Blocks: Custom Webhook, Slack "
            "Webhook, …) and name it as SLUG/NAME, such as custom-webhook/ops; `prefect block ls` lists what there is."
        )
    return block
