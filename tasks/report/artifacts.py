"""Artifacts: the small tables and the sentence that the UI of a server shows of a run. They are those of the report's sections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from winnow.tasks.report.section import Content, Section
from winnow.tasks.report.summary import Summary
from winnow.tasks.report.words import duration, number, percent, plural, short, size


@dataclass(frozen=True)
class Table:
    """A table for the UI. ``key`` names it there: lower-case letters, digits and dashes."""

    key: str
    about: str
    rows: Sequence[Mapping[str, Any]]


def tables(summary: Summary, shown: Mapping[Section, Content]) -> list[Table]:
    """One table per section that has rows to show, in the order of the report."""
    return [
        Table(each.name.replace("_", "-"), f"{each.title} ({summary.id})", content.rows) for each, content in shown.items() if content.rows
    ]


def result(summary: Summary, report: str) -> str:
    """What came out, in Markdown. ``report`` is where the report can be opened or found."""
    reasons = "\n".join(f"- {plural(d.pages, summary.page_noun[:-1])}: `{_code(d.reason)}` ({d.step})" for d in summary.drops()[:5])
    time = f"{duration(summary.cpu_s)} of CPU time"
    if summary.documents_per_core_s is not None:
        time += f", {number(round(summary.documents_per_core_s, 1))} documents per second of it"
    return (
        f"**{number(summary.kept)} of {number(summary.pages)} {summary.page_noun} kept** ({percent(summary.kept, summary.pages)}): "
        f"{number(summary.documents)} had text. About {short(summary.tokens_kept)} tokens, {size(summary.size_bytes)} in "
        f"{plural(len(summary.files), 'Parquet file')}; {time}.\n\n"
        + (f"The most frequent reasons:\n\n{reasons}\n\n" if reasons else "")
        + f"Report: {report}\n\nCorpus: `{summary.home}`\n\nDigest: `{summary.digest}`\n\n"
        f"What became of a page: `winnow explain URL --run {summary.id}`"
    )


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
