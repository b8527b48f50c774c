"""What cc_net keeps of a document's size (Wenzek et al. 2020; process_wet_file of its code), measured on the text that it would score."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from tasks.core.filter import Filter, Signal, Value
from tasks.core.text import Document
from tasks.ngram.cc_net import content


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
