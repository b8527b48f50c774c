"""``winnow annotate`` from outside: the key, the dry run, a kill, two annotators, and the same command again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import forked
from tests.endpoint.server import Server, chat
from tests.flows.conftest import ROOT, get
from tests.pipelines import finished
from winnow.cli.main import main
from winnow.tasks.labels.judged import judgements, read

pytestmark = pytest.mark.server
PLANTED, BLOCKED = "sk-planted-in-the-environment-4711", "sk-planted-in-a-block-4712"


@pytest.fixture(scope="module")
def store(tiny, tmp_path_factory):
    place = tmp_path_factory.mktemp("annotate") / "store"
    finished(tiny, "gopher", place)
    return place


def good(body, before):
    return chat("Grain: it is")


@pytest.fixture
def head(tmp_path):
    (tmp_path / "grain.yaml").write_text("{name: grain, form: choice, prompt: 'What is it about?', labels: [Grain, Water, Stone]}")
    return tmp_path / "grain.yaml"


def words(store, head, server, *more):
    return ["annotate", "--head", head, "--sample", 12, "--endpoint", server.url, "--model", "tiny", "--store", store, *more]


def test_a_dry_run_asks_nobody_and_says_the_price(winnow, store, head):
    with Server(good) as server:
        done = winnow(*words(store, head, server, "--dry-run", "--json", "--price-prompt", "2", "--price-answer", "8"))
        assert done.returncode == 0, done.stderr
        assert server.bodies == []
    found = json.loads(done.stdout)
    assert (found["documents"], found["queries"], found["to_ask"], found["model"]) == (12, 12, 12, "tiny")
    assert 0 < found["price"] <= found["price_most"]
    assert not list((store / "responses").glob("*/*"))


def test_a_killed_run_asks_only_what_is_missing_and_the_next_nothing(winnow, environment, store, head, tmp_path):
    def slow(body, before):
        time.sleep(0.3)
        return good(body, before)

    with Server(slow) as server:
        process = forked.winnow(words(store, head, server, "--concurrency", 1), environment, tmp_path)
        deadline = time.monotonic() + 200
        while len(server.bodies) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        killed_at = len(server.bodies)
        assert 4 <= killed_at < 12
        server.behave = good
        done = winnow(*words(store, head, server, "--json"), fresh=True)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout.splitlines()[-1])
        # At most the one query that was under way is asked again.
        assert len(server.bodies) in (12, 13)
        assert result["asked"]["known"] >= killed_at - 1
        [report] = result["heads"]
        assert report["labels"] == {"Grain": 12}
        files = {p: p.read_bytes() for p in Path(report["judged"]).iterdir()}
        asked = len(server.bodies)
        again = winnow(*words(store, head, server, "--json"))
        assert json.loads(again.stdout) == {"heads": [report], "asked": None}
        assert len(server.bodies) == asked
        assert {p: p.read_bytes() for p in Path(report["judged"]).iterdir()} == files
        assert len(list(judgements(read(Path(report["judged"]))))) == 12


def test_planted_keys_appear_nowhere(winnow, server, environment, store, head, tmp_path_factory):
    """A key in the environment and one in a block; answers and refusals that repeat it; every log at its loudest."""

    def sent():
        return next(iter(endpoint.keys - {None}), "").removeprefix("Bearer ")

    def tells(body, before):
        return chat(f"Grain: your key is {sent()}")

    def refuses(body, before):
        return 401, {"error": {"message": f"Incorrect key {sent()}"}}, {}

    loud = {"PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG"}
    said = ""
    with Server(tells) as endpoint:
        code = f"from winnow.blocks import ModelEndpoint; ModelEndpoint(url={endpoint.url!r}, model='blocked', key={BLOCKED!r}).save('planted-endpoint')"
        done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        common = ["annotate", "--head", head, "--sample", 3, "--store", store, "--verbose"]
        for number, refuse in enumerate((False, True)):
            endpoint.behave = refuses if refuse else tells
            for more, key in (
                (["--endpoint", endpoint.url, "--model", "tiny"], PLANTED),
                (["--endpoint", "block:planted-endpoint"], BLOCKED),
            ):
                endpoint.keys.clear()
                run = winnow(*common, *more, "--revision", f"r{number}", env=loud | {"WINNOW_ENDPOINT_KEY": PLANTED})
                assert run.returncode == (2 if refuse else 0), run.stderr
                assert endpoint.keys == {f"Bearer {key}"}
                said += run.stdout + run.stderr
        for wrong in (f"http://user:{PLANTED}@127.0.0.1:9/v1", f"http://127.0.0.1:9/v1?api_key={PLANTED}"):
            run = winnow(*common, "--endpoint", wrong, "--model", "tiny")
            assert run.returncode == 2
            said += run.stdout + run.stderr
        run = winnow(*common, "--endpoint", endpoint.url, "--model", "tiny", "--key-variable", PLANTED)
        assert run.returncode == 2
        said += run.stdout + run.stderr
    assert "refuses the key" in said
    assert get(f"{server}/artifacts/filter", {"limit": 1})
    bases = [base for folder in ("server-home", "home") for base in tmp_path_factory.getbasetemp().glob(f"{folder}*")]
    files = {str(p): p.read_bytes() for base in (*bases, store) for p in base.rglob("*") if p.is_file()}
    assert any(name.endswith("prefect.db") for name in files)
    assert any(b"***" in data for name, data in files.items() if "/responses/" in name)
    for secret in (PLANTED, BLOCKED):
        assert secret not in said
        for name, data in files.items():
            assert secret.encode() not in data, f"{secret} in {name}"


def test_batch_files_and_agreement(winnow, store, head, tmp_path):
    asked = ["annotate", "--head", head, "--sample", 12, "--endpoint", "http://127.0.0.1:9/v1", "--model", "batch", "--store", store]
    out = winnow(*asked, "--batch-out", tmp_path / "batch", "--json")
    [file] = json.loads(out.stdout)["files"]
    lines = [json.loads(line) for line in Path(file).read_text().splitlines()]
    back = [
        json.dumps({"custom_id": e["custom_id"], "response": {"status_code": 200, "body": chat("Water" if n % 2 else "Grain")}})
        for n, e in enumerate(lines)
    ]
    (tmp_path / "part.jsonl").write_text("\n".join(back[:5]))
    part = winnow(*asked, "--batch-in", tmp_path / "part.jsonl")
    assert part.returncode == 2
    assert "7 are still missing" in part.stderr
    (tmp_path / "rest.jsonl").write_text("\n".join(back[5:]))
    whole = winnow(*asked, "--batch-in", tmp_path / "part.jsonl", tmp_path / "rest.jsonl", "--json")
    assert whole.returncode == 0, whole.stderr
    [one] = json.loads(whole.stdout.splitlines()[-1])["heads"]
    with Server(good) as server:
        two = json.loads(winnow(*words(store, head, server, "--json")).stdout.splitlines()[-1])["heads"][0]
    found = json.loads(winnow("evaluate", "agreement", one["judged"], two["judged"], "--json").stdout)
    [agreement] = found["agreement"]
    assert (agreement["items"], agreement["observed"], agreement["kappa"]) == (12, 0.5, 0)
    assert "grain" in winnow("evaluate", "agreement", one["judged"], two["judged"]).stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--head", "nonsense"], "There is no head"),
        (["--where", "nonsense > 1"], "no signal"),
        (["--endpoint", "h:80"], "base address"),
        (["--sample", "-1"], "must be 0"),
    ],
)
def test_bad_input_is_one_paragraph(store, head, capsys, change, says):
    given = {"--head": head, "--sample": 2, "--endpoint": "echo", "--store": store} | dict([change])
    assert main(["annotate", *(str(word) for pair in given.items() for word in pair)]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
