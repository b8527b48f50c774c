"""``winnow sign``: a signed head of a corpus."""

from dataclasses import asdict

from winnow.cli.options import STORE, JsonOption, StoreOption, print_json

PANEL = "Operate"


def command(run: str = "", /, *, key: str, json: JsonOption = False, store: StoreOption = STORE) -> None:
    """Sign what the corpus of a run holds: how many documents, their Merkle root, and its manifest. `winnow verify --key` checks it.

    Args:
        run: A run's id or the path of its manifest; the newest finished run if left out.
        key: An Ed25519 private key: a PEM file, or env:NAME for an environment variable that holds one. It is written nowhere.
    """
    from winnow.tasks.ledger.find import open_run
    from winnow.tasks.ledger.proofs import HEAD, private_key, sign

    secret = private_key(key)
    finished = open_run(store, run)
    head = sign(finished, secret)
    if json:
        print_json(asdict(head))
    else:
        print(f"{head.size} documents of {head.run_id} are signed: {finished.store.uri(finished.entry['home'] + '/' + HEAD)}")
