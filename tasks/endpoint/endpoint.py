"""The endpoint: which server is asked, which model, how fast, and at what price. Only the model and its revision decide what comes out; where and how
it runs never counts, so that a model behind another address gives the same stored answers.

A key is no field: an endpoint says where its key is found (an environment variable, a Prefect block), and ``secrets`` reads it at the moment of sending.
So it cannot reach a parameter, a log, a pickle or an artifact.
"""

import os
import re
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import near
from winnow.tasks.engine.places import PREFIX, endpoint_key, endpoint_place

KEY_VARIABLE = "WINNOW_ENDPOINT_KEY"
"""The environment variable that holds the key, unless another one is named."""
OFFLINE = ("echo", "scripted")
MAX_CONCURRENCY = 1024
SECRET_PARTS = re.compile(r"(key|token|secret|password|auth)", re.IGNORECASE)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Endpoint:
    """``url`` is the base of an OpenAI-compatible API (``http://127.0.0.1:8080/v1``), ``echo``, or ``scripted:FILE``. ``block`` names the winnow-endpoint block that
    it was read from, and that holds its key. Limits of 0 are none; prices are per million tokens, in whatever currency.

    Raises:
        BadInput: on construction, an address or a number that cannot be used, or an address with a secret in it.
    """

    url: str
    model: str = ""
    revision: str = ""
    key_variable: str = KEY_VARIABLE
    block: str = ""
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0
    concurrency: int = 16
    timeout_s: float = 120.0
    attempts: int = 6
    patience_s: float = 600.0
    price_prompt: float = 0.0
    price_answer: float = 0.0

    def __post_init__(self) -> None:
        if self.offline:
            if self.offline == "scripted" and not self.script:
                raise BadInput("The provider scripted answers from a file: write scripted:FILE. docs/labels.md shows its form.")
            if not self.model:
                object.__setattr__(self, "model", self.offline)
        else:
            self._check_url()
        if not self.model.strip():
            raise BadInput("An endpoint needs the name of a model, as its server calls it: --model NAME.")
        if not VARIABLE.fullmatch(self.key_variable):
            raise BadInput(
                "The key is read from an environment variable: give the name of one, with letters, digits and _ only, and never the key itself."
            )
        for name in ("requests_per_minute", "tokens_per_minute", "price_prompt", "price_answer"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise BadInput(f"{name.replace('_', '-')} is {getattr(self, name)}; it must be 0 or more.")
        for name in ("timeout_s", "patience_s"):
            if not 0 < getattr(self, name) < float("inf"):
                raise BadInput(f"{name.replace('_', '-')} is {getattr(self, name)}; it must be more than 0.")
        if not 1 <= self.concurrency <= MAX_CONCURRENCY or self.attempts < 1:
            raise BadInput(f"concurrency must be between 1 and {MAX_CONCURRENCY}, and attempts at least 1.")

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.url)
            known = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            known = False
            parts = urlsplit("")
        if not known:
            raise BadInput(
                "An endpoint is the base address of an OpenAI-compatible server such as http://127.0.0.1:8080/v1, block:NAME, echo, or scripted:FILE."
            )
        if "@" in parts.netloc or SECRET_PARTS.search(parts.query) or parts.fragment:
            raise BadInput(
                f"The address of the endpoint holds a secret, which would end up in logs. Take it out; put the key into ${self.key_variable} or a block."
            )

    @property
    def offline(self) -> str:
        """``echo`` or ``scripted``; empty for a server."""
        kind = self.url.partition(":")[0]
        return kind if kind in OFFLINE else ""

    @property
    def script(self) -> str:
        """The file of a scripted provider."""
        return self.url.partition(":")[2] if self.offline == "scripted" else ""

    def secrets(self) -> tuple[str, ...]:
        """Every key that may be meant, that which is sent first: none of them may be shown, whatever a server says."""
        if self.offline:
            return ()
        found = (endpoint_key(self.block) if self.block else "", os.environ.get(self.key_variable, "").strip())
        return tuple(key for key in found if key)

    @property
    def key_place(self) -> str:
        """Where the key is looked for, for messages."""
        return f"the block {self.block.removeprefix(PREFIX)} or ${self.key_variable}" if self.block else f"${self.key_variable}"


def endpoint(spec: str, **changes: Any) -> Endpoint:
    """The endpoint that ``spec`` names, an address or ``block:NAME``, with the changes that are not None.

    Raises:
        BadInput: no such block, or what ``Endpoint`` raises.
    """
    known = {f.name for f in fields(Endpoint)}
    for name in changes:
        if name not in known:
            raise BadInput(f"An endpoint has no option {name!r}.{near(name, known)}")
    given = {name: value for name, value in changes.items() if value not in (None, "")}
    if spec.startswith(PREFIX):
        return replace(Endpoint(**endpoint_place(spec), block=spec), **given)
    return Endpoint(spec, **given)
