"""What a recipe wants done with personal data: which kinds are replaced, which are only marked, and the key of the replacements."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from winnow.tasks.corpus.pii import registry
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable

FEWEST_KEY_BYTES, MOST_KEY_BYTES = 16, 64


@stable("redaction")
@dataclass(frozen=True)
class Redaction:
    """``replace`` and ``tag`` name kinds. ``key`` is the name of an environment variable whose value keys the replacements: who does not know
    it cannot find out by trial which address stands behind one. Its value is never stored; ``key_digest`` makes runs with another one other
    runs. ``libraries`` are the versions of what decides whether something is a number or an address.
    """

    replace: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    key: str = ""
    key_digest: str = ""
    libraries: tuple[str, ...] = field(default=(), kw_only=True)

    def key_bytes(self) -> bytes:
        """The key itself. Raises BadInput where the variable is not set, or is another than when the run was planned."""
        if not self.key:
            return b""
        key = key_from(self.key)
        if _digest(key) != self.key_digest:
            raise BadInput(
                f"The environment variable {self.key} has another value here than where the run was planned. Set it to the same on all machines."
            )
        return key


def redaction(raw: Any, where: str) -> Redaction:
    """The section ``redact`` of a recipe: a list of kinds to replace, or a mapping of ``replace``, ``tag`` and ``key``. Raises BadInput."""
    given: Mapping[str, Any] = {"replace": raw} if isinstance(raw, list | tuple) else raw
    if not isinstance(given, Mapping) or not set(given) <= {"replace", "tag", "key"}:
        raise BadInput(f"{where}: `redact` is a list of kinds, or a mapping with the keys replace, tag and key. See docs/personal-data.md.")
    lists = {action: given.get(action) or [] for action in ("replace", "tag")}
    for action, names in lists.items():
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise BadInput(f"{where}: redact.{action} must be a list of kinds such as [email, ip]; it is {names!r}.")
    replace, tag = (registry.chosen(names, where) for names in lists.values())
    if both := sorted(set(replace) & set(tag)):
        raise BadInput(f"{where}: {both[0]} cannot be both replaced and tagged: what is replaced is no longer in the text. Take one out.")
    key = str(given.get("key") or "")
    return Redaction(replace, tag, key, _digest(key_from(key)) if key else "", libraries=registry.libraries((*replace, *tag)))


def key_from(variable: str) -> bytes:
    """The key in an environment variable. Raises BadInput if there is none, or if it could be guessed."""
    key = os.environ.get(variable, "").encode("utf-8", "surrogateescape")
    if not FEWEST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
        raise BadInput(
            f"The environment variable {variable} must hold a key of {FEWEST_KEY_BYTES} to {MOST_KEY_BYTES} bytes for the replacements; "
            f"it has {len(key)}. Make one with `openssl rand -hex 32`, and keep it as you keep a password."
        )
    return key


def _digest(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=8, person=b"winnow redact").hexdigest()
