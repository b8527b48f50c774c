"""Merkle trees: every proof holds, nothing else does, and the published vectors of RFC 6962."""

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.engine.merkle import (
    consistency_proof,
    consistent,
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


@given(st.integers(1, 70), st.data())
def test_a_tree_that_only_grew_is_proved(size, data):
    leaves = [leaf_hash(str(i).encode()) for i in range(size)]
    old = data.draw(st.integers(1, size))
    before, after, proof = tree_root(leaves[:old]), tree_root(leaves), consistency_proof(leaves, old)
    assert consistent(old, before, size, after, proof)
    assert old == size or not consistent(old, leaf_hash(b"other"), size, after, proof)
    assert not consistent(old, before, size, after, [*proof, before])


def test_the_hexadecimal_root_is_the_same_tree():
    digests = ["ab", "cd", "ef"]
    assert root(digests) == tree_root([leaf_hash(d.encode()) for d in digests]).hex()
    assert root([]) == tree_root([]).hex()


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_in_the_tree_has_no_proof(index):
    leaves = [leaf_hash(b"x")] * 3
    with pytest.raises(IndexError):
        inclusion_proof(leaves, index)
    with pytest.raises(ValueError, match="no beginning"):
        consistency_proof(leaves, 4)


@pytest.mark.data
@pytest.mark.skipif(not KNOWN.is_dir(), reason="the shared data is not here")
def test_published_vectors():
    seen = 0
    for path in sorted(KNOWN.rglob("*.json")):
        case = json.loads(path.read_text())
        proof = [b64decode(p) for p in case["proof"] or []]
        if "leafIdx" in case:
            found = included(b64decode(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, b64decode(case["root"]))
        else:
            found = consistent(case["size1"], b64decode(case["root1"]), case["size2"], b64decode(case["root2"]), proof)
        assert found != case["wantErr"], (path, case["desc"])
        seen += 1
    assert seen >= 90
