"""``winnow consent``: what sites say about the use of the pages of a run."""

from pathlib import Path
from typing import Any

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json

PANEL = "Look into a run"


def command(*, run: RunOption = "", agents: Path | None = None, json: JsonOption = False, store: StoreOption = STORE) -> None:
    """What robots.txt, headers and meta tags say about the use of a run's pages: by agent, purpose and mechanism.

    Args:
        agents: Another table of agents, in YAML or JSON: every page is judged again, and no archive is read.
    """
    from winnow.tasks.ledger.consent import consent
    from winnow.tasks.ledger.find import open_run

    finished = open_run(store, run)
    found = consent(finished, agents)
    if json:
        print_json(found)
    else:
        _show(finished.id, found)


def _show(identity: str, found: dict[str, Any]) -> None:
    from winnow.tasks.ledger.show import console, table

    out = console()
    robots = ", ".join(f"{state} {n:,}" for state, n in found["robots"].items())
    out.print(
        f"{identity}: {found['documents']:,} documents, about {found['tokens']:,} tokens; {found['conflicts']:,} with contradictions",
        highlight=False,
    )
    out.print(f"robots.txt: {robots}\n", highlight=False)
    if len(found["read"]) == 1:
        out.print("Only robots.txt was read: the run has nothing of headers and meta tags.\n", highlight=False)
    purposes = [(name, p["deny"], p["allow"], p["unknown"], p["deny_tokens"]) for name, p in found["purposes"].items()]
    out.print(table(("purpose", "denied", "allowed", "unknown", "tokens denied"), purposes))
    print()
    mechanisms = [(name, m["deny"], m["allow"], m["present"], m["deny_tokens"]) for name, m in found["mechanisms"].items()]
    out.print(table(("mechanism", "denies", "allows", "is there", "tokens denied"), mechanisms))
    print()
    agents = [
        (name, ", ".join(a["purposes"]) or "unknown", a["disallowed"], a["disallowed_tokens"], *a["classes"].values(), a["unknown"])
        for name, a in sorted(found["agents"].items(), key=lambda kv: (-kv[1]["disallowed"], kv[0].lower()))
    ]
    out.print(table(("agent", "purposes", "disallowed", "tokens", "site: all", "some", "none", "no robots", "unknown"), agents))
