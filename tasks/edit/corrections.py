"""Line-wise corrections: rules that remove or edit lines of a text, each line removed counted by rule.

Here text is edited and nothing is dropped; what the edits say about a document is a signal (``corrected_words_removed_share``).
C4: Raffel et al. 2020, section 2.2, as in datatrove's C4QualityFilter. RefinedWeb: Penedo et al. 2023, appendix G.2.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from winnow.tasks.engine.identity import stable

CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
C4_ENDS = (".", "?", "!", '"', "'")
POLICY = re.compile(r"terms of use|privacy policy|cookie policy|use(?:s| of)? cookies")
COUNTER_WORDS = "likes?|shares?|comments?|retweets?|reposts?|quotes?|bookmarks?|upvotes?|downvotes?|downloads?|views?|followers?"
COUNTER = re.compile(rf"\W*\d[\d.,]*\s*[km]?\s+(?:{COUNTER_WORDS})\W*", re.IGNORECASE)
ITEMS_IN_CART = re.compile(r"items? in (?:your )?cart", re.IGNORECASE)
READ_MORE = re.compile(r"(?:read more|continue reading)\s*(?:\.\.\.|…)?\s*$", re.IGNORECASE)
SIGN_IN = re.compile(r"^sign[ -]?in\b", re.IGNORECASE)
SHORT_EDIT_WORDS = 10


class Corrected(NamedTuple):
    """``lines_in == lines_out + sum(removed)``. ``removed`` maps a rule to lines."""

    text: str
    lines_in: int
    lines_out: int
    removed: dict[str, int]
    words_removed_share: float


@stable("option/line-rules")
@dataclass(frozen=True)
class LineRules:
    """Which lines go. A rule that is None or False is off; recipes switch on what their source uses. Rules apply in the order of the fields.

    ``max_word_chars`` to ``policy`` are C4's, ``max_upper_share`` to ``edit_interface`` RefinedWeb's: of these ``max_upper_share`` is the share of
    capitals among all characters of a line, and ``numeric`` a line of digits only. C4 counts a blank line as a line of too few words, RefinedWeb keeps it;
    so ``min_words`` removes blank lines unless a rule of RefinedWeb is on. With ``page_rules_first``, as in C4's published code, a line with ``{`` is
    spared by ``policy``, and one with ``lorem ipsum`` by ``javascript`` and ``policy``: C4 asks for these first, and drops the page for them.
    """

    max_word_chars: int | None = None
    citations: bool = False
    terminal_punctuation: bool = False
    min_words: int | None = None
    javascript: bool = False
    policy: bool = False
    max_upper_share: float | None = None
    numeric: bool = False
    counters: bool = False
    edit_interface: bool = False
    page_rules_first: bool = False

    @property
    def _keeps_blank_lines(self) -> bool:
        return self.min_words is None or self.max_upper_share is not None or self.numeric or self.counters or self.edit_interface

    def apply(self, text: str) -> Corrected:
        """Pure and total. A text whose every line stays comes out as it was, but for white space at the ends of lines."""
        lines = text.splitlines()
        removed: Counter[str] = Counter()
        kept: list[str] = []
        rules = self._that_matter(text, lines)
        edits, keeps_blank_lines = rules.citations or rules.edit_interface, self._keeps_blank_lines
        words_removed = 0
        for line in lines:
            stripped = line.strip()
            if not stripped:
                if keeps_blank_lines:
                    kept.append(stripped)
                else:
                    removed["min_words"] += 1
                continue
            new = rules._edited(stripped) if edits else stripped
            if reason := rules._removed(stripped, new):
                removed[reason] += 1
                words_removed += len(stripped.split())
                continue
            if new != stripped:
                words_removed += len(stripped.split()) - len(new.split())
            kept.append(new)
        share = words_removed / len(text.split()) if words_removed > 0 else 0.0
        return Corrected("\n".join(kept).strip(), len(lines), len(kept), dict(removed), share)

    def _that_matter(self, text: str, lines: list[str]) -> "LineRules":
        """These rules without those that no line of this text can meet: one search of the text is cheaper than one of each line."""
        lower = text.lower() if self.javascript or self.policy else ""
        idle: dict[str, Any] = {}
        if self.max_word_chars is not None and max(map(len, lines), default=0) <= self.max_word_chars:
            idle["max_word_chars"] = None
        if self.citations and "[" not in text:
            idle["citations"] = False
        if self.javascript and "javascript" not in lower:
            idle["javascript"] = False
        if self.policy and not POLICY.search(lower):
            idle["policy"] = False
        return replace(self, **idle) if idle else self

    def _edited(self, line: str) -> str:
        new = line
        if self.citations and "[" in new:
            new = CITATION.sub("", new)
        if self.edit_interface and len(new) < 200 and len(new.split()) <= SHORT_EDIT_WORDS:
            for pattern in (SIGN_IN, READ_MORE, ITEMS_IN_CART):
                new = pattern.sub("", new)
            new = new.strip()
        return new

    def _removed(self, line: str, new: str) -> str:
        """The first rule that removes the line, or nothing. Words are counted before the edit, as datatrove does."""
        if self.max_word_chars is not None and len(line) > self.max_word_chars and max(map(len, line.split())) > self.max_word_chars:
            return "max_word_chars"
        if self.terminal_punctuation and (not new.endswith(C4_ENDS) or new.endswith("...")):
            return "terminal_punctuation"
        if self.min_words is not None and len(line.split(None, self.min_words)) < self.min_words:
            return "min_words"
        if self.javascript or self.policy:
            lower = new.lower()
            page_goes = self.page_rules_first and "lorem ipsum" in lower
            if self.javascript and "javascript" in lower and not page_goes:
                return "javascript"
            page_goes = page_goes or (self.page_rules_first and "{" in new)
            if self.policy and POLICY.search(lower) and not page_goes:
                return "policy"
        if self.edit_interface and not new:
            return "edit_interface"
        if self.max_upper_share is not None and sum(c.isupper() for c in new) > self.max_upper_share * len(new):
            return "max_upper_share"
        if self.numeric and new.isnumeric():
            return "numeric"
        if self.counters and COUNTER.fullmatch(new):
            return "counters"
        return ""
