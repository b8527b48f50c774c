"""``winnow prove``: that a document is in a corpus."""

from dataclasses import asdict

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json

PANEL = "Look into a run"


def command(doc: str, /, *, run: RunOption = "", json: JsonOption = False, store: StoreOption = STORE) -> None:
    """Prove that a document is in the corpus of a run: a Merkle path that anyone can check offline (docs/integrity.md).

    Args:
        doc: The id or URL of a document.
    """
    from winnow.tasks.ledger.find import open_run
    from winnow.tasks.ledger.proofs import prove

    finished = open_run(store, run)
    proof = prove(finished, doc)
    if json:
        print_json(asdict(proof))
        return
    print(f"{doc} is document {proof.index} of {proof.size} of {finished.id}.\nroot  {proof.root}\nleaf  {proof.leaf}")
    print(*(f"      {digest}" for digest in proof.path), sep="\n")
