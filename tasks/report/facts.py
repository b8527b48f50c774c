"""Facts: what the steps and reasons of a run mean, in words, and the funnel that both the report and the card begin with.

A step says itself what it does and what its reasons mean (``about`` and ``reasons``); the tables here are for those that say nothing.
What comes from a server or a page (MIME types, say) is text to be escaped, whatever it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from winnow.tasks.report.summary import NO_PAGE, StepTotal, Summary
from winnow.tasks.report.words import number

DIRECTION_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Unicode's overrides of direction: a server's word could turn round the sentence it stands in."""

STEPS = {
    "extract": "reads the archive's records, takes the text out of pages, names its language",
    "read": "reads the rows, names the language of their text",
    "correct": "takes single lines out of the text",
    "measure": "measures signals of every document",
    "signals": "puts all signals side by side",
    "fingerprint": "makes the keys that copies share",
    "select": "applies the limits of the recipe",
    "scatter": "sorts the keys for the comparison across shards",
    "cluster": "finds which documents share a key",
    "dedup-url": "drops further captures of a URL",
    "dedup-text": "drops further copies of a text",
    "sign": "computes MinHash signatures",
    "band-buckets": "finds which documents share a bucket",
    "cutoffs": "finds the percentiles between head, middle and tail",
    "bucket": "cuts documents into head, middle and tail",
    "components": "finds which documents hang together",
    "candidates": "collects what near copies are compared by",
    "dedup-minhash": "drops near copies",
    "paragraphs": "makes the keys of lines",
    "repeated-paragraphs": "finds which lines repeat",
    "unrepeat-paragraphs": "cuts repeated lines out",
    "dedup-paragraph": "drops documents of which too little is left",
    "windows": "makes the keys of runs of tokens",
    "repeated-windows": "finds which runs of tokens repeat",
    "unrepeat-substrings": "cuts repeated passages out",
    "dedup-substring": "drops documents of which too little is left",
    "lookup": "looks up what earlier snapshots kept",
    "known": "drops near copies of what earlier snapshots kept",
    "refine": "reads the kept pages again and writes them with care",
    "redact": "replaces personal data",
    "profile": "counts for this report",
    "layout": "plans which rows go into which file",
    "publish": "writes the corpus",
}
REASONS = {
    "type:revisit": "points to an earlier capture, holds no page",
    "extract:empty": "a page without any text",
    "empty_payload": "no bytes behind the header",
    "oversized": "larger than the recipe reads (max_record_mib)",
    "file:not_an_archive": "a whole file that is neither a WARC nor an ARC",
    "empty_text": "nothing was left after the line corrections",
    "malformed": "not a JSON object",
    "no_text": "no string in the column text",
    "empty": "a text of white space only",
    "url_cluster_rank:high": "another capture of the same URL stays",
    "text_cluster_rank:high": "another document with the same text stays",
    "minhash_cluster_rank:high": "a document with nearly the same text stays",
    "paragraph_chars_left:low": "too little is left without the lines that other documents have too",
    "substring_chars_left:low": "too little is left without the passages that stand elsewhere too",
    "minhash_cluster_size:high": "it has near copies, of which the recipe keeps none",
    "minhash_known_bands:high": "an earlier snapshot kept a document with nearly the same text",
    "where": "the condition of the recipe does not hold",
    "mime:missing": "no type declared, and not HTML by its looks",
    "mime:malformed": "the declared type is not one",
}
FAMILIES = {
    "type": "a {} record, which holds no page",
    "http_status": "the server answered {}, not 200",
    "http": "the HTTP message cannot be read: {}",
    "mime": "declared as {}, not HTML or plain text",
    "damaged": "a damaged record: {}",
    "extract": "the extractor gave up: {}",
    "file": "a whole file: {}",
}
DAMAGES = {
    "block_digest_mismatch": "The bytes of the record are not those its own digest was made of: they were changed later.",
    "content_length": "Content-Length is missing, unreadable or wrong, and no digest can prove that the record is whole.",
    "bad_header": "A record begins, but its header cannot be read.",
    "garbage": "Bytes that belong to no record, up to the place where the next record or gzip member begins.",
    "truncated": "The file, or its gzip member, ends inside the record.",
    "gzip_crc": "The member could be inflated, but its checksum does not hold.",
    "gzip_data": "The compressed data are broken and cannot be inflated further.",
    "oversized": "The record is larger than the reader holds in memory.",
}


@dataclass(frozen=True)
class Reason:
    """One reason of one step: in how many pages, of how many that came in; ``limit`` is empty where no limit of the recipe is behind it."""

    name: str
    meaning: str
    limit: str
    pages: int
    of: int


@dataclass(frozen=True)
class Stage:
    """One step of the funnel. ``reasons`` are sorted by pages, the most frequent first; records that hold no page are not in it."""

    name: str
    meaning: str
    pages_in: int
    pages_out: int
    reasons: tuple[Reason, ...]

    @property
    def dropped(self) -> int:
        return self.pages_in - self.pages_out


def funnel(summary: Summary) -> tuple[Stage, ...]:
    """Every step that may drop something, in order, counted in pages."""
    limits = {limit["signal"]: limit for limit in summary.recipe.get("limits") or ()}
    stages = []
    for step in summary.counted:
        pages_in = summary.pages_in(step)
        ranked = sorted(step.dropped.items(), key=lambda kv: (-kv[1], kv[0]))
        shown = [(name, n) for name, n in ranked if n and not (step is summary.reading and name.startswith(NO_PAGE))]
        reasons = tuple(Reason(name, *meaning(name, limits, step.reasons), n, pages_in) for name, n in shown)
        stages.append(Stage(step.name, purpose(step), pages_in, step.rows_out, reasons))
    return tuple(stages)


def purpose(step: StepTotal) -> str:
    """What a step does, in words; empty if nobody says."""
    return step.about or STEPS.get(step.name) or STEPS.get(step.name.split("-")[0], "")


def meaning(reason: str, limits: Mapping[str, Mapping[str, Any]], declared: Mapping[str, str]) -> tuple[str, str]:
    """What a reason means, and the limit that is behind it (empty: none). ``declared``: what the step says of its own reasons, in full or by their
    first word; a ``{}`` in it stands for the rest of the reason."""
    signal, _, detail = reason.partition(":")
    if signal in limits:
        said = {"low": "below the limit", "high": "above the limit", "missing": "has no value", "other": "none of those allowed"}
        return said.get(detail, "the filter's own verdict"), bound(limits[signal])
    detail = DIRECTION_MARKS.sub("\ufffd", detail)
    words = declared.get(reason) or REASONS.get(reason)
    family = declared.get(signal) or FAMILIES.get(signal, "")
    return words or family.replace("{}", detail.replace("_", " ")), ""


def damage(reason: str) -> str:
    """The kind of damage that a reason names; empty if it names none."""
    return reason.removeprefix("damaged:") if reason.startswith("damaged:") else reason if reason == "oversized" else ""


def bound(limit: Mapping[str, Any]) -> str:
    """What a limit of a recipe asks for, in words."""
    if own := limit.get("by_language"):
        general = {k: v for k, v in limit.items() if k != "by_language"}
        rest = f"{bound(general)}, " if limit.get("low") is not None or limit.get("high") is not None else ""
        return f"{rest}other values for {len(own)} languages"
    low, high = limit.get("low"), limit.get("high")
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}"
    if low is not None:
        return f"at least {number(low)}"
    if high is not None:
        return f"at most {number(high)}"
    if words := limit.get("one_of"):
        return f"one of {', '.join(words[:8])}" + (f" and {len(words) - 8} more" if len(words) > 8 else "")
    return "no verdict"
