"""What cc_net keeps of a document: its size and its language (Wenzek et al. 2020; process_wet_file and split_by_lang of its code), measured on the
text that it would score."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.fasttext import FastText
from winnow.tasks.models.files import ModelFile
from winnow.tasks.models.ngram.cc_net import content
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document


@stable("filter/cc-net")
@dataclass(frozen=True)
class CCNet(Filter):
    """``title``: the first line is the page's title, as in WET files, and is not part of the text."""

    signals: ClassVar = (
        Signal(
            "ccnet_length", "int", "characters", "characters of all lines, stripped, blank ones left out, joined by line feeds", "CCNet"
        ),
        Signal("ccnet_nlines", "int", "lines", "such lines", "CCNet"),
    )

    text: Literal["extracted", "corrected"] = "corrected"
    title: bool = False

    def measure(self, doc: Document) -> dict[str, Value]:
        text = content(doc.text, title=self.title)
        return {"ccnet_length": len(text), "ccnet_nlines": text.count("\n") + 1 if text else 0}


@stable("filter/cc-net-original")
@dataclass(frozen=True)
class CCNetOriginal(Filter):
    """The same of the text as extracted, before paragraphs were deduplicated."""

    signals: ClassVar = (
        Signal("ccnet_original_length", "int", "characters", "ccnet_length before paragraph deduplication", "CCNet"),
        Signal("ccnet_original_nlines", "int", "lines", "ccnet_nlines before paragraph deduplication", "CCNet"),
    )

    title: bool = False

    def measure(self, doc: Document) -> dict[str, Value]:
        found = CCNet(title=self.title).measure(doc)
        return {"ccnet_original_length": found["ccnet_length"], "ccnet_original_nlines": found["ccnet_nlines"]}


def _file(value: Any, find: Callable[[Any], ModelFile]) -> ModelFile:
    return find(value)


@stable("filter/cc-net-language")
@dataclass(frozen=True)
class CCNetLanguage(Filter):
    """The language as cc_net asks for it: after paragraph deduplication, of all of the text, with line breaks *deleted*, so that the words around them fuse;
    the score is rounded to two digits before it is compared. Null without a model, and for a text without a word that the model knows."""

    signals: ClassVar = (
        Signal("ccnet_language", "str", "label", "the most likely language, as the model writes it", "CCNet"),
        Signal("ccnet_language_score", "float", "probability", "of that language, rounded to two digits", "CCNet"),
    )

    text: Literal["extracted", "corrected"] = "corrected"
    model: ModelFile | None = field(default=None, metadata={"recipe": _file})
    title: bool = False

    def check(self) -> None:
        if self.model is None:
            raise BadInput("cc_net.CCNetLanguage needs a model: {cc_net.CCNetLanguage: {model: lid.176.bin}}.")
        FastText.of(self.model)

    def measure(self, doc: Document) -> dict[str, Value]:
        line = content(doc.text, title=self.title).replace("\n", "").encode("utf-8", "replace").decode()
        best = FastText.of(self.model).predict(line)[:1] if self.model else []
        if not best:
            return dict.fromkeys(s.name for s in self.signals)
        label, score = best[0]
        return {"ccnet_language": label, "ccnet_language_score": round(float(np.float32(score).round(2)), 2)}
