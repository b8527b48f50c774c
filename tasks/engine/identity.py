"""Stable names for values: the same config gives the same digest in every process, on every machine.

Only identity lives here. Everything in a step's fields counts (opt-out, never opt-in); a value that has no stable form is refused.
"""

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any


def canonical(value: Any) -> Any:
    """JSON form of a config value, equal in every process.

    A value with an ``address`` (a step) stands for itself by that address. None fields are left out, so a new optional field
    does not move old addresses.

    Raises:
        TypeError: the value has no stable form (lambda, set, open file, arbitrary object).
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [canonical(v) for v in value]
        case dict() if all(isinstance(k, str) for k in value):
            return {k: canonical(v) for k, v in sorted(value.items())}
        case _ if isinstance(getattr(value, "address", None), str):
            return value.address
        case _ if is_dataclass(value) and not isinstance(value, type):
            return describe(value)
    raise TypeError(
        f"{type(value).__name__} has no stable form: use a frozen dataclass, tuple, dict, str, number or bool in a step's fields"
    )


def describe(config: Any) -> dict[str, Any]:
    """A frozen dataclass as JSON: its type, its version if it has one, and every field that is set.

    A field with the metadata ``{"identity": False}`` says *where* something is and does not count; another field must hold its digest.
    """
    values = {
        f.name: canonical(v) for f in fields(config) if f.metadata.get("identity", True) and (v := getattr(config, f.name)) is not None
    }
    version = getattr(config, "version", None)
    return {"type": type(config).__name__} | ({"version": version} if version else {}) | values


def digest(value: Any) -> str:
    """SHA-256 in hex of the canonical form."""
    return hashlib.sha256(json.dumps(canonical(value), sort_keys=True, ensure_ascii=True).encode()).hexdigest()
