"""The sections that edit texts before anything is measured, and the kinds of deduplication that cut passages out of texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.dedup.sections import SHARDS_PER_RANGE, Deduplicate, deduplicate_by, ranked_by, read_rule
from winnow.tasks.edit.correct import CORRECTED, Correct
from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.edit.edits import FIGURES, RequireText, RequireTextLeft
from winnow.tasks.edit.host_lines import MEANINGS, REPEATS, HostLineCounts, HostLineRules, HostLines, LineRepeats
from winnow.tasks.edit.line_cut import CutNoisyLines, LineCut
from winnow.tasks.edit.paragraph import CutRepeatedParagraphs, Paragraphs, RepeatedParagraphs
from winnow.tasks.edit.sentences import SENTENCE_FIGURES, CutRepeatedSentences, RequireSentencesLeft, SentenceWindows
from winnow.tasks.edit.substring import CutRepeatedSubstrings, RepeatedWindows, Windows
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.measure import SignalTable


@deduplicate_by("paragraph")
@stable("option/deduplicate-paragraph")
@dataclass(frozen=True)
class ByParagraph(Deduplicate):
    """``mode``, ``group_files`` and ``min_documents``: see ``tasks/edit/paragraph.py``. Lines under ``min_chars`` are never cut; a document with
    fewer than ``min_chars_left`` is dropped. ``within`` also cuts the copies of a line inside one document: mode ``cc_net`` does, mode ``global``
    does not unless it is asked to."""

    mode: str = "global"
    group_files: int = 0
    min_documents: int = 2
    min_chars: int = 0
    min_chars_left: int = 1
    within: bool | None = None
    columns: ClassVar[tuple[str, ...]] = FIGURES

    def check(self, reader: Reader) -> None:
        super().check(reader)
        if self.mode not in ("cc_net", "global") or (self.mode == "cc_net" and self.keep != "first"):
            raise reader.error("deduplicate by paragraph has mode cc_net, which leaves no copy and takes no keep, or mode global.")
        if self.mode == "cc_net" and self.within is False:
            raise reader.error("mode cc_net always cuts the copies of a line inside one document. Use mode global with within: false.")

    def edit(self, draft: Draft, decisions: Step | None, ranked_by: Step | TextColumn | None) -> CutRepeatedParagraphs:
        """The cut of what repeats among the documents kept so far (all, without ``decisions``)."""
        assert draft.text is not None
        published = self.mode == "cc_net"
        paragraphs = Paragraphs(draft.text, self.min_chars if published else max(self.min_chars, 1))
        repeated = RepeatedParagraphs(
            draft.crawl_digest,
            paragraphs,
            decisions,
            draft.partitions(SHARDS_PER_RANGE),
            self.mode,
            self.group_files,
            self.min_documents,
            self.keep,
            ranked_by,
        )
        return CutRepeatedParagraphs(draft.text, decisions, repeated, published if self.within is None else self.within)

    def build(self, draft: Draft, entry: str) -> None:
        edit = self.edit(draft, draft.decisions, ranked_by(self.keep, draft))
        draft.decide(RequireTextLeft(draft.decisions, edit, self.min_chars_left if self.drop else 0, None if entry == self.by else entry))
        if self.drop:
            draft.edit(edit)


@deduplicate_by("substring")
@stable("option/deduplicate-substring")
@dataclass(frozen=True)
class BySubstring(Deduplicate):
    """Runs of ``min_tokens`` tokens or more. A document with fewer than ``min_chars_left`` characters left is dropped."""

    min_tokens: int = 50
    min_chars_left: int = 1
    columns: ClassVar[tuple[str, ...]] = FIGURES

    def check(self, reader: Reader) -> None:
        super().check(reader)
        if self.keep not in ("first", "none"):
            raise reader.error(f"deduplicate by substring keeps first or none, not {self.keep}.")

    def build(self, draft: Draft, entry: str) -> None:
        assert draft.text is not None
        windows = Windows(draft.text, self.min_tokens)
        repeated = RepeatedWindows(draft.crawl_digest, windows, draft.decisions, draft.partitions(SHARDS_PER_RANGE), self.keep)
        edit = CutRepeatedSubstrings(draft.text, draft.decisions, repeated)
        draft.decide(RequireTextLeft(draft.decisions, edit, self.min_chars_left if self.drop else 0, None if entry == self.by else entry))
        if self.drop:
            draft.edit(edit)


@deduplicate_by("sentence")
@stable("option/deduplicate-sentence")
@dataclass(frozen=True)
class BySentence(Deduplicate):
    """Spans of ``sentences`` sentences. A document that loses some and has fewer than ``min_sentences_left`` left is dropped."""

    sentences: int = 3
    min_sentences_left: int = 3
    columns: ClassVar[tuple[str, ...]] = SENTENCE_FIGURES

    def check(self, reader: Reader) -> None:
        super().check(reader)
        reader.whole_number(self.sentences, "deduplicate sentences", 1)
        reader.whole_number(self.min_sentences_left, "deduplicate min_sentences_left", 0)
        if self.keep not in ("first", "none"):
            raise reader.error(f"deduplicate by sentence keeps first or none, not {self.keep}.")

    def build(self, draft: Draft, entry: str) -> None:
        assert draft.text is not None
        found = SentenceWindows(draft.text, self.sentences)
        repeated = RepeatedWindows(draft.crawl_digest, found, draft.decisions, draft.partitions(SHARDS_PER_RANGE), self.keep)
        edit = CutRepeatedSentences(draft.text, draft.decisions, repeated)
        least = self.min_sentences_left if self.drop else 0
        draft.decide(RequireSentencesLeft(draft.decisions, edit, least, None if entry == self.by else entry))
        if self.drop:
            draft.edit(edit)


class ParagraphsSection(Section):
    key = "paragraphs"
    phase: ClassVar[Phase] = "edit"
    order = 20
    example: ClassVar = {"min_chars": 20}
    about = "Cuts paragraphs that many documents share, before anything is measured, as CCNet does."
    options = ByParagraph

    def read(self, value: Any, reader: Reader) -> Any:
        rule = read_rule({"by": "paragraph", **reader.mapping(value, self.key)}, reader)
        if rule.keep not in ("first", "none") or not rule.drop:
            raise reader.error("paragraphs are cut before anything is measured: keep is first or none, and drop cannot be false.")
        return rule

    def signals(self, options: Any) -> dict[str, pa.DataType]:
        return {f"paragraph_{name}": pa.int64() if name != "chars_removed_share" else pa.float64() for name in FIGURES}

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        edit = options.edit(draft, None, None)
        draft.edit(edit)
        draft.signal_tables.append(SignalTable(edit, FIGURES, "paragraph_"))


class CorrectSection(Section):
    key = "correct"
    phase: ClassVar[Phase] = "edit"
    order = 40
    example: ClassVar = {"javascript": True, "policy": True}
    about = "Removes or edits lines by the rules of C4 or RefinedWeb, before anything is measured."
    options = LineRules

    def signals(self, options: Any) -> dict[str, pa.DataType]:
        return {f.name: f.type for f in list(CORRECTED)[2:]}

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        step = Correct(draft.text, options)
        draft.edit(step)
        draft.signal_tables.append(SignalTable(step, tuple(CORRECTED.names[2:])))


class HostLinesSection(Section):
    key = "host_lines"
    phase: ClassVar[Phase] = "edit"
    order = 90
    example: ClassVar = {"min_documents": 3}
    about = "Tells of each line in how many documents of the host it stands."
    options = HostLineRules

    def read(self, value: Any, reader: Reader) -> HostLineRules:
        rules: HostLineRules = super().read(value, reader)
        reader.whole_number(rules.min_documents, "host_lines.min_documents", 2)
        return rules

    def signals(self, options: Any) -> dict[str, pa.DataType]:
        return {f.name: f.type for f in list(REPEATS)[1:]}

    def meaning(self, name: str) -> str:
        return MEANINGS[name]

    def unit(self, name: str) -> str:
        return "share" if name.endswith("_share") else "documents"

    def build(self, draft: Draft, options: HostLineRules, entry: str) -> None:
        assert draft.text is not None
        counts = HostLineCounts(draft.crawl_digest, HostLines(draft.text), draft.partitions(SHARDS_PER_RANGE), options.min_documents)
        draft.signal_tables.append(SignalTable(LineRepeats(counts), tuple(REPEATS.names[1:])))


class LinesSection(Section):
    key = "lines"
    order = 30
    about = "Cuts the lines that a model of lines calls noise, or that many documents of the host have; code, tables and formulas are left alone."
    options = LineCut

    def read(self, value: Any, reader: Reader) -> LineCut:
        rule: LineCut = super().read(value, reader)
        if not isinstance(rule.low, int | float) or not 0 <= rule.low <= 1:
            raise reader.error(f"lines.low is {rule.low!r}; it must be a probability from 0 to 1.")
        reader.whole_number(rule.min_run, "lines.min_run", 1)
        reader.whole_number(rule.min_chars_left, "lines.min_chars_left", 0)
        if rule.max_host_documents is not None:
            reader.whole_number(rule.max_host_documents, "lines.max_host_documents", 1)
        return rule

    def uses(self, options: LineCut) -> Iterable[str]:
        return tuple(filter(None, options.signals))

    def check(self, options: LineCut, signals: Mapping[str, Any], reader: Reader) -> None:
        kind = signals.get(options.signal) if options.low else None
        if kind is not None and not pa.types.is_list(kind):
            raise reader.error(
                f"lines.signal is {options.signal}, which is not a list with a number for each line. Measure line_quality.LineQuality."
            )

    def decided(self, options: LineCut, entry: str) -> Iterable[str]:
        return tuple(f"line_{name}" for name in FIGURES)

    def build(self, draft: Draft, options: LineCut, entry: str) -> None:
        assert draft.text is not None
        edit = CutNoisyLines(draft.text, draft.decisions, draft.signals, options)
        draft.decide(RequireTextLeft(draft.decisions, edit, options.min_chars_left, "line"))
        draft.edit(edit)


class RequireTextSection(Section):
    """Not written in recipes: decisions end with what the edits have left."""

    key = "require_text"
    phase: ClassVar[Phase] = "corpus"
    order = 0
    about = "Drops documents of which the edits left nothing."
    default: ClassVar[Any] = True
    hidden = True

    def read(self, value: Any, reader: Reader) -> Any:
        return None

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        if draft.text is not None and draft.text.edit is not None:
            draft.decide(RequireText(draft.decisions, draft.text))
