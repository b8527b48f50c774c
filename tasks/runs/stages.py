"""What a stage is called for people, in the terminal and the UI: "Extract and measure", "Exact duplicates: URL". Addresses, files and the manifest keep the
labels of the steps.

A step says it with an attribute ``title``, '' if it is done in passing; one that has none and is not listed here is called by the words of its label.
"""

from collections.abc import Sequence

from winnow.tasks.engine.plan import Stage
from winnow.tasks.engine.step import Step

SILENT = ""
TITLES = {
    "extract": "extract",
    "read": "read",
    "correct": "correct lines",
    "measure": "measure",
    "signals": SILENT,
    "select": SILENT,
    "enough": SILENT,
    "require-text": SILENT,
    "fingerprint": SILENT,
    "scatter": SILENT,
    "sign": SILENT,
    "windows": SILENT,
    "paragraphs": SILENT,
    "profile": SILENT,
    "cluster-url": "exact duplicates: URL",
    "cluster-text": "exact duplicates: text",
    "cluster-minhash": "near-duplicates: clusters",
    "dedup-url": "drop duplicates by URL",
    "dedup-text": "drop duplicates by text",
    "dedup-minhash": "drop near-duplicates",
    "dedup-sentence": "drop texts with nothing left",
    "dedup-substring": "drop texts with nothing left",
    "dedup-paragraph": "drop texts with nothing left",
    "band-buckets": "near-duplicates: compare signatures",
    "components": "near-duplicates: connect pairs",
    "near-pairs-components": "semantic duplicates: connect pairs",
    "near-pairs-candidates": "semantic duplicates: compare texts",
    "cluster-embedding": "semantic duplicates: clusters",
    "dedup-embedding": "drop semantic duplicates",
    "candidates": "near-duplicates: compare texts",
    "lookup": "look up in the index of earlier snapshots",
    "known": "drop what earlier snapshots kept",
    "repeated-windows": "repeated substrings",
    "repeated-paragraphs": "repeated paragraphs",
    "unrepeat-substrings": "cut repeated substrings",
    "unrepeat-paragraphs": "cut repeated paragraphs",
    "cutoffs": "limits of the buckets",
    "bucket": "sort into buckets",
    "redact": "redact",
    "layout": "lay out the corpus",
    "publish": "write the corpus",
}
"""Label of a step, or its first word, -> what people call it; silent ones are done in passing and name no stage."""


def title(step: Step) -> str:
    """What a step is called for people; '' if it is done in passing."""
    own = getattr(step, "title", None)
    if isinstance(own, str):
        return own
    return TITLES.get(step.label, TITLES.get(step.label.split("-")[0], step.label.replace("-", " ")))


def stage_title(stage: Stage) -> str:
    """What a stage is called for people."""
    names = list(dict.fromkeys(name for step in stage.steps if (name := title(step))))
    if not names:
        return stage.label
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return said[0].upper() + said[1:]


def numbered(stage: Stage, stages: Sequence[Stage]) -> str:
    """With its place among the stages of the run: ``2/12 Exact duplicates: URL``."""
    return f"{stages.index(stage) + 1}/{len(stages)} {stage_title(stage)}"
