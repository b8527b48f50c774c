"""Names: what runs are called in the UI. ``SNAPSHOT · recipe`` for a run and ``SNAPSHOT · recipe · stage`` for its stages, unless a person typed a name.

Prefect gives every run a random name before it begins: two words of coolname from the server, a star from the form. A run with such a name is
renamed; any other name was typed by somebody and is kept.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from winnow.tasks.runs.run import Run

GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|omicron|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
)  # fmt: skip
STAR = re.compile(rf"(?:{GREEK})\d*(?:-[a-z]+){{1,3}}")


def name_of_request() -> str:
    """What the run of a form or command is called before its source was looked at: the last part of its source, and the recipe's name."""
    typed = flow_run.name
    if typed and not is_random(typed):
        return str(typed)
    return _proposed(*(str(flow_run.parameters.get(key, "")) for key in ("source", "recipe")))


def show_snapshot(run: Run) -> None:
    """Call the run that goes on by its crawl's id, which is known now; a mirror was called by the name of its folder until here."""
    context = FlowRunContext.get()
    current: Any = context.flow_run if context else None
    if current is None or not _is_proposed(str(current.name), run) or current.name == title(run):
        return
    with get_client(sync_client=True) as client:
        client.update_flow_run(current.id, name=title(run))
    current.name = title(run)


def _is_proposed(name: str, run: Run) -> bool:
    return name == _proposed(run.request.source, run.request.recipe)


def _proposed(source: str, recipe: str) -> str:
    return f"{source.rstrip('/').rsplit('/', 1)[-1]} · {recipe.rsplit('/', 1)[-1].removesuffix('.yaml')}"


def title(run: Run, *more: str) -> str:
    """``SNAPSHOT · recipe``, and what is added to it."""
    return " · ".join((run.context.crawl.snapshot, run.pipeline.recipe.name, *more))


def is_random(name: str) -> bool:
    """Whether Prefect made this name up: its server from two words of coolname, its form from the name of a star."""
    words = name.split("-")
    return bool(STAR.fullmatch(name)) or (len(words) == 2 and all(word in _words() for word in words))


@cache
def _words() -> frozenset[str]:
    import coolname

    lists = Path(str(coolname.__file__)).parent.glob("data/*.txt")
    return frozenset(
        word for path in lists for line in path.read_text(encoding="utf-8").splitlines() for word in re.findall(r"[a-z]+", line)
    )
