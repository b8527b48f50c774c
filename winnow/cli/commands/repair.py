"""``winnow repair``: what is missing or damaged of a run, made again."""

from dataclasses import asdict
from typing import Any

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Operate"
FAILED = 1


def command(run: str = "", /, *, json: JsonOption = False, store: StoreOption = STORE) -> int:
    """Make again what is missing or damaged of a finished run, and nothing else. The exit status is 1 if something is not as it was before.

    Args:
        run: A run's id or the path of its manifest; the newest finished run if left out.
    """
    from winnow import in_process
    from winnow.tasks.runs.repair import repair

    def works(prepared: Any) -> None:
        in_process.curate(prepared, quiet=json)

    done = repair(store, run, works)
    if json:
        found = [asdict(f) for f in done.found]
        print_json({"run_id": done.run_id, "damaged": found, "made": done.made, "changed": [asdict(f) for f in done.changed]})
    else:
        for finding in done.found:
            print(f"{finding.what}: {finding.problem}")
        for finding in done.changed:
            print(f"NOT AS BEFORE  {finding.what}: {finding.problem}")
        if not done.found:
            print(f"Nothing is missing or damaged of {done.run_id}.")
        elif not done.changed:
            print(f"{done.made} shards x steps were made again; all of {done.run_id} is as it was before.")
    return FAILED if done.changed else 0
