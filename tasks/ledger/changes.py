"""What changed from one corpus to another, proved: which documents were removed and added, and that all others are the same, in the same order.

RFC 6962 proves that a log only grew. A corpus after a take-down did not: leaves are gone, and those behind them have moved, so that a short proof by subtrees does not exist.
What can be proved is the whole alignment. The proof holds every leaf once, in order, in runs of leaves that both trees have, that only the old one has, and that only the new one has. Whoever has it
computes both roots from it: the leaves of the old tree are all but the added ones, those of the new tree all but the removed ones. So nothing can be left out, put in, altered or
moved without the proof saying so. Ids and reasons beside it are for people; the leaves are what is proved.
"""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.merkle import tree_root
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.ledger.find import Finished
from winnow.tasks.ledger.proofs import SignedHead, decoded, head_of, leaves, signed_head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SCHEMA = 1
LEAF_BYTES = 32
Kind = Literal["same", "removed", "added"]


@dataclass(frozen=True)
class Changes:
    """A proof of what changed. ``runs`` are (kind, number of leaves) in order, ``leaves`` all of them, base64 of the digests one behind the other. ``removed`` and ``added`` name the
    documents in order; a removed one with the ``reason`` why the new run does not keep it."""

    old: SignedHead
    new: SignedHead
    runs: tuple[tuple[Kind, int], ...]
    leaves: str
    removed: tuple[dict[str, str], ...]
    added: tuple[dict[str, str], ...]

    def count(self, kind: Kind) -> int:
        """How many leaves are of a kind."""
        return sum(n for k, n in self.runs if k == kind)

    def holds(self) -> bool:
        """Whether the leaves lead to both roots. Raises BadInput for what is no base64."""
        digests = decoded(self.leaves)
        if len(digests) != LEAF_BYTES * sum(n for _, n in self.runs):
            return False
        old: list[bytes] = []
        new: list[bytes] = []
        place = 0
        for kind, n in self.runs:
            mine = [digests[i : i + LEAF_BYTES] for i in range(place, place + n * LEAF_BYTES, LEAF_BYTES)]
            place += n * LEAF_BYTES
            old += mine if kind != "added" else []
            new += mine if kind != "removed" else []
        return all(
            (len(found), tree_root(found)) == (head.head.size, decoded(head.head.root))
            for found, head in ((old, self.old), (new, self.new))
        )

    def signed_by(self, key: "Ed25519PublicKey") -> bool:
        """Whether both heads are signed by this key."""
        return self.old.signed_by(key) and self.new.signed_by(key)

    def to_json(self) -> dict[str, Any]:
        """The proof as ``winnow prove --since --json`` prints it."""
        heads = {"old": self.old.to_json(), "new": self.new.to_json()}
        return {"schema": SCHEMA, **heads, "runs": self.runs, "leaves": self.leaves, "removed": self.removed, "added": self.added}


def changes(old: Finished, new: Finished) -> Changes:
    """The proof of what changed from one run to another. Signed heads are taken along where there are any.

    Raises:
        DamagedArtifact: the leaves of a run are missing or damaged.
    """
    before, after = list(leaves(old)), list(leaves(new))
    steps = list(aligned([leaf for *_, leaf in before], [leaf for *_, leaf in after]))
    names = {
        "removed": [before[i] for kind, i, _ in steps if kind == "removed"],
        "added": [after[j] for kind, _, j in steps if kind == "added"],
    }
    reasons = _reasons(new, {identity for identity, *_ in names["removed"]})
    digests = b"".join(after[j][2] if kind == "added" else before[i][2] for kind, i, j in steps)
    return Changes(
        signed_head(old) or SignedHead(head_of(old)),
        signed_head(new) or SignedHead(head_of(new)),
        tuple((kind, len(list(group))) for kind, group in groupby(kind for kind, *_ in steps)),
        base64.b64encode(digests).decode(),
        tuple({"id": identity, "url": url, "reason": reasons.get(identity, "")} for identity, url, _ in names["removed"]),
        tuple({"id": identity, "url": url} for identity, url, _ in names["added"]),
    )


def aligned(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[Kind, int, int]]:
    """Both sequences as one: what is the same, removed or added, with the places in either. Linear; what moved is removed and added."""
    left, to_come = Counter(old), Counter(new)
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            yield "same", i, j
            left[old[i]] -= 1
            to_come[new[j]] -= 1
            i, j = i + 1, j + 1
        elif j < len(new) and (i == len(old) or not left[new[j]]):
            yield "added", i, j
            to_come[new[j]] -= 1
            j += 1
        else:
            yield "removed", i, j
            left[old[i]] -= 1
            i += 1


def read_changes(path: Path) -> Changes | None:
    """A proof that ``winnow prove --since --json`` printed; None if the file is another kind of proof. Raises BadInput for one of another version, or damaged."""
    try:
        found = parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise BadInput(f"{path} is not a proof ({type(e).__name__}). Give the output of `winnow prove --json`.") from None
    if not isinstance(found, dict) or "runs" not in found:
        return None
    if found.get("schema") != SCHEMA:
        raise BadInput(f"{path} is a proof of version {found.get('schema')}; this winnow knows version {SCHEMA}.")
    try:
        runs = tuple((kind, int(n)) for kind, n in found["runs"])
        if not all(kind in ("same", "removed", "added") and n > 0 for kind, n in runs):
            raise ValueError("a run of leaves is of no known kind, or empty")
        old, new = (SignedHead.from_json(found[name]) for name in ("old", "new"))
        return Changes(old, new, runs, found["leaves"], tuple(found["removed"]), tuple(found["added"]))
    except (ValueError, KeyError, TypeError) as e:
        raise BadInput(f"{path} is a damaged proof ({e}). Make it again with `winnow prove --since OLD --run NEW --json`.") from None


def _reasons(run: Finished, wanted: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if wanted:
        for table in run.shards("decisions", ["id", "reason"]):
            pairs = zip(table["id"].to_pylist(), table["reason"].to_pylist(), strict=True)
            found |= {identity: reason or "" for identity, reason in pairs if identity in wanted}
    return found
