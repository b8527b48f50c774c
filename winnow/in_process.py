"""Running a flow of Winnow in this process, for the command line and the Python API alike: Prefect's settings, progress on the terminal, the result."""

import os
import sys
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.transport.uri import without_credentials

if TYPE_CHECKING:
    from winnow.tasks.runs.run import Run

SERVER_WAIT_S = 10.0


def settings(*, verbose: bool) -> None:
    """Set what a command's own Prefect needs, where the environment says nothing. Before Prefect is imported."""
    from winnow.flows.serve import INSTALLED_ONLY, SERVER

    # Its recorder of task runs writes in batches, as that of `winnow serve`, and nobody sees the events of a temporary server. Each write alone would
    # lock its SQLite now and then: an answer 503 then costs the flow two seconds or more (sample snapshot: 25 s, once 85 s, instead of 11).
    for name, value in (SERVER | INSTALLED_ONLY).items():
        os.environ.setdefault(name, value)
    for service in ("EVENT_PERSISTER", "TRIGGERS"):
        os.environ.setdefault(f"PREFECT_SERVER_SERVICES_{service}_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")


def check_server(url: str | None = None, password: str | None = None) -> None:
    """Whether the Prefect server at ``url``, or that the environment names, can be reached; without one a command starts its own.

    Raises:
        BadInput: nothing listens there, or it wants another password.
    """
    import urllib.error
    import urllib.request

    url = (os.environ.get("PREFECT_API_URL", "") if url is None else url).rstrip("/")
    if not url:
        return
    password = os.environ.get("PREFECT_API_AUTH_STRING", "") if password is None else password
    headers = {"Authorization": f"Basic {b64encode(password.encode()).decode()}"} if password else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/health", headers=headers), timeout=SERVER_WAIT_S):  # noqa: S310
            return
    except urllib.error.HTTPError as e:
        if e.code in (401, 403):
            raise BadInput(
                f"The Prefect server {without_credentials(url)} wants a password: set PREFECT_API_AUTH_STRING=USER:PASSWORD as it is set there."
            ) from None
        raise BadInput(
            f"What PREFECT_API_URL names, {without_credentials(url)}, answers HTTP {e.code}, as no Prefect server does that is well. Check the address, which ends in /api, "
            "and the log of the server; or unset PREFECT_API_URL to run without one."
        ) from None
    except TimeoutError:
        return  # it is there, and busy: Prefect's own client waits longer
    except (OSError, ValueError) as e:
        if isinstance(getattr(e, "reason", None), TimeoutError):
            return
        said = getattr(e, "reason", e)
        raise BadInput(
            f"The Prefect server in PREFECT_API_URL, {without_credentials(url)}, does not answer ({said}). Start it (`winnow serve`), or unset PREFECT_API_URL "
            "to run without one."
        ) from None


def curate(run: "Run", *, verbose: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Work off what a prepared run misses, and release it; what ``winnow run --json`` prints. Raises what the flow failed with."""
    from winnow.tasks.runs.head_start import head_start

    check_server()
    settings(verbose=verbose)
    with head_start(run) as begun:
        if not quiet:
            print(_begins(run), file=sys.stderr, flush=True)
        if begun.warning:
            print(f"WARNING     {begun.warning}", file=sys.stderr, flush=True)

        def flow() -> Any:
            from winnow.flows.curate import curate_begun

            return curate_begun(begun)

        return watched(flow, quiet=quiet, verbose=verbose)


def _begins(run: "Run") -> str:
    """What starts now, and what it waits for."""
    crawl, where = run.context.crawl, os.environ.get("PREFECT_API_URL")
    files = sum(len(shard.files) for shard in crawl.shards)
    workers = f"{run.request.workers} workers" if run.runner == "local" else run.runner
    server = f"the Prefect server {without_credentials(where)}" if where else "a Prefect server of its own, which takes some seconds"
    return f"{run.id}: {files:,} files of {crawl.snapshot} in {len(crawl.shards):,} shards. Waiting for {workers} and {server} …"


def watched(flow: Callable[[], Any], *, quiet: bool = False, verbose: bool = False) -> dict[str, Any]:
    """The result of a flow's final state, with its progress on the terminal. ``flow`` imports what it runs: Prefect reads its settings when it is first imported.

    Raises:
        BadInput: Prefect's settings cannot be read, or its server cannot be used. And whatever the flow failed with.
    """
    _prefect(verbose=verbose)
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from winnow.cli.terminal import Progress
    from winnow.flows.stage import listener

    # Without a heartbeat each subflow ends a second earlier (docs/design.md); nobody watches a command's flow for zombies.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), Progress(quiet=quiet) as progress:
        token = listener.set(progress.tell)
        try:
            state = flow()
        finally:
            listener.reset(token)
    return dict(state.result())


def _prefect(*, verbose: bool) -> None:
    """Prefect as a flow needs it: imported, with a server that answers. Raises BadInput."""
    try:
        from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL

        url, secret = PREFECT_API_URL.value() or "", cast(Any, PREFECT_API_AUTH_STRING.value())
    except ValueError as e:  # of pydantic for a setting, of tomllib for a file of profiles
        said = " ".join(str(e).split())
        raise BadInput(
            f"Prefect cannot read its settings ({said[:300]}). Correct the variable PREFECT_… of the environment, or the file profiles.toml in PREFECT_HOME (~/.prefect)."
        ) from None
    if "PREFECT_API_URL" not in os.environ:  # a profile of Prefect may name a server
        check_server(url, secret.get_secret_value() if secret else "")
    from winnow.flows import own_server

    own_server.start(verbose=verbose)
