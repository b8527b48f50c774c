"""Plug-ins of a recipe: filters and steps out of a file beside it, in this process and in workers that never saw the file."""

import pickle
import subprocess
import sys

import pytest

from tests.golden.test_golden import CRAWL
from tests.pipelines import curated, digests, rows, work_off_with
from tests.tiny import mirror
from winnow.tasks.engine import sections
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import PLUGINS
from winnow.tasks.engine.worker import Job
from winnow.tasks.recipes.build import build
from winnow.tasks.recipes.load import load
from winnow.tasks.recipes.write import as_yaml
from winnow.tasks.report.facts import funnel
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.run import Request, prepare, release

PLUGIN = '''
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.engine.sections import recipe_step
from winnow.tasks.engine.step import ShardStep, Step, StepResult
from winnow.tasks.signals.filter import Filter, Signal
from winnow.tasks.signals.limit import CROSSED
from winnow.tasks.signals.select import add_crossed, decision_result

FACTOR = 1


@dataclass(frozen=True)
class Shout(Filter):
    """How loud a page is."""

    signals: ClassVar = (
        Signal("upper_count", "int", "characters", "capitals", "here"),
        Signal("of_served", "str", "name", "the server that sent the page", "here"),
        Signal("year", "int", "year", "of the capture", "here"),
        Signal("capitals_per_word", "float", "ratio", "capitals for each word", "here"),
    )
    needs: ClassVar = ("date", "headers", "word_count")

    def measure(self, doc):
        upper = FACTOR * sum(c.isupper() for c in doc.text)
        served = next((h["value"] for h in doc.fact("headers") or () if h["name"] == "content-type"), None)
        date, words = doc.fact("date"), doc.fact("word_count")
        return {
            "upper_count": upper,
            "of_served": served,
            "year": int(date[:4]) if date else None,
            "capitals_per_word": upper / words if words else None,
        }


@recipe_step("every", about="Keeps every nth document.", reasons={"every:other": "it is not one of every n"})
@dataclass(frozen=True)
class Every(ShardStep):
    name: ClassVar[str] = "every"

    decisions: Step
    n: int = 2

    def run(self, shard, context):
        before = context.read(self.decisions, shard)
        goes = [i % self.n > 0 for i in range(before.num_rows)]
        entry = {"reason": "every:other", "value": None, "limit": None, "margin": None, "detail": None, "step": self.label}
        crossed = pa.array([[entry] if g else [] for g in goes], CROSSED)
        reason = pa.array(["every:other" if g else None for g in goes], pa.string())
        return decision_result(add_crossed(before, crossed, reason), before["kept"])
'''
RECIPE = """
extends: raw
plugins: [./my_steps.py]
measure:
  redpajama: null
  loud: [Shout]
decide:
  thin: {every: {n: 3}, after: limits}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "my_steps.py").write_text(PLUGIN)
    (tmp_path / "own" / "mine.yaml").write_text(RECIPE)
    return tmp_path / "own"


@pytest.mark.slow
def test_a_filter_and_a_step_run_end_to_end_in_workers_too(folder, tmp_path):
    source = mirror(tmp_path / "mirror", warcs=2, pages=4)
    run = curated(source, folder / "mine.yaml", tmp_path / "store")
    [measured] = [s for s in run.pipeline.steps if s.label == "measure-loud"]
    found = rows(run, measured)
    assert {r["year"] for r in found} == {2026}
    assert {r["of_served"] for r in found} == {"text/html"}
    assert all(r["capitals_per_word"] > 0 for r in found)
    decisions = rows(run, run.pipeline.decisions)
    assert {c["step"] for d in decisions for c in d["crossed"] if c["reason"] == "every:other"} == {"every"}
    assert 0 < sum(d["kept"] for d in decisions) < len(decisions)
    [link] = [stage for stage in funnel(release(run)) if stage.name == "every"]
    assert (link.meaning, link.reasons[0].meaning) == ("keeps every nth document", "it is not one of every n")
    again = prepare(Request(str(source), str(folder / "mine.yaml"), str(tmp_path / "other"), 2))
    runner = again.open_runner()
    try:
        work_off_with(again, runner)
    finally:
        runner.close()
    assert digests(again) == digests(run)


@pytest.mark.slow
def test_the_job_brings_the_plug_in_to_a_process_that_never_saw_its_file(folder, tmp_path):
    run = prepare(Request(str(mirror(tmp_path / "mirror", warcs=1, pages=2)), str(folder / "mine.yaml"), str(tmp_path / "store")))
    packed = pickle.dumps(Job(run.context, run.plan.steps))
    (folder / "my_steps.py").unlink()
    code = (
        "import pickle, sys; job = pickle.load(sys.stdin.buffer); print(*(s.address for s in job.steps));"
        "print(any(m.startswith('winnow_plugins.my_steps_') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=packed, capture_output=True, check=True)
    assert done.stdout.decode().split() == [*(s.address for s in run.plan.steps), "True"]


@pytest.mark.slow
def test_a_worker_with_another_version_of_a_module_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sections, "_sections", dict(sections._sections))
    (folder / "installed.py").write_text(PLUGIN.replace('"every"', '"each"'))
    (folder / "mine.yaml").write_text(
        RECIPE.replace("plugins: [./my_steps.py]", "")
        .replace("Shout", "installed.Shout")
        .replace("thin: {every: {n: 3}, after: limits}", "limits: {}")
    )
    run = prepare(Request(str(mirror(tmp_path / "mirror", warcs=1, pages=2)), str(folder / "mine.yaml"), str(tmp_path / "store")))
    packed = pickle.dumps(Job(run.context, run.plan.steps))
    (folder / "installed.py").write_text(PLUGIN.replace('"every"', '"each"').replace("FACTOR = 1", "FACTOR = 2"))
    code = "import pickle, sys; pickle.load(sys.stdin.buffer)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"], input=packed, capture_output=True, check=False
    )
    assert b"another version of installed.Shout" in done.stderr
    done = subprocess.run([sys.executable, "-c", code], input=packed, capture_output=True, check=False)
    assert b"cannot load a part of the run" in done.stderr
    sys.modules.pop("installed", None)


def test_the_content_of_a_plug_in_is_part_of_what_it_makes_and_its_place_is_not(folder, tmp_path):
    first = [s.address for s in build(load(str(folder / "mine.yaml")), CRAWL).steps]
    (tmp_path / "moved").mkdir()
    for name in ("my_steps.py", "mine.yaml"):
        (tmp_path / "moved" / name).write_text((folder / name).read_text())
    assert [s.address for s in build(load(str(tmp_path / "moved" / "mine.yaml")), CRAWL).steps] == first
    (folder / "my_steps.py").write_text(PLUGIN + "\n# a comment\n")
    assert [s.address for s in build(load(str(folder / "mine.yaml")), CRAWL).steps] == first
    (folder / "my_steps.py").write_text(PLUGIN.replace("FACTOR = 1", "FACTOR = 2"))
    other = [s.address for s in build(load(str(folder / "mine.yaml")), CRAWL).steps]
    moved = {a.rsplit("-v", 1)[0] for a in set(other) - set(first)}
    assert {"measure-loud", "signals", "every"} <= moved
    assert not moved & {"extract", "measure-text"}


def test_a_recipe_that_extends_one_with_plug_ins_and_its_print_find_them(folder, tmp_path):
    (tmp_path / "child.yaml").write_text(f"extends: {folder / 'mine.yaml'}\ndecide: {{thin: {{n: 2}}}}\n")
    child = load(str(tmp_path / "child.yaml"))
    assert next(e.options.n for e in child.decide if e.name == "thin") == 2
    (tmp_path / "printed.yaml").write_text(as_yaml(child))
    assert load(str(tmp_path / "printed.yaml")).described() == child.described()


def test_what_a_plug_in_brings_is_unknown_to_other_recipes(folder, tmp_path):
    load(str(folder / "mine.yaml"))
    (tmp_path / "other.yaml").write_text("extends: raw\ndecide: {thin: {every: {n: 3}}}\n")
    with pytest.raises(BadInput, match="must name what it does"):
        load(str(tmp_path / "other.yaml"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import no_such_module", "It needs the module no_such_module"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("def f(:", "cannot be loaded: SyntaxError"),
        (PLUGIN.replace('@recipe_step("every"', '@recipe_step("limits"'), "cannot have the key 'limits'"),
        (PLUGIN.replace('"word_count")', '"wrod_count")'), None),
        (PLUGIN.replace("n: int = 2", "m: int = 2"), "unknown option 'n'"),
    ],
)
def test_what_is_wrong_with_a_plug_in_is_said(folder, source, message):
    (folder / "my_steps.py").write_text(source)
    with pytest.raises(BadInput, match=message or "needs 'wrod_count', which nothing gives. Did you mean word_count"):
        build(load(str(folder / "mine.yaml")), CRAWL)


def test_a_plug_in_that_is_not_there(folder):
    (folder / "my_steps.py").unlink()
    with pytest.raises(BadInput, match=r"my_steps\.py cannot be read.*relative to the recipe"):
        load(str(folder / "mine.yaml"))


ENTRY_POINTS = """[winnow.filters]
shout = loud_package:Shout

[winnow.steps]
every = loud_package
"""


@pytest.mark.slow
def test_an_installed_package_brings_filters_and_steps_by_entry_points(folder, tmp_path):
    site = tmp_path / "site"
    (site / "loud_package-1.0.dist-info").mkdir(parents=True)
    (site / "loud_package.py").write_text(PLUGIN)
    (site / "loud_package-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: loud-package\nVersion: 1.0\n")
    (site / "loud_package-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "mine.yaml").write_text(RECIPE.replace("plugins: [./my_steps.py]\n", "").replace("[Shout]", "[shout]"))
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from tests.golden.test_golden import CRAWL\nfrom winnow.tasks.recipes.build import build, load\n"
        f"print([s.label for s in build(load({str(folder / 'mine.yaml')!r}), CRAWL).steps])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "'measure-loud'" in done.stdout, done.stderr
    assert "'every'" in done.stdout


def test_modules_of_plug_ins_are_named_by_their_content(folder):
    [plugin] = load(str(folder / "mine.yaml")).plugins
    assert plugin.module.startswith(f"{PLUGINS}.my_steps_")
    assert plugin.module in sys.modules


def test_a_changed_source_under_the_same_version_is_said_once(folder, tmp_path, caplog):
    source = mirror(tmp_path / "mirror", warcs=1, pages=2)

    def said(text):
        (folder / "my_steps.py").write_text(text)
        caplog.clear()
        run = prepare(Request(str(source), str(folder / "mine.yaml"), str(tmp_path / "store")))
        record(run)
        return [r.getMessage() for r in caplog.records if r.name == "winnow"]

    assert said(PLUGIN) == []
    assert said(PLUGIN + "# a comment\n") == []
    changed = PLUGIN.replace("FACTOR = 1", "FACTOR = 2")
    first = said(changed)
    assert [m.split(" has changed")[0] for m in first] == ["The source of my_steps.Every", "The source of my_steps.Shout"]
    assert all("Raise `version`" in m for m in first)
    assert said(changed) == []
    assert said(changed.replace('name: ClassVar[str] = "every"', 'name: ClassVar[str] = "every"\n    version: ClassVar[str] = "2"')) == [
        m for m in first if "Shout" in m
    ]
