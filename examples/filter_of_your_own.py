"""Try a filter of your own on the documents of a finished run, before it goes into a recipe: python examples/filter_of_your_own.py [STORE]

`winnow new filter NAME` writes such a filter with its test and the recipe that uses it.
"""

import sys
from dataclasses import dataclass
from typing import ClassVar

import winnow
from winnow import Document, Filter, Signal


@dataclass(frozen=True)
class QuestionMarks(Filter):
    """Pages that ask much: forums and lists of frequent questions."""

    signals: ClassVar = (Signal("question_marks_per_word", "float", "per word", "question marks by words", "this file"),)

    def measure(self, doc: Document) -> dict[str, float]:
        return {"question_marks_per_word": doc.text.count("?") / max(1, doc.word_total)}


if __name__ == "__main__":
    run = winnow.open_run(store=sys.argv[1] if len(sys.argv) > 1 else "winnow-store")
    documents = run.documents(["url", "text"])
    mine = QuestionMarks()
    documents["score"] = [mine.measure(Document(text))["question_marks_per_word"] for text in documents["text"]]
    for row in documents.nlargest(5, "score").itertuples():
        print(f"{row.score:.4f}  {row.url}")
