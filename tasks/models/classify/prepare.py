"""How a text becomes the line that a classifier is trained on and asked about. A model is asked in the way it was trained.

What could steer the model from inside a page is taken out: a word that begins like fastText's labels, and its mark of a line's end.
"""

import re

from winnow.tasks.models.fasttext import LABEL, MAX_CHARS

STEERING = re.compile(rf"(?<!\S)(?:{LABEL}\S*|</s>(?!\S))")
WORD = re.compile(r"\w+|[^\w\s]")


def line(text: str) -> str:
    """Lines joined by spaces, nothing else changed, as DCLM and RedPajama ask their models. Of a longer text the first 100,000 characters count."""
    found = " ".join(text[:MAX_CHARS].strip().splitlines())
    if not found.isascii():
        found = found.encode("utf-8", "replace").decode()
    return STEERING.sub("", found).strip() if LABEL in found or "</s>" in found else found


def words(text: str) -> str:
    """In lower case, words and marks of punctuation apart: a small set of examples goes further."""
    return " ".join(WORD.findall(line(text).lower()))


PREPARATIONS = {"line": line, "words": words}
