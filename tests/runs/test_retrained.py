"""A student that is trained again while a run that was begun with the old one is not done: the run goes on with the old one, and others begin with the new one."""

import json
import logging

import pytest

from tests.models.classify.students import row_of, text_of, train
from tests.pipelines import work_off
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.labelled import Question, Row
from winnow.tasks.models.files import older_versions, register, registered, versions_named
from winnow.tasks.runs.housekeeping import prune, record
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import manifest, prepare, release


def student(label):
    given = [Row(row_of(topic, seed).document, (said,), "en") for topic, said in (("health", label), ("sports", "b")) for seed in range(30)]
    return register("mine", "student", train(given, Question("mine")).files, {})


@pytest.fixture
def request_(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    pages = [{"url": f"https://a.example/{n}", "text": text_of("health", 900 + n)} for n in range(8)]
    (tmp_path / "pages").mkdir()
    for part in range(2):
        (tmp_path / "pages" / f"{part}.jsonl").write_text("".join(json.dumps(p) + "\n" for p in pages[part::2]))
    (tmp_path / "r.yaml").write_text(
        "extends: raw\nmeasure: {url: null, redpajama: null, mine: [{student.Student: {model: mine}}]}\nlimits: {mine.label: {one_of: [a]}}\n"
    )
    return lambda store: Request(str(tmp_path / "pages"), str(tmp_path / "r.yaml"), str(tmp_path / store), 1)


def finished(run):
    work_off(run)
    return manifest(release(run))


def begun(request):
    """A run that has made its first stage for one shard, and was killed."""
    run = prepare(request)
    run.context.store.open_for_writing()
    record(run)
    work = run.plan.missing()[0]
    shard = next(iter(work.todo))
    run.context.make(work.stage.steps[:1], shard, work.todo[shard][:1], [])
    return run


@pytest.mark.slow
def test_a_run_goes_on_with_the_student_that_it_was_begun_with(request_, caplog):
    first = student("a")
    whole = finished(prepare(request_("whole")))
    killed = begun(request_("store"))
    second = student("c")
    assert first.version != second.version
    with caplog.at_level(logging.WARNING):
        again = prepare(request_("store"))
    assert again.id == killed.id
    assert "older version of mine" in caplog.text
    assert finished(again) == whole
    newest = prepare(request_("store"))
    assert newest.id != killed.id, "what is released is done: the next run begins with the newest"
    assert newest.models == {"mine": second.version}


@pytest.mark.slow
def test_a_worker_that_starts_later_reads_the_old_file(request_):
    student("a")
    run = begun(request_("store"))
    student("c")
    work_off(run)  # it is the object of the first process: nothing is resolved again


def test_versions_are_kept_by_what_they_are(request_):
    first = student("a")
    assert student("a").version == first.version
    assert not older_versions()
    second = student("c")
    assert list(older_versions()) == [("mine", first.version)]
    assert registered("mine").version == second.version
    with versions_named({"mine": first.version}) as found:
        assert registered("mine").files == first.files
    assert found == {"mine": first.version}
    assert student("a").version == first.version == registered("mine").version
    with versions_named({"mine": "0" * 16}), pytest.raises(BadInput, match="was begun with the version 0000000000000000 of the model mine"):
        registered("mine")


@pytest.mark.slow
def test_prune_drops_old_versions_that_no_run_names(request_):
    first = student("a")
    begun(request_("store"))
    student("c")
    root = request_("store").store
    prune(root, models=True)
    assert older_versions(), "a run that is not done needs it"
    prune(root, drop=(prepare(request_("store")).id,))
    assert older_versions(), "only if it is asked for"
    assert str(first.folder / first.version) in prune(root, models=True).places
    assert not older_versions()


def test_a_model_from_before_there_were_versions_is_read(request_, tmp_path):
    made = student("a")
    folder = made.folder
    card = json.loads((folder / made.version / "model.json").read_text())
    del card["kept"]
    (folder / made.version / "model.student").rename(folder / "model.student")
    (folder / "model.json").write_text(json.dumps(card))
    assert registered("mine").version == ""
    assert registered("mine").files["student"].sha256 == made.files["student"].sha256
