"""``winnow prove``: that a document is in a corpus, or what changed from one corpus to another."""

from dataclasses import asdict

from winnow.cli.options import STORE, JsonOption, RunOption, StoreOption, print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Look into a run"


def command(doc: str = "", /, *, since: str = "", run: RunOption = "", json: JsonOption = False, store: StoreOption = STORE) -> None:
    """Prove that a document is in the corpus of a run, or what changed since another run: proofs that anyone can check offline (docs/integrity.md).

    Args:
        doc: The id or URL of a document.
        since: An earlier run: prove which documents were removed and added since, and that all others are as they were.
    """
    from winnow.tasks.ledger.find import open_run

    if bool(doc) == bool(since):
        raise BadInput("Say what to prove: the id or URL of a document, or --since RUN for what changed.")
    finished = open_run(store, run)
    if since:
        from winnow.tasks.ledger.changes import changes

        found = changes(open_run(store, since), finished)
        if json:
            print_json(found.to_json())
            return
        for kind, documents in (("removed", found.removed), ("added", found.added)):
            print(
                *(f"{kind}  {d['id']}  {d['url']}  {d.get('reason', '')}".rstrip() for d in documents),
                sep="\n",
                end="\n" if documents else "",
            )
        print(f"{found.count('same')} documents are the same in {found.old.head.run_id} and {found.new.head.run_id}, in the same order.")
        return
    from winnow.tasks.ledger.proofs import prove

    proof = prove(finished, doc)
    if json:
        print_json(asdict(proof))
        return
    print(f"{doc} is document {proof.index} of {proof.size} of {finished.id}.\nroot  {proof.root}\nleaf  {proof.leaf}")
    print(*(f"      {digest}" for digest in proof.path), sep="\n")
