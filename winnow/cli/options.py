"""Options that several commands share, each described once. The parameters of a run are in tasks/runs/parameters.py."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

StoreOption = Annotated[str, Parameter(name="--store", help="The folder or URI of artifacts and corpora.")]
RunOption = Annotated[
    str, Parameter(name="--run", help="A run's id, its beginning, or the path of its manifest; the newest finished run if left out.")
]
ParametersOption = Annotated[
    str,
    Parameter(
        name="--parameters",
        help='JSON of parameters of sampling, as the API calls them: \'{"max_tokens": null, "max_completion_tokens": 4000}\'.',
    ),
]
JsonOption = Annotated[bool, Parameter(name="--json", help="Print JSON.")]

STORE = "winnow-store"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """Who is asked.

    Args:
        endpoint: The base address of an OpenAI-compatible server (http://127.0.0.1:8080/v1), block:NAME, echo, or scripted:FILE.
        model: The model, as the server calls it.
        revision: Of the model's weights, if its name does not say it.
        key_variable: The name of the environment variable that holds the key; never the key.
        requests_per_minute: At most so many.
        tokens_per_minute: At most so many, of prompts and answers.
        concurrency: Requests at a time.
        timeout_s: Seconds until a request counts as failed.
        attempts: How often a query is tried before it is put into quarantine.
        patience_s: The longest that a busy server is waited for, in seconds.
        price_prompt: The price of a million tokens of prompts.
        price_answer: The price of a million tokens of answers.
    """

    endpoint: str
    model: str = ""
    revision: str = ""
    key_variable: str = ""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    concurrency: int | None = None
    timeout_s: float | None = None
    attempts: int | None = None
    patience_s: float | None = None
    price_prompt: float | None = None
    price_answer: float | None = None

    def chosen(self) -> tuple[str, dict[str, Any]]:
        """The endpoint, and the options that were given: fields of tasks/endpoint/endpoint.py by name."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "endpoint"}
        return self.endpoint, {name: value for name, value in given.items() if value not in (None, "")}


def sampling_parameters(given: str) -> dict[str, Any]:
    """What ``--parameters`` says. Raises BadInput."""
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.engine.parsing import parsed

    try:
        found = parsed(given or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInput('--parameters takes a JSON object such as {"temperature": 0.6}.')
    return found


def absolute(place: str) -> str:
    """A path from the root, as a worker has another working directory; a URI or block as it is."""
    return place if "://" in place or place.startswith("block:") else str(Path(place).absolute())


def print_json(value: Any) -> None:
    """One JSON object as one line on stdout."""
    print(json.dumps(value, default=str))
