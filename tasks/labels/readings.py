"""Readings: from what an annotator said to a label or a score. Total: every text gives a reading, and one that cannot be read says why.

A reading is never a guess. A sentence that begins with "I think" does not choose the label I, and a letter that is followed by the name of another label chooses
neither.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from winnow.tasks.endpoint.answers import PROBLEMS as UNANSWERED
from winnow.tasks.endpoint.answers import Answer
from winnow.tasks.labels.heads import Head
from winnow.tasks.labels.prompts import Asked

PROBLEMS = UNANSWERED | {
    "empty": "nothing was said",
    "cut": "the answer was cut at its greatest length before it came to the point",
    "refused": "the model said that it cannot or will not answer",
    "off_list": "the label is none of those that were offered",
    "off_scale": "the score is no whole number of the scale",
    "contradictory": "two different answers were given at once",
    "missing_line": "there is no answer for this line",
    "unreadable": "the answer has another form than was asked for, such as another language or half a JSON",
}
"""Why an answer is not valid."""
THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
THINKS = re.compile(r"^\s*<think(?:ing)?>", re.IGNORECASE)
LEAD = re.compile(
    r"^(?:the\s+)?(?:(?:best|correct|final|most\s+fitting)\s+)?(?:answer|label|topic|format|category|choice)\s*(?:is|:)\s*:?\s*",
    re.IGNORECASE,
)
KEY = re.compile(r"([A-Za-z]|[0-9]{1,3})\s*(?:[:.)]|\s[-–—]\s|$)\s*(.*)", re.DOTALL)
SCORE = re.compile(r"\bscore\b[^\w\n-]{0,12}(?:is\s+|of\s+)?[*_`]*(-?\d{1,6}(?:[.,]\d{1,6})?)(?:\s*/\s*(\d{1,6}))?", re.IGNORECASE)
BARE = re.compile(r"\s*(-?\d{1,6}(?:\.\d{1,6})?)(?:\s*/\s*(\d{1,6}))?\.?\s*")
NUMBERED = re.compile(r"^\W{0,4}(?:line\s+)?(\d{1,4})\s*[:.)]\s*(.+?)\s*$", re.IGNORECASE)
REFUSAL = re.compile(
    r"\b(?:I(?:'|’)?m sorry|I apologi[sz]e|I (?:cannot|can(?:'|’)t|can not|won(?:'|’)t|will not)|I am (?:sorry|unable|not able)|I(?:'|’)m (?:unable|not able)|as an AI)\b",
    re.IGNORECASE,
)
EMPHASIS = re.compile(r"[*_`]+")
ENDS = re.compile(r"[*_`\"'”)]*(?:$|[:.,;(\n]|\s+[-–—(])")
OFF_LIST_CHARS, OFF_LIST_WORDS = 40, 4
MARKS = " \t\r\n*_`\"'“”()[]<>"
MOST_CHARS = 100_000
MOST_OBJECTS = 50


@dataclass(frozen=True)
class Reading:
    """Labels in the order given, or a score; or the problem (PROBLEMS)."""

    labels: tuple[str, ...] = ()
    score: float | None = None
    problem: str | None = None


def readings(head: Head, question: Asked, answer: Answer) -> list[Reading]:
    """One reading; of a head for lines one for each line that was asked about, in their order."""
    count = len(question.lines) if head.of_lines else 1
    if answer.problem:
        return [Reading(problem=answer.problem)] * count
    text = THOUGHT.sub("", answer.text[:MOST_CHARS]).strip()
    if THINKS.match(text):
        return [Reading(problem="cut" if answer.cut else "unreadable")] * count
    if not text:
        return [Reading(problem="cut" if answer.cut else "empty")] * count
    if head.of_lines:
        found = _lines(text, question)
    elif head.form == "score":
        found = [_score(text, head)]
    else:
        found = [_choices(text, head, question)]
    return [_explained(r, text, answer) for r in found]


def _explained(reading: Reading, text: str, answer: Answer) -> Reading:
    """Why an answer that has another form may have it."""
    if reading.problem not in ("unreadable", "missing_line", "off_list"):
        return reading
    if answer.cut and reading.problem != "off_list":
        return Reading(problem="cut")
    return Reading(problem="refused") if REFUSAL.search(text[:500]) else reading


# ------------------------------------------------------------------ labels


def _choices(text: str, head: Head, question: Asked) -> Reading:
    found = _object(text, ("label", "answer", "code"))
    if found is not None:
        given = [found[k] for k in ("label", "answer", "code") if k in found][:1] + (
            [found["second"]] if head.form != "choice" and "second" in found else []
        )
        return _given(given, head, question)
    line = LEAD.sub("", next(line for line in text.split("\n") if line.strip()).strip(MARKS).lstrip("#- ")).strip(MARKS)
    if head.form == "code":
        code = re.match(head.pattern, line)
        return Reading((code.group(),)) if code and not re.match(r"[\w.]", line[code.end() :]) else Reading(problem="unreadable")
    return _one(line, question)


def _given(given: list[Any], head: Head, question: Asked) -> Reading:
    labels: list[str] = []
    for place, value in enumerate(given):
        said = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        if place and (not said or said.casefold() in ("null", "none", "-1")):
            break
        if not said:
            return Reading(problem="unreadable")
        if head.form == "code":
            code = re.match(rf"(?:{head.pattern})(?![\w.])", said)
            reading = Reading((code.group(),)) if code else Reading(problem="off_list")
        else:
            reading = _one(said, question)
        if reading.problem:
            return reading if place == 0 else Reading(tuple(labels))
        labels += [label for label in reading.labels if label not in labels]
    return Reading(tuple(labels))


def _one(said: str, question: Asked) -> Reading:
    """A label by its key or its name, with or without a reason behind it."""
    keys = dict(question.keys)
    said = said.strip(MARKS)
    if (named := _named(said, keys.values())) is not None and len(said) > 1:
        return Reading((named,))
    if match := KEY.match(EMPHASIS.sub("", said)):
        label = keys.get(match[1]) or keys.get(match[1].upper())
        if label is None:
            return Reading(problem="off_list")
        other = _named(match[2].strip(MARKS + "-–—:"), keys.values())
        return Reading((label,)) if other in (None, label) else Reading(problem="contradictory")
    if len(said) > 1 and (label := keys.get(said[0])) and _named(said[1:].strip(MARKS), keys.values()) == label:
        return Reading((label,))
    short = len(said) <= OFF_LIST_CHARS and len(said.split()) <= OFF_LIST_WORDS and not re.search(r"[{}\[\]]", said)
    return Reading(problem="off_list" if said and short else "unreadable")


def _named(text: str, names: Iterable[str]) -> str | None:
    """The label whose name stands at the beginning, alone or before a mark: "Home improvement" is not "Home"."""
    begins = text.casefold()
    fitting = [name for name in names if begins.startswith(name.casefold()) and ENDS.match(begins, len(name.casefold()))]
    return max(fitting, key=len) if fitting else None


# ------------------------------------------------------------------ scores


def _score(text: str, head: Head) -> Reading:
    assert head.scale is not None
    found = _object(text, ("score",))
    if found is not None:
        value = found["score"]
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return Reading(problem="unreadable")
        pair = BARE.fullmatch(str(value))
    else:
        said = list(SCORE.finditer(text))
        pair = said[-1] if said else BARE.fullmatch(text.strip(MARKS))
    if pair is None:
        return Reading(problem="unreadable")
    score = float(pair[1].replace(",", "."))
    if pair[2] is not None and int(pair[2]) != head.scale.high:
        return Reading(problem="off_scale")
    return Reading(score=score) if head.scale.low <= score <= head.scale.high and score.is_integer() else Reading(problem="off_scale")


# ------------------------------------------------------------------ lines


def _lines(text: str, question: Asked) -> list[Reading]:
    found: dict[int, Reading] = {}
    for number, said in _numbered(text):
        reading = _one(said, question)
        before = found.get(number)
        contradicts = before is not None and before.labels != reading.labels
        found[number] = Reading(problem="contradictory") if contradicts else reading
    missing = "missing_line" if found else "unreadable"
    return [found.get(n) or Reading(problem=missing) for n in range(1, len(question.lines) + 1)]


def _numbered(text: str) -> list[tuple[int, str]]:
    whole = _object(text, ("1",))
    if whole is not None:
        return [(int(k), v) for k, v in whole.items() if k.isascii() and k.isdigit() and len(k) < 5 and isinstance(v, str)]
    return [(int(m[1]), m[2]) for line in text.split("\n") if (m := NUMBERED.match(line))]


def _object(text: str, keys: tuple[str, ...]) -> dict[str, Any] | None:
    """The first JSON object in a text that has one of these keys."""
    decoder, begin = json.JSONDecoder(), -1
    for _ in range(MOST_OBJECTS):
        begin = text.find("{", begin + 1)
        if begin < 0:
            return None
        try:
            found, _end = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and any(key in found for key in keys):
            return found
    return None
