"""``winnow label``: a sheet there and back, the page's answers kept one by one, and both in the same table as a model's."""

import csv
import json
import re
import shutil
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.pipelines import finished
from tests.tiny import mirror
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store
from winnow.tasks.labels.heads import head, parsed
from winnow.tasks.labels.judged import Judgement, judgements, read
from winnow.tasks.runs.labelling import Labelling

pytestmark = pytest.mark.slow
TOPIC = parsed({"name": "topic", "form": "choice", "prompt": "?", "labels": ["Grain", "Water"]}, "t")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    home = tmp_path_factory.mktemp("labelling")
    finished(mirror(home / "mirror", warcs=2, pages=8), "gopher", home / "store")
    return home / "store"


@pytest.fixture
def store(base, tmp_path):
    shutil.copytree(base, tmp_path / "store")
    return tmp_path / "store"


def label(store, capsys, *words):
    status = main(["label", "--head", "educational", "--store", str(store), *map(str, words)])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_sheet_there_and_back(store, capsys, tmp_path):
    sheet = tmp_path / "sheet.csv"
    status, out, _ = label(store, capsys, "--sample", 6, "--dry-run", "--json")
    assert json.loads(out) == {"documents": 6, "price": 0.0, "heads": [{"head": "educational", "items": 6, "judged": 0, "to_judge": 6}]}
    status, out, _ = label(store, capsys, "--sample", 6, "--write", sheet, "--json")
    assert (status, json.loads(out)["rows"]) == (0, 6)
    status, _, err = label(store, capsys, "--sample", 6, "--write", sheet)
    assert (status, "may hold the work" in err) == (2, True)
    rows = next(csv.reader(sheet.read_text("utf-8-sig").splitlines()))
    text = sheet.read_text("utf-8-sig")
    with sheet.open(newline="", encoding="utf-8-sig") as f:
        filled = list(csv.DictReader(f))
    for n, row in enumerate(filled[:4]):
        row[rows[-1]] = str(n)
    with sheet.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows)
        writer.writeheader()
        writer.writerows(filled)
    assert text != sheet.read_text()
    status, out, _ = label(store, capsys, "--read", sheet, "--person", "ann", "--json")
    found = json.loads(out)
    [report] = found["heads"]
    assert (found["empty"], report["rows"], report["annotator"], report["labels"]) == (2, 4, "ann", {"0": 1, "1": 1, "2": 1, "3": 1})
    judged = list(judgements(read(Path(report["judged"]))))
    assert {j.score for j in judged} == {0.0, 1.0, 2.0, 3.0}
    assert {j.head_digest for j in judged} == {head("educational").digest}
    status, out, _ = label(store, capsys, "--sample", 6, "--dry-run", "--json", "--person", "ann")
    assert json.loads(out)["heads"][0]["to_judge"] == 2
    assert json.loads(label(store, capsys, "--read", sheet, "--person", "ann", "--json")[1]) == found
    assert label(store, capsys, "--read", sheet, "--person", "../ann")[0] == 2
    assert label(store, capsys, "--read", sheet, "--write", sheet)[0] == 2


def test_the_page_goes_on_where_it_was(store, capsys):
    """The command itself, with a person who answers two of three and presses Done, twice."""

    def person(answers):
        address = None
        while not address:
            found = re.search(r"http://\S+/", "".join(said))
            address = found and found[0]
        for n, given in answers:
            post(address, "answer", {"n": n, "said": given})
        first.append(json.load(urllib.request.urlopen(address + "head", timeout=10))["first"])
        post(address, "done", {})

    def post(address, path, body):
        request = urllib.request.Request(address + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        assert json.load(urllib.request.urlopen(request, timeout=10)) in ({}, {"problem": None})

    first: list[int] = []
    reports = []
    for answers in ([(0, "3"), (1, "5")], [(2, "1"), (1, "")]):
        said: list[str] = []
        thread = threading.Thread(target=person, args=(answers,), daemon=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stderr.write", lambda text, said=said: said.append(text) or len(text))
            thread.start()
            status, out, _ = label(store, capsys, "--sample", 3, "--person", "bob", "--json")
        thread.join(10)
        assert status == 0
        reports.append(json.loads(out)["heads"][0])
    assert [r["rows"] for r in reports] == [2, 2]
    assert reports[0]["judged"] == reports[1]["judged"]
    assert reports[1]["labels"] == {"1": 1, "3": 1}
    assert first == [0, 2]


def test_answers_are_kept_one_by_one(tmp_path):
    one = Labelling(Store(str(tmp_path)), TOPIC, "ann")
    with pytest.raises(BadInput, match="judged nothing"):
        one.finish()
    one.keep(Judgement("b", "topic", TOPIC.digest, "ann", labels=("Grain",)))
    one.keep(Judgement("a", "topic", TOPIC.digest, "ann", labels=("Water",)))
    one.keep(Judgement("b", "topic", TOPIC.digest, "ann", labels=("Water",)))
    assert [(j.id, j.label) for j in one.judgements()] == [("a", "Water"), ("b", "Water")]
    one.forget("a", None)
    assert one.finish()["labels"] == {"Water": 1}
    changed = Labelling(one.store, parsed({"name": "topic", "form": "choice", "prompt": "?", "labels": ["Grain", "Wind"]}, "t"), "ann")
    assert changed.home != one.home
    assert changed.judgements() == []
    assert Labelling(one.store, TOPIC, "bob").home != one.home
