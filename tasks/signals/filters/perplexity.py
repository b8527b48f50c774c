"""Perplexity under a language model of the document's language: how far a text is from what the model was trained on.

CCNet (Wenzek et al. 2020) trains on Wikipedia and prefers low values; Jansen et al. 2022, "Perplexed by Quality", train on harmful text only
and drop low values. Buckets are made of a run's values in ``tasks/corpus/buckets.py``, thresholds are found in ``tasks/ledger/cut_points.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import which
from winnow.tasks.models.ngram.cc_net import content, normalise
from winnow.tasks.models.ngram.score import NgramModel, Scorer, ngram_models, perplexity
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

DECIMALS = 1


@dataclass(frozen=True)
class _WithModels(Filter):
    """One model per language. A document of a language without a model, or with nothing to score, has no value."""

    text: Literal["extracted", "corrected"] = "corrected"
    models: tuple[NgramModel, ...] = field(default=(), metadata={"recipe": ngram_models})

    def check(self) -> None:
        """Every model is loaded once and scores a text. Raises BadInput."""
        languages = [m.language for m in self.models]
        if len(set(languages)) != len(languages):
            raise BadInput(f"models names a language twice: {', '.join(languages)}.")
        for model in self.models:
            Scorer.of(model).log_score("a text")

    def scorer(self, language: str) -> Scorer | None:
        models = {model.language: model for model in self.models}
        own = which(language, tuple(models))
        return Scorer.of(models[own]) if own else None


@stable("filter/perplexity")
@dataclass(frozen=True)
class Perplexity(_WithModels):
    """The whole document as one sentence, as cc_net scores it. ``cc_net``: line breaks are deleted, as published, so that the words around
    them fuse; by default they are spaces. ``title``: the first line is the page's title, as in WET files, and is not scored."""

    signals: ClassVar = (
        Signal(
            "perplexity", "float", "per token", "perplexity of the document as one sentence, rounded to 0.1; null without a model", "CCNet"
        ),
    )

    cc_net: bool = False
    title: bool = False

    def measure(self, doc: Document) -> dict[str, Value]:
        scorer = self.scorer(doc.language)
        if scorer is None:
            return {self.signals[0].name: None}
        text = content(doc.text, title=self.title) if self.cc_net or self.title else doc.text
        found = perplexity(*scorer.log_score(normalise(text, spaced=not self.cc_net)))
        return {self.signals[0].name: None if found is None else round(found, DECIMALS)}


@stable("filter/harmful-perplexity")
@dataclass(frozen=True)
class HarmfulPerplexity(Perplexity):
    """The same under models trained on harmful text only: *low* values are like what the models were trained on."""

    signals: ClassVar = (
        Signal(
            "harmful_perplexity",
            "float",
            "per token",
            "perplexity under a model of harmful text only; low is harmful",
            "Jansen et al. 2022",
        ),
    )


@stable("filter/paragraph-perplexity")
@dataclass(frozen=True)
class ParagraphPerplexity(_WithModels):
    """Each line that is not blank as a sentence of its own. ``above`` is what the share counts from."""

    signals: ClassVar = (
        Signal(
            "perplexity_paragraph_mean", "float", "per token", "perplexity with paragraphs as sentences, over all their tokens", "this file"
        ),
        Signal("perplexity_paragraph_max", "float", "per token", "highest perplexity of a paragraph", "this file"),
        Signal("perplexity_paragraph_above_share", "float", "share", "paragraphs with a perplexity above the option `above`", "this file"),
    )

    above: float = 1000.0

    def measure(self, doc: Document) -> dict[str, Value]:
        scorer = self.scorer(doc.language)
        scores = list(_paragraphs(scorer, doc.text)) if scorer else []
        if not scores:
            return dict.fromkeys(s.name for s in self.signals)
        each = [p for score, length in scores if (p := perplexity(score, length)) is not None]
        mean = perplexity(sum(score for score, _ in scores), sum(length for _, length in scores)) or 0.0
        return {
            "perplexity_paragraph_mean": round(mean, DECIMALS),
            "perplexity_paragraph_max": round(max(each), DECIMALS),
            "perplexity_paragraph_above_share": sum(p > self.above for p in each) / len(each),
        }


def _paragraphs(scorer: Scorer, text: str) -> Iterator[tuple[float, int]]:
    for line in text.split("\n"):
        score, length = scorer.log_score(normalise(line))
        if length:
            yield score, length
