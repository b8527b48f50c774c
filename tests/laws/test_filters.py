"""Laws of every filter: exactly the declared signals, pure, the same in any batch, total on any string, finite, of the declared kind. New filters are found by themselves."""

import dataclasses
import math
import pickle
from typing import ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from winnow.tasks.signals.filter import Filter, Signal
from winnow.tasks.signals.filters.datatrove_block import DatatroveBlock
from winnow.tasks.signals.filters.reference import filters
from winnow.tasks.signals.text import Batch, Document

KINDS = {"float": float, "int": int, "bool": bool, "str": str, "floats": list}
EXAMPLES = {DatatroveBlock: DatatroveBlock(block="filters.c4_filters.C4ParagraphFilter")}
FILTERS = [EXAMPLES[cls] if cls in EXAMPLES else cls() for cls in filters()]

any_text = st.text(st.characters(exclude_categories=()), max_size=200)
web_text = st.lists(
    st.sampled_from(
        [
            "the cat sat",
            "the",
            " ",
            "\n",
            "\n\n",
            "...",
            "- ",
            "• ",
            "#",
            "{",
            "lorem ipsum",
            "don't",
            "U.S.",
            "\ud800",
            "漢字",
            "ไทย",
            "\u2028",
            "\r",
            "\x00",
            "۱۲",
            "ß",
            "http://a.b/c",
        ]
    ),
    max_size=60,
).map("".join)
urls = st.one_of(
    st.text(max_size=60), st.sampled_from(["", "http://[", "https://www.example.org/a?b", "//", "http://.", "HTTP://EXAMPLE.COM:99999/"])
)


def broken(f: Filter, doc: Document) -> str:
    """Which law a filter breaks on a document, or nothing."""
    before, facts = doc.text, {"id": doc.id, "url": doc.url, "language": doc.language}
    once, twice = f.measure(doc), f.measure(Document(doc.text, **facts))
    if list(once) != [s.name for s in f.signals]:
        return "names"
    if once != twice or doc.text != before:
        return "pure"
    among = Batch(["the cat sat, \ud800 the cat sat.", doc.text, "", "漢字 the"])
    if once != f.measure(Document(doc.text, **facts, batch=among, place=1)):
        return "batch"
    for signal in f.signals:
        value = once[signal.name]
        if value is None:
            continue
        if type(value) is not KINDS[signal.kind]:
            return "kind"
        if not all(
            type(v) is float and math.isfinite(v)
            for v in (value if isinstance(value, list) else [float(value)] if signal.kind != "str" else [])
        ):
            return "finite"
    return ""


@pytest.mark.parametrize("f", FILTERS, ids=lambda f: type(f).__name__)
@settings(max_examples=60)
@given(text=st.one_of(any_text, web_text), url=urls, language=st.sampled_from(["en", "de", "", "zh", "../en"]))
@example(text="", url="", language="")
@example(text=" \n\t ", url="", language="")
@example(text="\ud800\udfff", url="http://\ud800/", language="en")
def test_a_filter_obeys_the_laws(f, text, url, language):
    assert broken(f, Document(text, id="1", url=url, language=language)) == ""


@pytest.mark.parametrize("f", FILTERS, ids=lambda f: type(f).__name__)
def test_a_filter_is_a_frozen_value_that_travels(f):
    assert pickle.loads(pickle.dumps(f)) == f
    assert hash(f) == hash(pickle.loads(pickle.dumps(f)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        f.text = "other"


def test_no_two_filters_give_a_signal_the_same_name():
    names = [s.name for f in FILTERS for s in f.signals]
    assert len(names) == len(set(names))
    assert all(s.meaning and s.source and s.unit and s.kind in KINDS for f in FILTERS for s in f.signals)


@dataclasses.dataclass(frozen=True)
class Violator(Filter):
    """Breaks the law its field names."""

    signals: ClassVar = (Signal("a", "float", "x", "x", "x"),)
    law: str = ""

    def measure(self, doc):
        match self.law:
            case "names":
                return {"b": 1.0}
            case "pure":
                return {"a": float(id(doc))}
            case "batch":
                return {"a": float(len(doc._batch.texts))}
            case "kind":
                return {"a": 1}
            case "finite":
                return {"a": math.inf}
        return {"a": 1.0}


@pytest.mark.parametrize("law", ["", "names", "pure", "batch", "kind", "finite"])
def test_the_law_catches_a_violator(law):
    assert broken(Violator(law=law), Document("x")) == law
