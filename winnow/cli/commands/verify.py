"""``winnow verify``: every file of a run against its manifest."""

import sys

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Look into a run"
FAILED = 1


def command(
    run: str = "", /, *, step: str = "", shard: str = "", mend: bool = False, json: JsonOption = False, store: StoreOption = STORE
) -> int:
    """Check every file of a run against its manifest. The exit status is 1 if anything is damaged.

    Args:
        run: A run's id or the path of its manifest; the newest finished run if left out.
        step: This step alone.
        shard: This shard alone.
        mend: Delete what is damaged, so that the next run makes it anew.
    """
    from winnow.tasks.ledger import verify as ledger
    from winnow.tasks.ledger.find import open_run

    finished = open_run(store, run)
    checked, findings = ledger.verify(finished, step=step, shard=shard)
    if json:
        print_json({"run_id": finished.id, "checked": checked, "damaged": [f._asdict() for f in findings]})
    else:
        for finding in findings:
            print(f"{finding.what}: {finding.problem}")
        print(
            f"{checked} files of {finished.id} checked, {len(findings)} damaged." + ("" if findings else " All are as they were written.")
        )
    if findings and mend:
        ledger.mend(finished, findings)
        print(f"Deleted what is damaged. Now {finished.repair}", file=sys.stderr)
    elif findings:
        print(f"To repair: winnow verify {finished.id} --store {store} --mend, then {finished.repair}", file=sys.stderr)
    return FAILED if findings else 0
