"""``what-if`` moves lower bounds on what edits left of a text, and says what a run with the changed recipe keeps."""

import json

import pytest
import yaml

from tests.pipelines import finished, rows
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.what_if import changed, what_if

pytestmark = pytest.mark.slow

SHARED = "This line of the menu stands on every page of the site."
SENTENCES = (
    "The first sentence is on all of them here. The second one comes right behind it too. The third one ends what they have in common."
)


def own(n, words):
    return " ".join(f"word{chr(97 + n % 26)}{chr(97 + k)}" for k in range(words)) + "."  # digits are folded: such lines would be alike


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    home = tmp_path_factory.mktemp("what-if")
    texts = [f"{SHARED}\n{own(n, words)}" for n, words in enumerate((1, 3, 8, 20))]
    texts += [SHARED, SHARED, own(90, 3)]
    texts += [" ".join([SENTENCES, *(f"{own(n, 5)}" for _ in range(number))]) for n, number in ((20, 1), (21, 1), (22, 2), (23, 5))]
    (home / "in.jsonl").write_text("".join(json.dumps({"id": f"d{n}", "text": t, "language": "en"}) + "\n" for n, t in enumerate(texts)))
    return home


def kept(source, name, **least):
    passes = [{"by": "paragraph", "min_chars_left": least["paragraph"]}, {"by": "sentence", "min_sentences_left": least["sentence"]}]
    (source / f"{name}.yaml").write_text(
        yaml.safe_dump(
            {"extends": "raw", "name": name, "measure": {"url": None, "redpajama": None, "text": ["gopher.Gopher"]}, "deduplicate": passes}
        )
    )
    run = finished(source / "in.jsonl", source / f"{name}.yaml", source / "store")
    return run, {row["id"] for row in rows(run, run.pipeline.decisions) if row["kept"]}


@pytest.mark.parametrize(
    ("setting", "least"),
    [
        ("paragraph_chars_left.low=10", {"paragraph": 10, "sentence": 2}),
        ("paragraph_chars_left.low=90", {"paragraph": 90, "sentence": 2}),
        ("paragraph_chars_left.low=none", {"paragraph": 0, "sentence": 2}),
        ("sentence_count_left.low=1", {"paragraph": 40, "sentence": 1}),
        ("sentence_count_left.low=4", {"paragraph": 40, "sentence": 4}),
    ],
)
def test_a_moved_bound_gives_what_a_run_with_it_keeps(source, setting, least):
    run, before = kept(source, "before", paragraph=40, sentence=2)
    _, after = kept(source, "after", **least)
    opened = open_run(str(source / "store"), run.id)
    change = what_if(opened, changed(opened.movable, [setting], opened.measured))
    assert {d.id for d in change.enter.samples} == after - before
    assert {d.id for d in change.leave.samples} == before - after
    assert before != after


def test_the_bounds_as_they_are_change_nothing(source):
    run, _ = kept(source, "before", paragraph=40, sentence=2)
    opened = open_run(str(source / "store"), run.id)
    change = what_if(opened, changed(opened.movable, ["paragraph_chars_left.low=40"], opened.measured))
    assert (change.enter.documents, change.leave.documents) == (0, 0)
