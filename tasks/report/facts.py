"""Facts: what the steps and reasons of a run mean, in words, and the funnel that both the report and the card begin with.

A step says itself what it does and what its reasons mean (``about`` and ``reasons``).
What comes from a server or a page (MIME types, say) is text to be escaped, whatever it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from winnow.tasks.report.summary import NO_PAGE, Summary
from winnow.tasks.report.words import number

DIRECTION_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Unicode's overrides of direction: a server's word could turn round the sentence it stands in."""

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
        stages.append(Stage(step.name, step.about, pages_in, step.rows_out, reasons))
    return tuple(stages)


def meaning(reason: str, limits: Mapping[str, Mapping[str, Any]], declared: Mapping[str, str]) -> tuple[str, str]:
    """What a reason means, and the limit that is behind it (empty: none). ``declared`` is what the step says of its reasons (``Step.reasons``)."""
    signal, _, detail = reason.partition(":")
    words = declared.get(reason) or next((said for pattern, said in declared.items() if fnmatchcase(reason, pattern)), "")
    if signal in limits:
        return words or "the filter's own verdict", bound(limits[signal])
    detail = DIRECTION_MARKS.sub("\ufffd", detail)
    return words.replace("{}", detail.replace("_", " ")), ""


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
