"""The loop of ``purify-snapshots``: a crawl is run, a sample near the cut is judged, the student is trained anew, the next run is decided by it; and nothing twice."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.endpoint.server import Server, chat
from tests.flows.conftest import ROOT, asking
from tests.pipelines import finished
from winnow.flows import watch
from winnow.flows.deployed import Seen
from winnow.flows.purify import purify_snapshots

pytestmark = pytest.mark.server

SHARED = "the a of and to in it is was for on with as by at from this that water stone house road people day year work".split()
HARM = "poison weapon hatred fraud insult threat murder".split()
GRADES = (0, 2, 5)


class Here:
    """Runs in the process of the loop in place of a worker's."""

    def __init__(self, as_subflow):
        pass

    def start(self, key, parameters):
        source = parameters["source"]
        finished(Path(parameters["store"]).parent / f"{source}.jsonl", parameters["recipe"], parameters["store"])
        return Seen(source, source, "", "")

    def look(self, run):
        return Seen(run, run, "COMPLETED", "")

    def resume(self, run):
        raise AssertionError


class UnderWay(Here):
    """The server says of every run that it goes on."""

    def look(self, run):
        return Seen(run, run, "", "")


def looked(asked, runs=Here):
    """What a flow run of the loop ends with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "ServerRuns", runs)
        state = purify_snapshots(**asked, return_state=True)
    result = state.result(raise_on_failure=False)
    return {"name": state.name, "message": state.message, "data": None if isinstance(result, BaseException) else result}


def text(grade, seed):
    rng = random.Random(f"{grade} {seed}")
    return " ".join(rng.choices(SHARED, k=30) + rng.choices(HARM, k=2 * grade) + [f"grade{grade}"])


@pytest.fixture
def home(tmp_path):
    for number in (40, 41, 42):
        rows = [
            {"id": f"{number}-{n}", "url": f"https://site{n % 30}.example/{number}/{n}", "language": "en", "text": text(GRADES[n % 3], number * 100 + n)}
            for n in range(60)
        ]  # fmt: skip
        (tmp_path / f"CC-MAIN-2026-{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = [{"text": text(g, n), "url": f"https://first{n}.example/", "safety": g} for g in GRADES for n in range(20)]
    (tmp_path / "first.jsonl").write_text("".join(json.dumps(row) + "\n" for row in first))
    recipe = {
        "extends": "raw", "name": "pure", "measure": {"url": None, "redpajama": None, "safety": [{"student.Student": {"model": "guard"}}]},
        "safety": {"actions": {"safety.grade": {2: "tag", 4: "drop"}}},
    }  # fmt: skip
    (tmp_path / "pure.yaml").write_text(yaml.safe_dump(recipe))
    crawls(tmp_path, 40)
    return tmp_path


def crawls(home, *numbers):
    (home / "crawls.json").write_text(json.dumps([{"id": f"CC-MAIN-2026-{n}"} for n in sorted(numbers, reverse=True)]))


@pytest.fixture
def look(home, environment, monkeypatch):
    """A look of the loop: in this process, or as the first thing that a ``fresh`` one does."""
    monkeypatch.setenv("WINNOW_MODELS", str(home / "models"))

    def call(*, fresh=False, runs=Here, **more):
        asked = {
            "student": "guard", "recipe": str(home / "pure.yaml"), "store": str(home / "store"), "crawls": str(home / "crawls.json"), "since": "CC-MAIN-2026-39",
            "labels": [str(home / "first.jsonl")], "sample": 32, "at_least": 12,
        } | more  # fmt: skip
        if not fresh:
            with asking(environment["PREFECT_API_URL"]):
                return looked(asked, runs)
        code = "import json, sys\nfrom tests.flows.test_purify import looked\nprint('RESULT', json.dumps(looked(json.loads(sys.argv[1]))))"
        env = environment | {"WINNOW_MODELS": str(home / "models")}
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(asked)], env=env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")] or [done.stdout + done.stderr]
        return json.loads(line.removeprefix("RESULT "))

    return call


def grade(body, before):
    said = body["messages"][-1]["content"]
    return chat(f"Score: {next(g for g in GRADES if f'grade{g}' in said)}")


def test_a_loop_judges_trains_and_runs_the_next(home, look):
    card = home / "models" / "guard" / "model.json"
    with Server(grade) as server:
        judge = {"endpoint": server.url, "endpoint_options": {"model": "judge"}}
        begun = look(**judge)
        assert begun["message"] == "CC-MAIN-2026-40: started"
        first = json.loads(card.read_text())["version"]
        assert server.bodies == []  # what was started has not ended yet, as far as this look knows

        crawls(home, 40, 41)
        second = look(**judge)
        said = [f"{row['what']}: {row['done']}" for row in second["data"]["done"]]
        assert "finished" in said[0]
        assert "documents judged; of 60:" in said[1]
        assert "trained from" in said[2], said
        assert said[3] == "CC-MAIN-2026-41: started"
        version = json.loads(card.read_text())["version"]
        assert version != first
        [made] = second["data"]["rounds"]
        assert made["student"] == first
        assert made["judged"] == made["asked"] == len(server.bodies) <= 32
        assert sum(made["actions"].values()) == 60
        assert {"kept", "tagged", "dropped as harmful"} <= made["actions"].keys()
        assert [each["version"] for each in second["data"]["students"]] == [first, version]

        third = look(**judge)  # the run of 41 has ended: it was decided by the new student
        assert [made["student"] for made in third["data"]["rounds"]] == [first, version]
        asked, files = len(server.bodies), {p: p.read_bytes() for p in (home / "store").rglob("*") if p.is_file()}
        again = look(**judge, fresh=True)
        assert (again["name"], again["data"]["done"]) == ("Cached", [])
        assert again["message"] == "Nothing new; the newest crawl is CC-MAIN-2026-41"
        assert len(server.bodies) == asked
        assert files == {p: p.read_bytes() for p in (home / "store").rglob("*") if p.is_file()}


def test_a_run_under_way_does_not_hold_up_training(home, look):
    """It goes on with the version of the student that it was begun with."""
    with Server(grade) as server:
        judge = {"endpoint": server.url, "endpoint_options": {"model": "judge"}}
        look(**judge)
        found = look(**judge, runs=UnderWay)
        assert "guard: trained from" in found["message"], found


def test_a_judge_that_cannot_be_read_closes_no_round(home, look):
    with Server(lambda body, before: chat("C'est difficile à dire.")) as server:
        judge = {"endpoint": server.url, "endpoint_options": {"model": "judge"}}
        look(**judge)
        for _ in range(2):
            found = look(**judge)
            assert "answers can be read (unreadable" in found["message"], found
            assert found["data"]["rounds"] == []
        asked = len(server.bodies)
    assert asked == len({json.dumps(body) for body in server.bodies})  # a bad answer is an answer: it is not asked for again


def test_a_person_is_waited_for(home, look):
    judge = {"sheets": str(home / "sheets"), "person": "ann", "at_least": 5}
    look(**judge)
    waits = look(**judge)
    assert "waits for ann" in waits["message"]
    [sheet] = (home / "sheets").glob("*.csv")
    before = sheet.read_text()
    assert "waits for ann" in look(**judge)["message"]
    assert sheet.read_text() == before
    lines = [line if n == 0 else line.rstrip(",") + f",{next(g for g in GRADES if f'grade{g}' in line)}" for n, line in enumerate(before.splitlines())]  # fmt: skip
    sheet.write_text("\n".join(lines), encoding="utf-8")
    done = look(**judge)
    assert "trained from" in done["message"], done
    [made] = done["data"]["rounds"]
    assert made["judged"] == len(lines) - 1
    assert look(**judge)["name"] == "Cached"
