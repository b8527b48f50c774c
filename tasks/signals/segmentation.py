"""Words of scripts that put no space between them: Chinese by jieba, Japanese by Sudachi, Thai by PyThaiNLP, as FineWeb2's tokenizers cut them.

Which tokenizer FineWeb2 uses for a language is in datatrove's table of assignments (``assets/tokenizer_assignment.csv``). The libraries are the extra
``segmentation``; their versions enter the address of what is measured. Where a language has no segmenter, each character is a word (``words.py``).
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import NamedTuple

from datatrove.utils.word_tokenizers import chunk_text_on_bytes

from winnow.tasks.engine.cache import cache_folder
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language_codes import script
from winnow.tasks.signals.words import LONE_SURROGATE

CHARACTERS = "characters"
"""Said for a language that shall be measured by characters all the same."""
SUDACHI_BYTES = 40_000  # datatrove's pieces; Sudachi takes at most 49,149
Cut = Callable[[str], list[str]]


class Library(NamedTuple):
    """The packages of a segmenter, and what makes it."""

    packages: tuple[str, ...]
    load: Callable[[], Cut]


def _jieba() -> Cut:
    import logging

    import jieba

    jieba.setLogLevel(logging.ERROR)
    folder = cache_folder() / "jieba"
    folder.mkdir(parents=True, exist_ok=True)
    jieba.dt.tmp_dir = str(folder)  # by default it loads what lies under a known name in the machine's temporary folder
    return lambda text: list(jieba.cut(text))


def _sudachi() -> Cut:
    from sudachipy import Dictionary, SplitMode

    tokenizer = Dictionary().tokenizer(mode=SplitMode.A)
    return lambda text: [m.surface() for part in chunk_text_on_bytes(text, SUDACHI_BYTES) for m in tokenizer.tokenize(part)]


def _newmm() -> Cut:
    from pythainlp.tokenize import word_tokenize

    return lambda text: list(word_tokenize(text, engine="newmm-safe", keep_whitespace=False))


LIBRARIES = {
    "jieba": Library(("jieba",), _jieba),
    "sudachi": Library(("sudachipy", "sudachidict-core"), _sudachi),
    "newmm": Library(("pythainlp",), _newmm),
}
ASSIGNED = {("SpaCyTokenizer", "zh"): "jieba", ("SpaCyTokenizer", "ja"): "sudachi", ("ThaiTokenizer", ""): "newmm"}
NOT_BROUGHT = {
    ("KhmerTokenizer", ""): "khmer-nltk",
    ("LaoTokenizer", ""): "laonlp",
    ("BurmeseTokenizer", ""): "pyidaungsu",
    ("TibetanTokenizer", ""): "botok",
}


@stable("option/segmenter")
@dataclass(frozen=True)
class Segmenter:
    """What cuts the words of one language. ``versions`` are those of its packages, which decide its words."""

    language: str
    library: str
    versions: str = ""

    @classmethod
    def of(cls, language: str, library: str) -> "Segmenter":
        """With the versions that are installed here."""
        packages = LIBRARIES[library].packages if library in LIBRARIES else ()
        return cls(language, library, " ".join(f"{p} {_installed(p)}" for p in packages))

    def check(self) -> None:
        """Raises BadInput if it cannot be used here; says what to install or to write."""
        lift = f"Or write `segment: {{{self.language}: {CHARACTERS}}}` to count each character as a word: bounds on words then mean something else."
        if self.library not in LIBRARIES:
            raise BadInput(
                f"The words of {self.language} are cut by {self.library} in FineWeb2, which Winnow does not bring, so the bounds of its language pack cannot be "
                f"measured as they were meant. {lift}"
            )
        if missing := [p for p in LIBRARIES[self.library].packages if _installed(p) == "missing"]:
            raise BadInput(
                f"The words of {self.language} are cut by {self.library}, and {' and '.join(missing)} is not installed: pip install 'winnow[segmentation]'. {lift}"
            )
        self.words("日本語 ไทย")

    def words(self, text: str) -> list[str]:
        """All words of a text in order, marks of punctuation among them, without white space."""
        return [stripped for word in _cut(self.library)(LONE_SURROGATE.sub("\ufffd", text)) if (stripped := word.strip())]


@cache
def _cut(library: str) -> Cut:
    return LIBRARIES[library].load()


@cache
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def assigned(label: str) -> str | None:
    """The segmenter that FineWeb2 uses for a language, if its script needs one: of ``LIBRARIES``, or a package that Winnow does not bring."""
    kind = _assignments().get((label.replace("-", "_").split("_")[0].lower(), script(label)))
    return (ASSIGNED.get(kind) or NOT_BROUGHT.get(kind)) if kind else None


@cache
def _assignments() -> dict[tuple[str, str], tuple[str, str]]:
    """Code and script of a language -> tokenizer and its option, of datatrove's table; without a script, those of the language's usual one."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    with (files("datatrove") / "assets" / "tokenizer_assignment.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f):
            kind = (row["type"], row["tok_code"])
            for code in (row["code_3"], row["code_1"] if row["default_code_1"] == "TRUE" else ""):
                found.setdefault((code, row["script"].lower()), kind)
                if row["default_script"] == "TRUE":
                    found.setdefault((code, ""), kind)
    return found
