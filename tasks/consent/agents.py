"""Agents and their purposes: the table ``agents.yaml`` in the package, and tables of a user's own, also in the form of ai.robots.txt (``robots.json``).

A table has a date, which stands with it in the manifest: agents come and go, and a corpus says by which ones it was judged.
"""

import re
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.parsing import parsed, parsed_yaml

PURPOSES = ("train", "search", "user", "archive")
SHIPPED = Path(__file__).parent / "agents.yaml"
NAME = re.compile(r"[A-Za-z0-9][\w .!/()-]{0,99}", re.ASCII)
WORDS = (
    # What ai.robots.txt says of the function of an agent that our own table does not know, in the order in which it is tried.
    ("train", re.compile(r"train|\bLLMs?\b|data (?:scrap|provid|collect)|dataset|machine learning|scrapes", re.IGNORECASE)),
    ("search", re.compile(r"\bsearch|\bindex|answer|retriev", re.IGNORECASE)),
    ("user", re.compile(r"assistant|user|agents?\b|on demand|prompt", re.IGNORECASE)),
    ("archive", re.compile(r"archiv", re.IGNORECASE)),
)


@stable("option/agent")
@dataclass(frozen=True)
class Agent:
    """``name`` as robots.txt files write it. ``purposes`` are of PURPOSES; none if it is not known what it fetches for. One that does not crawl is a policy
    token."""

    name: str
    purposes: tuple[str, ...] = ()
    crawls: bool = True

    @property
    def column(self) -> str:
        """Its signal: ``consent_agent_google_extended``."""
        return "consent_agent_" + re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_")


@stable("option/agents")
@dataclass(frozen=True)
class Agents:
    """A table of agents; ``date`` says as of when, '' if it does not. ``location`` is where it was read, for writing the recipe down again."""

    agents: tuple[Agent, ...]
    date: str = ""
    location: str = field(default="", metadata={"identity": False})

    @cached_property
    def of(self) -> dict[str, tuple[int, ...]]:
        """Purpose -> the places of its agents in the table."""
        return {purpose: tuple(i for i, agent in enumerate(self.agents) if purpose in agent.purposes) for purpose in PURPOSES}

    @cached_property
    def places(self) -> dict[str, int]:
        """Name in lower case -> its place in the table."""
        return {agent.name.lower(): i for i, agent in enumerate(self.agents)}


@cache
def shipped() -> Agents:
    """The table in the package."""
    return read_agents(SHIPPED)


def read_agents(path: Path) -> Agents:
    """A table in YAML or JSON: ``{date, agents: {NAME: {purposes, crawls}}}``, a list of names, or the form of ai.robots.txt, name -> {function, ...}: of an
    agent that our table knows the purposes are ours, of others the words are read for them.

    Raises:
        BadInput: the file cannot be read, is no such table, or names a purpose that there is not.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = parsed(text) if path.suffix == ".json" else parsed_yaml(text)
    except (OSError, ValueError) as e:
        raise BadInput(f"The table of agents {path} cannot be read: {' '.join(str(e).split())}. {_FORM}") from None
    date = ""
    if isinstance(data, dict) and isinstance(data.get("agents"), dict | list):
        data, date = data["agents"], str(data.get("date", ""))
    if isinstance(data, list):
        data = {str(name): {} for name in data}
    if not isinstance(data, dict) or not data:
        raise BadInput(f"The table of agents {path} names no agent. {_FORM}")
    named: dict[str, tuple[str, Any]] = {}
    for name, said in data.items():  # of two spellings of one name the first
        named.setdefault(str(name).lower(), (str(name), said))
    agents = tuple(_agent(name, said, path) for name, said in named.values())
    columns: dict[str, str] = {}
    for agent in agents:
        other = columns.setdefault(agent.column, agent.name)
        if other != agent.name:
            raise BadInput(
                f"The table of agents {path} has {other} and {agent.name}, which would share the column {agent.column}. Take one out."
            )
    return Agents(agents, date, "" if path == SHIPPED else str(path.absolute()))


def _agent(name: str, said: Any, path: Path) -> Agent:
    said = {} if said is None else said
    if not NAME.fullmatch(name) or not isinstance(said, dict):
        raise BadInput(f"The table of agents {path} has the entry {name!r}: {said!r}. {_FORM}")
    if "purposes" not in said and "function" in said:
        words, ours = str(said["function"]), shipped()
        if (place := ours.places.get(name.lower())) is not None:
            return replace(ours.agents[place], name=name)
        return Agent(name, next(((purpose,) for purpose, pattern in WORDS if pattern.search(words)), ()))
    purposes, crawls = said.get("purposes", []), said.get("crawls", True)
    if not isinstance(purposes, list) or not set(map(str, purposes)) <= set(PURPOSES) or not isinstance(crawls, bool):
        raise BadInput(
            f"The table of agents {path} says of {name}: {said!r}. Purposes must be a list of {', '.join(PURPOSES)}, and `crawls` true or false."
        )
    return Agent(name, tuple(map(str, purposes)), crawls)


_FORM = "Write `date: ...` and `agents: {GPTBot: {purposes: [train]}}` in YAML or JSON, or give the robots.json of ai.robots.txt."
