"""``winnow verify``: every file of a run against its manifest."""

import sys
from dataclasses import asdict, replace
from pathlib import Path

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Look into a run"
FAILED = 1


def command(
    run: str = "",
    /,
    *,
    step: str = "",
    shard: str = "",
    key: str = "",
    proof: Path | None = None,
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> int:
    """Check every file of a run against its manifest. The exit status is 1 if anything is damaged.

    Args:
        run: A run's id or the path of its manifest; the newest finished run if left out.
        step: This step alone.
        shard: This shard alone.
        key: An Ed25519 public key (a PEM file, or env:NAME): the signed head of the run must be this key's and hold.
        proof: Check this output of `winnow prove --json` instead, which needs no store; with --key, also that the heads of a proof of changes are this key's.
    """
    if proof:
        return _proof(proof, key, json)
    from winnow.tasks.ledger import proofs
    from winnow.tasks.ledger import verify as ledger
    from winnow.tasks.ledger.find import open_run

    finished = open_run(store, run)
    found = ledger.verify(finished, step=step, shard=shard)
    if key and not found.findings:  # a damaged file is named first: it is why the head would not hold
        found = replace(found, findings=tuple(proofs.check_head(finished, proofs.public_key(key))))
    if json:
        print_json({"run_id": finished.id, "checked": found.checked, "damaged": [asdict(f) for f in found.findings]})
    else:
        for finding in found.findings:
            print(f"{finding.what}: {finding.problem}")
        print(
            f"{found.checked} files of {finished.id} were checked, {len(found.findings)} are damaged."
            + ("" if found.findings else " All are as they were written.")
        )
    if found.findings:
        print(f"To repair: {finished.repair}", file=sys.stderr)
    return FAILED if found.findings else 0


def _proof(path: Path, key: str, json: bool) -> int:
    from winnow.tasks.ledger.changes import read_changes
    from winnow.tasks.ledger.proofs import public_key, read_proof

    changes = read_changes(path)
    words = ""
    if changes is None:
        given = read_proof(path)
        holds, said = given.holds(), dict[str, object](root=given.root)
    else:
        holds = changes.holds() and (not key or changes.signed_by(public_key(key)))
        counts = {"same": changes.count("same"), "removed": changes.count("removed"), "added": changes.count("added")}
        said, words = dict[str, object](counts), f" Documents: {', '.join(f'{n} {kind}' for kind, n in counts.items())}." if holds else ""
    if json:
        print_json({"holds": holds, **said})
    else:
        print(("The proof holds." if holds else "The proof does not hold.") + words)
    return 0 if holds else FAILED
