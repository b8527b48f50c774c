"""Examples out of a finished run: by condition, by site, the rest, one language; and what is refused before anything is trained."""

import pytest

from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.examples import Examples
from winnow.tasks.runs.examples import Choice, Sources
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.run import release


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("examples")
    run = curated(mirror(base / "mirror", warcs=2, pages=8), "gopher", base / "store")
    run.context.store.open_for_writing()
    record(run)
    release(run)
    return str(base / "store"), run


def gathered(tmp_path, sources):
    """Texts of the positive and of the negative examples."""
    found = Examples(tmp_path, "line", 0)
    sources.gather(found)
    lines = [line.decode() for line in found.lines(range(len(found.positive)))]
    return [sorted(t for t, p in zip(lines, found.positive, strict=True) if p == kind) for kind in (True, False)]


def expected(run, chosen):
    documents, signals, decisions = (rows(run, step) for step in (run.pipeline.documents, run.pipeline.signals, run.pipeline.decisions))
    merged = [d | s | k for d, s, k in zip(documents, signals, decisions, strict=True)]
    return [sorted(" ".join(r["text"].strip().splitlines()) for r in merged if bool(chosen(r)) == kind) for kind in (True, False)]


def test_a_condition_over_signals_and_decisions_and_all_the_others(place, tmp_path):
    store, run = place
    sources = Sources(Choice(where="kept AND word_count >= 300"), Choice(), run.id, store)
    found = gathered(tmp_path, sources)
    assert found == expected(run, lambda r: r["kept"] and r["word_count"] >= 300)
    assert all(found)


def test_sites(place, tmp_path):
    store, run = place
    (tmp_path / "sites").write_text("site1.example\nhttp://site2.example/2\n")
    (tmp_path / "more").mkdir()
    sources = Sources(Choice(domains=str(tmp_path / "sites")), Choice(where="host = 'copy.example'"), run.id, store)
    positive, negative = gathered(tmp_path / "more", sources)
    assert positive == expected(run, lambda r: r["host"] == "site1.example" or r["url"] == "http://site2.example/2")[0]
    assert negative == expected(run, lambda r: r["host"] == "copy.example")[0]
    assert positive
    assert negative


def test_one_language(place, tmp_path):
    store, run = place
    assert gathered(tmp_path, Sources(Choice(where="kept"), Choice(), run.id, store, ("de",))) == [[], []]


def test_the_description_moves_with_everything_that_matters(place, tmp_path):
    store, run = place
    (tmp_path / "a.txt").write_text("text\n")
    base = Sources(Choice((str(tmp_path / "a.txt"),), "kept"), Choice(), run.id, store)
    assert base.described() == Sources(Choice((str(tmp_path / "a.txt"),), "kept"), Choice(), run.id, store).described()
    other = Sources(Choice((str(tmp_path / "a.txt"),), "not kept"), Choice(), run.id, store)
    assert base.described() != other.described()
    before = base.described()
    (tmp_path / "a.txt").write_text("other\n")
    assert base.described() != before


@pytest.mark.parametrize(
    ("positive", "negative", "run", "said"),
    [
        (Choice(), Choice(("x",)), "", "no positive examples"),
        (Choice(("x",)), Choice(), "", "no negative examples"),
        (Choice(where="kept"), Choice(("x",)), "", "name it with --run"),
        (Choice(("x",)), Choice(), "gopher", "Say which documents"),
        (Choice(where="kept AND"), Choice(), "gopher", "cannot be read"),
        (Choice(where="random() < 0.5"), Choice(), "gopher", "same value every time"),
    ],
)
def test_choices_that_cannot_be(positive, negative, run, said):
    with pytest.raises(BadInput, match=said):
        Sources(positive, negative, run)


def test_what_is_missing_is_named(place, tmp_path):
    store, run = place
    with pytest.raises(BadInput, match=r"no text file .*nowhere"):
        Sources(Choice(("/nowhere.txt",)), Choice(("/nowhere.txt",))).described()
    with pytest.raises(BadInput, match="There is no run other"):
        Sources(Choice(where="kept"), Choice(), "other", store).described()
    with pytest.raises(BadInput, match=r"no signal 'word_cuont'\. Did you mean word_count"):
        gathered(tmp_path, Sources(Choice(where="word_cuont > 3"), Choice(), run.id, store))
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "b").mkdir()
    with pytest.raises(BadInput, match=r"no text in .*empty.txt"):
        gathered(tmp_path / "b", Sources(*[Choice((str(tmp_path / "empty.txt"),))] * 2))
