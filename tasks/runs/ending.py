"""What a run says when it ends: what came out, and what somebody should look at. Lines for the terminal, figures for ``--json``; both out of the summary."""

from collections.abc import Mapping
from typing import Any

from winnow.tasks.dedup.removal_rates import DIMENSIONS, NAMED
from winnow.tasks.report.sections.judgements import JUDGED, without_documents
from winnow.tasks.report.sections.removal import FALSE_REMOVALS, RATES
from winnow.tasks.report.summary import StepTotal, Summary
from winnow.tasks.report.words import duration, number, percent, plural, size

HUGE = ("oversized", "extract:too_large")
"""Reasons of the reading step that say that a record, text or page was larger than the reader takes."""


def figures(summary: Summary) -> dict[str, Any]:
    """The figures of ``winnow run --json`` beside its paths."""
    elsewhere = ("run_id", "snapshot", "recipe", "corpus", "report", "manifest")
    return {name: value for name, value in summary.headline().items() if name not in elsewhere} | {"warnings": warnings(summary)}


def said(summary: Summary, work: Mapping[str, int]) -> list[str]:
    """What came out, for people."""
    noun = summary.page_noun
    lines = [
        f"read        {number(summary.pages)} {noun}, {number(summary.documents)} with text",
        f"kept        {number(summary.kept)} documents, {percent(summary.kept, summary.pages)} of the {noun}; about {number(summary.tokens_kept)} tokens, "
        f"{size(summary.size_bytes)} of Parquet",
    ]
    if drops := summary.drops()[:5]:
        lines.append("dropped     " + ", ".join(f"{d.reason} {number(d.pages)}" for d in drops))
    if summary.duplicates:
        lines.append(f"duplicates  {number(summary.duplicates)}")
    for figure in (f for f in summary.figures.get("removal", ()) if f.label.endswith(FALSE_REMOVALS)):
        between = f" ({percent(figure.low, 1)} to {percent(figure.high, 1)})" if figure.low is not None and figure.high is not None else ""
        lines.append(
            f"removal     {figure.label} {percent(figure.value, 1)}{between} of {plural(figure.sample_size or 0, 'pair')} compared"
        )
    lines.append(
        f"time        {duration(summary.elapsed_s)}; {number(work['computed'])} shards x steps made, {number(work['cached'])} reused from the store"
    )
    return [
        *lines,
        f"corpus      {summary.home}/data",
        f"report      {summary.home}/report.html",
        f"manifest    {summary.home}/manifest.json",
    ]


def warnings(summary: Summary) -> list[str]:
    """What somebody should look at before the corpus is used; empty if there is nothing."""
    found = []
    if not summary.kept:
        found.append(_nothing_kept(summary))
    reading = summary.reading
    if reading and (huge := sum(n for reason, n in reading.dropped.items() if reason in HUGE)):
        found.append(
            f"{number(huge)} records are larger than the reader takes and became no documents (docs/operating.md says how to raise the limit)."
        )
    if reading and (damaged := sum(n for reason, n in reading.dropped.items() if reason.startswith("damaged:"))):
        found.append(f"{number(damaged)} records are damaged and became no documents. `winnow inspect FILE` lists them.")
    if lost := sorted(reading.notes.get("lost_files", {})) if reading else []:
        named = ", ".join(lost[:3]) + (f" and {number(len(lost) - 3)} more" if len(lost) > 3 else "")
        found.append(
            f"{number(len(lost))} of the listed files could not be read, and the corpus lacks what they hold: {named}. When they are there, run the "
            "same command again with --strict."
        )
    if any(step.name == "policy-files" and not step.shards for step in summary.steps):
        found.append(
            "The source keeps no captures of robots.txt apart: what sites say there is unknown, but where the file lies among the pages (docs/consent.md)."
        )
    if empty := without_documents(summary.notes(JUDGED)):
        found.append(
            f"No document of this run has a judgement of {', '.join(empty)}: the signal {empty[0]}.judged is empty for all of them. The tables in `judged` are of documents of "
            "another run, or hold no answer that could be read; `winnow annotate` and `winnow label` judge a sample of this one."
        )
    found += [line for step in summary.steps if step.name.startswith(RATES) and (line := _outstanding(summary, step))]
    return found


def _outstanding(summary: Summary, step: StepTotal) -> str:
    """Who lost an outstanding share of its documents to a pass of near-duplicate removal; empty if nobody did."""
    counts = step.notes.get("outstanding", {})
    if not counts:
        return ""
    entry = step.name.removeprefix(RATES)
    parts = []
    for dimension in (d for d in DIMENSIONS if d in counts):
        lost = step.notes[f"outstanding_{dimension}"]
        named = ", ".join(sorted(lost, key=lambda name: (-lost[name], name))[:NAMED])
        more = f" and {number(counts[dimension] - NAMED)} more" if counts[dimension] > NAMED else ""
        parts.append(f"{plural(counts[dimension], dimension)} ({named}{more})")
    rule = summary.options(entry)
    return (
        f"The pass {entry} removed more than {percent(rule.get('warn_share', 0), 1)} of the documents of {'; '.join(parts)}. The report's section on the removal of near "
        f"copies shows the rates, and what was lost in a sample of pairs; min_similarity and exempt keep more (docs/deduplication.md)."
    )


def lost_files(summary: Summary) -> int:
    """How many listed files were not there."""
    return summary.reading.dropped.get("file:missing", 0) if summary.reading else 0


def _nothing_kept(summary: Summary) -> str:
    drops = summary.drops()
    if not summary.pages:
        return "The corpus is empty: the source holds no pages. `winnow inspect FILE` shows what an archive holds."
    if not drops:
        return "The corpus is empty, although nothing was dropped. `winnow status` shows the run's steps."
    most = drops[0]
    return (
        f"The corpus is empty: none of {number(summary.pages)} {summary.page_noun} was kept. The reason of most is {most.reason} in the step {most.step} "
        f"({number(most.pages)}). `winnow sql funnel` shows every reason, `winnow explain URL` one page, and `winnow what-if --set` other limits."
    )
