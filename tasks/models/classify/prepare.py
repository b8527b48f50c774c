"""How a text becomes the line that a classifier is trained on and asked about. A model is asked in the way it was trained.

What could steer the model from inside a page is taken out: a word that begins like fastText's labels, and its mark of a line's end.
"""

import re

from winnow.tasks.extract.math.delimiters import DEFAULTS, Delimiters, split
from winnow.tasks.models.fasttext import LABEL, MAX_CHARS

STEERING = re.compile(rf"(?<!\S)(?:{LABEL}\S*|</s>(?!\S))")
COMMAND = re.compile(r"\\[a-zA-Z]+")
DELIMITERS = Delimiters(DEFAULTS)
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


def prose(text: str) -> str:
    """``words`` without formulas and commands of LaTeX: what is said about mathematics, so that a page needs no formula to resemble those that have some.

    OpenWebMath trains and asks its MathScore on text without its formulas (Paster et al. 2023, section 3.3).
    """
    cut = text[:MAX_CHARS]
    parts = split(cut, DELIMITERS) if "$" in cut or "\\" in cut or "[" in cut else [cut]
    return words(COMMAND.sub(" ", " ".join(part for part in parts if isinstance(part, str))))


PREPARATIONS = {"line": line, "words": words, "prose": prose}
