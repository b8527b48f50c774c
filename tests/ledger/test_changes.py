"""What changed from one corpus to another: every change is told, and nothing else can be made of the proof."""

import json
from base64 import b64decode, b64encode
from collections import Counter
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.test_proofs import written
from tests.pipelines import finished
from tests.tiny import mirror
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.changes import aligned, changes, read_changes
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.proofs import head_of

URL = "http://site1.example/1"


@given(st.lists(st.binary(min_size=1, max_size=1), max_size=30), st.lists(st.binary(min_size=1, max_size=1), max_size=30))
def test_an_alignment_gives_both_sequences_back(old, new):
    steps = list(aligned(old, new))
    assert [old[i] for kind, i, _ in steps if kind != "added"] == old
    assert [new[j] for kind, _, j in steps if kind != "removed"] == new
    assert all(old[i] == new[j] for kind, i, j in steps if kind == "same")


@given(st.lists(st.binary(min_size=2, max_size=2), unique=True, max_size=40), st.data())
def test_what_was_only_removed_is_all_that_is_told(old, data):
    gone = set(data.draw(st.lists(st.sampled_from(old), unique=True))) if old else set()
    steps = Counter(kind for kind, *_ in aligned(old, [leaf for leaf in old if leaf not in gone]))
    assert (steps["removed"], steps["added"]) == (len(gone), 0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run, and the one after a take-down."""
    root = tmp_path_factory.mktemp("changes")
    source, store = mirror(root / "mirror", warcs=2, pages=5), str(root / "store")
    before = finished(source, "raw", store)
    assert main(["take-downs", "add", URL, "--store", store, "--reason", "asked by the owner"]) == 0
    return store, before.id, finished(source, "raw", store).id


@pytest.mark.slow
def test_a_take_down_is_all_that_changed(runs, tmp_path, capsys):
    store, old, new = runs
    private, public = written(tmp_path, Ed25519PrivateKey.generate())
    for run in (old, new):
        assert main(["sign", run, "--key", private, "--store", store]) in (0, None)
    capsys.readouterr()
    assert main(["prove", "--since", old, "--run", new, "--store", store, "--json"]) in (0, None)
    path = tmp_path / "changes.json"
    path.write_text(capsys.readouterr().out)
    assert main(["verify", "--proof", str(path), "--key", public, "--json"]) == 0
    size = head_of(open_run(store, old)).size
    assert json.loads(capsys.readouterr().out) == {"holds": True, "same": size - 1, "removed": 1, "added": 0}
    found = read_changes(path)
    assert [(d["url"], d["reason"]) for d in found.removed] == [(URL, "taken_down")]
    (tmp_path / "other").mkdir()
    _, other = written(tmp_path / "other", Ed25519PrivateKey.generate())
    assert main(["verify", "--proof", str(path), "--key", other]) == 1


def test_anyone_can_check_it_with_a_few_lines(runs):
    store, old, new = runs
    proof = changes(open_run(store, old), open_run(store, new)).to_json()

    def root(level):
        while len(level) > 1:
            level = [
                sha256(b"\x01" + b"".join(level[i : i + 2])).digest() if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)
            ]
        return level[0]

    leaves, trees = (
        iter([b64decode(proof["leaves"])[i : i + 32] for i in range(0, len(b64decode(proof["leaves"])), 32)]),
        {"old": [], "new": []},
    )
    for kind, number in proof["runs"]:
        for _ in range(number):
            leaf = next(leaves)
            trees["old"] += [leaf] if kind != "added" else []
            trees["new"] += [leaf] if kind != "removed" else []
    for name, tree in trees.items():
        assert (len(tree), root(tree)) == (proof[name]["size"], b64decode(proof[name]["root"]))


def test_no_other_story_can_be_made_of_it(runs, tmp_path):
    store, old, new = runs
    proof = changes(open_run(store, old), open_run(store, new)).to_json()
    path = tmp_path / "proof.json"

    def holds(**other):
        path.write_text(json.dumps(proof | other))
        return read_changes(path).holds()

    assert holds()
    runs_ = [list(r) for r in proof["runs"]]
    moved = [[k, n] for k, n in runs_]
    moved[0][1] += 1
    moved[-1][1] -= 1
    assert not holds(runs=moved)
    assert not holds(runs=[["same" if k == "removed" else k, n] for k, n in runs_])
    assert not holds(runs=runs_[:-1])
    leaves = bytearray(b64decode(proof["leaves"]))
    leaves[5] ^= 1
    assert not holds(leaves=b64encode(leaves).decode())
    assert not holds(leaves=b64encode(leaves[:-32]).decode())
    for other, said in (({"schema": 2}, "version 2"), ({"runs": [["wat", 1]]}, "damaged"), ({"old": {}}, "damaged")):
        path.write_text(json.dumps(proof | other))
        with pytest.raises(BadInput, match=said):
            read_changes(path)


def test_a_run_that_did_not_change_has_nothing_to_tell(runs):
    store, old, _ = runs
    same = changes(open_run(store, old), open_run(store, old))
    assert [kind for kind, _ in same.runs] == ["same"]
    assert same.holds()


def test_it_says_what_to_prove(runs):
    assert main(["prove", "--store", runs[0]]) == 2
    assert main(["prove", URL, "--since", runs[1], "--store", runs[0]]) == 2
