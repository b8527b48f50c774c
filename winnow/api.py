"""The Python API: what ``import winnow`` offers for curating, for looking into a finished run, and for one page. The commands do the same from a terminal."""

import ast
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.runs.parameters import Request, cores, takes_request

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from winnow.tasks.ledger.explain import Explained
    from winnow.tasks.ledger.find import Finished
    from winnow.tasks.ledger.what_if import Change
    from winnow.tasks.report.summary import Summary
    from winnow.tasks.signals.filter import Value

STORE = "winnow-store"


class Run:
    """A finished run. Its tables are read from the store when they are asked for.

    A table that is asked for as a whole is held in memory as a whole; for a large run, ask with :meth:`sql` for what you need.

    >>> run = winnow.open_run(store=store)
    >>> run
    <winnow.Run gopher-... of CC-MAIN-2026-43>
    >>> documents, decisions = run.documents(), run.decisions()
    >>> len(documents) == len(decisions) and bool(decisions["kept"].any())
    True
    >>> sorted(run.corpus().columns)[:3]
    ['date', 'id', 'language']
    """

    def __init__(self, finished: "Finished", work: Mapping[str, int] | None = None) -> None:
        self._finished = finished
        self.work = dict(work or {})
        """How many shards x steps were ``computed``, and how many were found in the store (``cached``); empty for a run that was only opened."""

    def __repr__(self) -> str:
        return f"<winnow.Run {self.id} of {self.snapshot}>"

    @property
    def id(self) -> str:
        return self._finished.id

    @property
    def snapshot(self) -> str:
        """The crawl's id, or the name that was given to plain files."""
        return str(self._finished.entry["snapshot"])

    @property
    def home(self) -> str:
        """The folder of corpus, manifest, card and report, as an absolute path or URI."""
        return self._finished.store.uri(self._finished.entry["home"])

    @property
    def report(self) -> str:
        """The path or URI of report.html."""
        return f"{self.home}/report.html"

    @property
    def manifest(self) -> dict[str, Any]:
        """What a machine verifies the corpus by: files and steps with their digests, the whole recipe, versions."""
        return dict(self._finished.manifest)

    @cached_property
    def summary(self) -> "Summary":
        """Everything that the run tells about itself. Raises BadInput if it was released by an older version of Winnow."""
        from winnow.tasks.report.summary import SUMMARY_NAME, Summary

        try:
            return Summary.from_json(self._finished.store.get(f"{self._finished.entry['home']}/{SUMMARY_NAME}"))
        except (FileNotFoundError, ValueError):
            raise BadInput(f"The run {self.id} has no summary that can be read. To make it anew, {self._finished.repair}") from None

    def documents(self, columns: Sequence[str] | None = None, *, arrow: bool = False) -> Any:
        """Every document that was extracted, also those that were dropped later, as a pandas frame (or, with ``arrow``, an Arrow table).

        Raises:
            DamagedArtifact: a file of the table is missing or damaged.
        """
        return self._table("documents", columns, arrow)

    def signals(self, columns: Sequence[str] | None = None, *, arrow: bool = False) -> Any:
        """What was measured: a row per document, in the order of :meth:`documents`. Raises DamagedArtifact."""
        return self._table("signals", columns, arrow)

    def decisions(self, columns: Sequence[str] | None = None, *, arrow: bool = False) -> Any:
        """Whether each document was kept, the reason if not, and every limit it crossed, in the order of :meth:`documents`. Raises DamagedArtifact."""
        return self._table("decisions", columns, arrow)

    def corpus(self, columns: Sequence[str] | None = None, *, arrow: bool = False) -> Any:
        """The kept documents, as they were published. Raises DamagedArtifact."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from winnow.tasks.engine.errors import DamagedArtifact

        parts = []
        for path in self._finished.paths("corpus"):
            try:
                parts.append(pq.read_table(pa.BufferReader(self._finished.store.get(path)), columns=list(columns) if columns else None))
            except (OSError, pa.ArrowException) as e:
                raise DamagedArtifact(
                    f"{path} of {self.id} is missing or damaged ({e}). To make it anew, {self._finished.repair}"
                ) from None
        return _given(pa.concat_tables(parts, promote_options="default") if parts else pa.table({}), arrow)

    def _table(self, name: str, columns: Sequence[str] | None, arrow: bool) -> "pa.Table | pd.DataFrame":
        import pyarrow as pa

        parts = list(self._finished.shards(name, columns))
        return _given(pa.concat_tables(parts, promote_options="default") if parts else pa.table({}), arrow)

    def explain(self, what: str) -> "list[Explained]":
        """All that is known of the captures of a URL, or of the document of an id: one entry each, empty if the run has none.

        >>> [page] = winnow.open_run(store=store).explain("http://site1.example/1")
        >>> page.fate
        'Kept: it is in the corpus gopher-....'
        """
        from winnow.tasks.ledger.explain import explain

        return explain(self._finished, what)

    def what_if(self, settings: Mapping[str, float | None]) -> "Change":
        """What other limits would change, without running anything. ``None`` lifts a bound.

        >>> change = winnow.open_run(store=store).what_if({"word_count.low": 100_000})
        >>> change.enter.documents, change.leave.documents == change.kept.documents
        (0, True)

        Raises:
            BadInput: no such signal or bound.
        """
        from winnow.tasks.ledger.what_if import changed, what_if

        run = self._finished
        words = [f"{name}={'none' if value is None else value}" for name, value in settings.items()]
        return what_if(run, changed(run.movable, words, run.measured))

    def sql(self, query: str, *, arrow: bool = False, memory_gib: float = 1.0) -> Any:
        """The answer to a SELECT over documents, signals, decisions, clusters and corpus, or to a shipped query by its name.

        >>> winnow.open_run(store=store).sql("SELECT count(*) AS n FROM documents WHERE host = 'site1.example'")["n"].tolist()
        [2]

        Raises:
            BadInput: not one SELECT, or DuckDB's own complaint.
        """
        import pyarrow as pa

        from winnow.tasks.ledger import sql as ledger

        names, rows = ledger.query(self._finished, ledger.named().get(query, query), memory_gib)
        columns = list(zip(*rows, strict=True))
        return _given(pa.table(dict(zip(names, map(list, columns or [()] * len(names)), strict=True))), arrow)


def _given(table: "pa.Table", arrow: bool) -> "pa.Table | pd.DataFrame":
    return table if arrow else table.to_pandas()


@takes_request
def run(source: str, *, workers: int | None = None, quiet: bool = False, verbose: bool = False, **request: Any) -> Run:
    """Curate a snapshot with a recipe, as ``winnow run`` does: what is finished is found in the store and never made twice.

    Args:
        quiet: Print no progress.
        verbose: Show Prefect's log.

    Raises:
        BadInput: something that you can put right; the message says how.
        Transient: the network failed again and again; run the same again later.
    """
    from winnow import in_process
    from winnow.tasks.ledger.find import open_run
    from winnow.tasks.runs.run import prepare, result

    _refuse_unguarded_script()
    place = source if "://" in source or not Path(source).exists() else str(Path(source).absolute())
    prepared = prepare(Request(place, workers=cores() if workers is None else workers, **request))
    done = not prepared.plan.missing() and prepared.is_released()
    made = result(prepared) if done else in_process.curate(prepared, verbose=verbose, quiet=quiet)
    return Run(open_run(prepared.request.store, prepared.id), made["work"])


def open_run(run: str = "", *, store: str = STORE, recipe: str = "") -> Run:
    """A finished run of a store: by its id, the beginning of it, or the path of its manifest; without one, the newest, of ``recipe`` if one is named.

    Raises:
        BadInput: there is no such store or run, or it is not finished.
    """
    from winnow.tasks.ledger import find

    return Run(find.open_run(store, run, recipe=recipe))


def extract(html: str | bytes, *, url: str = "", content_type: str = "text/html", recipe: str = "fineweb") -> str:
    """The text of one page, as a run with ``recipe`` would extract it; '' if it has none. Bytes are decoded by the page's declarations and the content type;
    ``url`` is there for extractors that ask for it, and no shipped one does.

    >>> winnow.extract("<html><body><p>Wheat is separated from the chaff by throwing it into the wind.</p></body></html>", url="https://example.org/")
    'Wheat is separated from the chaff by throwing it into the wind.'

    Raises:
        BadInput: no such recipe.
        ExtractionFailed: the page is larger or nested deeper than the extractor takes.
    """
    from winnow.tasks.extract.one_page import text_of
    from winnow.tasks.extract.page import html_of, visible
    from winnow.tasks.recipes.load import load

    extractor = load(recipe).extractor
    return visible(extractor.extract(html_of(html))) if isinstance(html, str) else text_of(html, content_type, extractor)


def measure(text: str, *, recipe: str = "fineweb", url: str = "", language: str = "") -> "dict[str, Value]":
    """The signals of one text, by the filters of a recipe: name -> value.

    >>> winnow.measure("Wheat is separated from the chaff by throwing it into the wind.", recipe="gopher")["word_count"]
    12

    Raises:
        BadInput: no such recipe, or a model of one of its filters is missing.
    """
    from winnow.tasks.recipes.load import load
    from winnow.tasks.signals.text import Document

    chosen = load(recipe)
    corrected = chosen.correct.apply(text).text if chosen.correct else text
    values: dict[str, Value] = {}
    for filters in chosen.measure.values():
        for each in filters:
            values |= each.measure(Document(corrected if each.text == "corrected" else text, id="text", url=url, language=language))
    return values


def _refuse_unguarded_script() -> None:
    """Worker processes import the script that was started. If it calls ``winnow.run`` whenever it is imported, each of them would start a run of its own.

    Raises:
        BadInput: the call is in the body of a script, and not below ``if __name__ == "__main__":``.
    """
    main = sys.modules.get("__main__")
    script = getattr(main, "__file__", None)
    frame = sys._getframe()
    while frame and not (frame.f_globals is getattr(main, "__dict__", None) and frame.f_code.co_name == "<module>"):
        frame = frame.f_back  # type: ignore[assignment]
    if not frame or not script or not Path(script).is_file():
        return  # an interactive session or a notebook, whose workers import nothing
    try:
        tree = ast.parse(Path(script).read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):
        return
    guards = [
        n for n in tree.body if isinstance(n, ast.If) and any(isinstance(x, ast.Name) and x.id == "__name__" for x in ast.walk(n.test))
    ]
    if not any(n.lineno <= frame.f_lineno <= (n.end_lineno or n.lineno) for n in guards):
        raise BadInput(
            f'{script} calls winnow.run whenever it is imported, and worker processes import it. Put what it does below `if __name__ == "__main__":`.'
        )
