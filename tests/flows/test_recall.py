"""``winnow recall`` and ``winnow train lines`` from outside: JSON, a sheet that waits, a model behind an endpoint, and the same command again."""

import json

import pytest

from tests.models.classify.students import TOPICS
from tests.models.classify.test_lines import some
from tests.pipelines import finished
from tests.recall.test_rounds import GOLD, POOL, SEEDS

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def recall(winnow, tmp_path_factory):
    home = tmp_path_factory.mktemp("recall")
    for name, rows in (
        ("pool", [{"id": p.id, "url": p.document.url, "text": p.document.text} for p in POOL]),
        ("seeds", [{"text": s.text, "url": s.url} for s in SEEDS]),
        ("labels", [{"url": p.document.url, "topic": GOLD[p.id][0]} for p in POOL]),
        ("script", [*({"contains": word, "answer": "yes"} for word in TOPICS["health"]), {"answer": "no"}]),
    ):
        (home / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    finished(home / "pool.jsonl", "raw", home / "store")

    def run(*more, **how):
        command = (
            "recall",
            "--topic",
            "health",
            "--seed",
            home / "seeds.jsonl",
            "--store",
            home / "store",
            "--sample",
            30,
            "--rounds",
            1,
            "--json",
        )
        done = winnow(*command, *more, **how)
        return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done, done

    return home, run


def test_labels_judge_and_the_same_command_again_does_nothing(recall):
    home, run = recall
    found, done = run("--labels", home / "labels.jsonl", fresh=True)
    assert found["status"] == "done", done.stderr
    again, done = run("--labels", home / "labels.jsonl")
    assert "Nothing to do" in done.stderr
    assert again == found


def test_a_model_judges_and_a_dry_run_tells_the_price(recall):
    home, run = recall
    judge = ("--endpoint", f"scripted:{home / 'script.jsonl'}", "--model", "m", "--price-prompt", 1)
    forecast, _ = run(*judge, "--dry-run")
    assert (forecast["status"], forecast["questions_at_most"]) == ("dry-run", 30)
    assert forecast["cost"] > 0
    found, done = run(*judge)
    assert found["judged"] == 30, done.stderr


def test_a_person_is_waited_for(recall, tmp_path):
    _, run = recall
    found, _ = run("--sheets", tmp_path / "sheets")
    assert (found["status"], found["questions"]) == ("waiting", 30)
    assert (tmp_path / "sheets" / "judge-1.csv").is_file()


def test_what_is_missing_is_one_paragraph(recall, tmp_path):
    _, run = recall
    done, _ = run("--labels", tmp_path / "nowhere.jsonl")
    assert done.returncode == 2
    assert "There is no file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_of_lines_from_the_command_line(winnow, tmp_path):
    rows = [{"text": list(p.lines), "labels": [None if c is None else int(c) for c in p.clean], "lang": p.language} for p in some()]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, rows)))
    evaluated = json.loads(winnow("evaluate", "lines", tmp_path / "pages.jsonl", "--json").stdout)
    assert set(evaluated["left_out"]["languages"]) == {"de", "en", "fi"}
    assert "without fi" in winnow("evaluate", "lines", tmp_path / "pages.jsonl").stdout
    command = ("train", "lines", "--labels", tmp_path / "pages.jsonl", "--out", "tiny-lines")
    done = winnow(*command, "--json", env={"WINNOW_MODELS": str(tmp_path / "models")}, fresh=True)
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout.splitlines()[-1])
    assert (card["kind"], card["languages"]) == ("lines", ["de", "en", "fi"])
    assert "Nothing to do" in winnow(*command, env={"WINNOW_MODELS": str(tmp_path / "models")}).stderr
