"""The Python API: its doctests, its tables, and what it refuses."""

import doctest
import subprocess
import sys
from textwrap import dedent

import pandas as pd
import pyarrow as pa
import pytest

import winnow
from tests.pipelines import finished, rows
from tests.shared import ROOT
from tests.tiny import mirror
from winnow import api
from winnow.tasks.engine.errors import BadInput, DamagedArtifact

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("api")
    run = finished(mirror(base / "mirror", warcs=2, pages=6), "gopher", base / "store")
    return str(base / "store"), run


def test_the_doctests(place):
    store, _ = place
    found = doctest.DocTestFinder().find(api, globs={"winnow": winnow, "store": store})
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in found:
        runner.run(test)
    assert runner.summarize().failed == 0
    assert {t.name for t in found if t.examples} >= {
        f"winnow.api.{n}" for n in ("Run", "Run.sql", "Run.explain", "Run.what_if", "extract", "measure")
    }


@pytest.mark.parametrize("table", ["documents", "signals", "decisions", "corpus"])
def test_tables_come_as_pandas_or_arrow(place, table):
    store, run = place
    opened = winnow.open_run(run.id, store=store)
    frame, arrow = getattr(opened, table)(), getattr(opened, table)(arrow=True)
    assert isinstance(frame, pd.DataFrame)
    assert isinstance(arrow, pa.Table)
    step = {"documents": run.pipeline.documents, "signals": run.pipeline.signals, "decisions": run.pipeline.decisions}.get(table)
    if step:
        assert frame["id"].tolist() == [r["id"] for r in rows(run, step)]
    else:
        assert sorted(frame["id"]) == sorted(r["id"] for r in rows(run, run.pipeline.decisions) if r["kept"])
    assert list(getattr(opened, table)(columns=["id"]).columns) == ["id"]


def test_the_summary_and_the_places(place):
    store, _ = place
    opened = winnow.open_run(store=store)
    assert opened.summary.kept == len(opened.corpus())
    assert opened.report.startswith(store)
    assert opened.manifest["digest"] == opened.summary.digest


def test_a_damaged_corpus_is_said(tmp_path):
    finished(mirror(tmp_path / "mirror", warcs=1, pages=3), "raw", tmp_path / "store")
    opened = winnow.open_run(store=str(tmp_path / "store"))
    next((tmp_path / "store" / "corpora").rglob("*.parquet")).write_bytes(b"PAR1")
    with pytest.raises(DamagedArtifact, match="To make it anew"):
        opened.corpus()


def test_every_name_is_there_and_import_loads_nothing():
    for name in winnow.__all__:
        assert getattr(winnow, name) is not None
    with pytest.raises(AttributeError):
        winnow.nothing  # noqa: B018
    code = "import sys, winnow; dir(winnow); sys.exit(any(m in sys.modules for m in ('pydantic', 'pyarrow', 'pandas', 'prefect', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_what_cannot_be_is_bad_input(place):
    store, _ = place
    for call in (
        lambda: winnow.run("/nowhere", store=store),
        lambda: winnow.run("/nowhere", worker=3),
        lambda: winnow.open_run("other", store=store),
        lambda: winnow.open_run(store=store).what_if({"word_cuont.low": 3}),
        lambda: winnow.open_run(store=store).sql("DROP TABLE documents"),
        lambda: winnow.measure("text", recipe="nope"),
    ):
        with pytest.raises((BadInput, TypeError)):
            call()


UNGUARDED = "winnow.run('/nowhere')"
IN_A_FUNCTION = """
    def main():
        winnow.run('/nowhere')
    main()
"""
GUARDED = """
    if __name__ == "__main__":
        winnow.run('/nowhere')
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [(UNGUARDED, "whenever it is imported"), (IN_A_FUNCTION, "whenever it is imported"), (GUARDED, "There is no /nowhere")],
)
def test_a_script_without_a_guard_is_refused_at_once(tmp_path, body, said):
    (tmp_path / "script.py").write_text("import winnow\n" + dedent(body))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr


def test_a_page_is_extracted_as_a_run_does(place):
    _, run = place
    documents = rows(run, run.pipeline.documents)
    pages = [page for page in documents if page["charset"] == "utf-8"]
    assert pages
    html = f"<html><body><p>{pages[0]['text']}</p></body></html>"
    assert winnow.extract(html, recipe="gopher") == winnow.extract(html.encode(), content_type="text/html; charset=utf-8", recipe="gopher")
    assert winnow.extract("caf\xe9 <p>cr\xe8me br\xfbl\xe9e".encode("latin-1"), content_type="text/html; charset=iso-8859-1").endswith(
        "crème brûlée"
    )
    assert winnow.extract("") == ""


def test_one_text_is_measured_as_a_run_does(place):
    _, run = place
    document, signals = rows(run, run.pipeline.documents)[0], rows(run, run.pipeline.signals)[0]
    values = winnow.measure(document["text"], recipe="gopher", url=document["url"], language=document["language"])
    assert {name: signals[name] for name in values} == pytest.approx(values)
