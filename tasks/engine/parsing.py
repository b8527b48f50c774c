"""JSON and YAML that strangers wrote. What cannot be read is a ValueError, whatever the library raises."""

import json
from typing import Any

import yaml


def parsed(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError if it is none, or nested so deeply that it cannot be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parsed_yaml(text: str) -> Any:
    """The plain values of a YAML text. Raises ValueError if it is none, nested so deeply that it cannot be read, or holds a date that there is not."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as e:
        raise ValueError(" ".join(str(e).split())) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
