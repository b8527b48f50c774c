"""Options that several commands share, each described once. The parameters of a run are in tasks/runs/parameters.py."""

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

StoreOption = Annotated[str, Parameter(name="--store", help="The folder or URI of artifacts and corpora.")]
RunOption = Annotated[
    str, Parameter(name="--run", help="A run's id, its beginning, or the path of its manifest; the newest finished run if left out.")
]
JsonOption = Annotated[bool, Parameter(name="--json", help="Print JSON.")]

STORE = "winnow-store"


def absolute(place: str) -> str:
    """A path from the root, as a worker has another working directory; a URI or block as it is."""
    return place if "://" in place or place.startswith("block:") else str(Path(place).absolute())


def print_json(value: Any) -> None:
    """One JSON object as one line on stdout."""
    print(json.dumps(value, default=str))
