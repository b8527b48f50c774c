"""Merkle trees: every proof holds, nothing else does, and the published vectors of RFC 6962."""

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.engine.merkle import (
    included,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    tree_root,
)

KNOWN = DATA / "capabilities" / "14-integrity"


def plainly(leaves):
    """The root as RFC 6962 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plainly(leaves[:split]), plainly(leaves[split:]))


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proved_and_no_other_digest(size, data):
    leaves = [leaf_hash(str(i).encode()) for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    head, proof = tree_root(leaves), inclusion_proof(leaves, index)
    assert head == plainly(leaves)
    assert included(leaves[index], index, size, proof, head)
    assert not included(leaf_hash(b"other"), index, size, proof, head)
    assert not included(leaves[index], index, size, [*proof, head], head)
    assert not included(leaves[index], index + 1, size, proof, head)
    assert not proof or not included(leaves[index], index, size, proof[:-1], head)


def test_the_hexadecimal_root_is_the_same_tree():
    digests = ["ab", "cd", "ef"]
    assert root(digests) == tree_root([leaf_hash(d.encode()) for d in digests]).hex()
    assert root([]) == tree_root([]).hex()


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_in_the_tree_has_no_proof(index):
    leaves = [leaf_hash(b"x")] * 3
    with pytest.raises(IndexError):
        inclusion_proof(leaves, index)


@pytest.mark.data
@pytest.mark.skipif(not KNOWN.is_dir(), reason="the shared data is not here")
def test_published_vectors():
    seen = 0
    for path in sorted(KNOWN.rglob("*.json")):
        case = json.loads(path.read_text())
        if "leafIdx" not in case:
            continue  # a proof that a log only grew: a corpus makes none
        proof = [b64decode(p) for p in case["proof"] or []]
        found = included(b64decode(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, b64decode(case["root"]))
        assert found != case["wantErr"], (path, case["desc"])
        seen += 1
    assert seen >= 45
