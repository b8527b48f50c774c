"""More about a document's language than its one label: what several back-ends say of it, and which languages its paragraphs are in.

Back-ends are fastText models (lid.176, GlotLID, OpenLID, one of your own) and ``resiliparse``, which needs no file. The label that limits and models
go by is the recipe's ``language_model``.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language import LanguageModel, RankModel
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.models.files import ModelFile
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "this file"
RANKS = "resiliparse"
DECIMALS = 4
Find = Callable[[Any], ModelFile]


@stable("option/language-back-end")
@dataclass(frozen=True)
class BackEnd:
    """``file`` is a fastText model; without one it is Resiliparse's detector of the installed version, ``ranks``."""

    name: str
    file: ModelFile | None = None
    ranks: str = ""

    def predict(self, text: str) -> tuple[str, float]:
        """Label as the back-end writes it, and its own score in [0, 1]."""
        return (LanguageModel.of(self.file) if self.file else RankModel()).predict([text])[0]

    @property
    def wikipedia(self) -> bool:
        return self.file is not None and self.file.name.startswith("lid.176")


def back_end(name: str, spec: Any, find: Find) -> BackEnd:
    """``resiliparse``, or a fastText model as recipes name them."""
    return BackEnd(name, ranks=version(RANKS)) if spec == RANKS else BackEnd(name, find(spec))


def back_ends(value: Any, find: Find) -> tuple[BackEnd, ...]:
    """What a recipe gives: a mapping of short names to back-ends. Raises BadInput for another form."""
    right = isinstance(value, Mapping) and all(isinstance(k, str) and k.isidentifier() and k.islower() for k in value)
    if not right or len(value) < 2:
        raise BadInput(f"models is {value!r}; write two or more back-ends by name, such as {{lid176: lid.176.ftz, ranks: resiliparse}}.")
    return tuple(back_end(k, v, find) for k, v in sorted(value.items()))


@stable("filter/language-back-ends")
@dataclass(frozen=True)
class BackEnds(Filter):
    """Several back-ends side by side. Labels are as each writes them; to compare them they are folded to one code per language."""

    models: tuple[BackEnd, ...] = field(default=(), metadata={"recipe": back_ends})

    @property
    def signals(self) -> tuple[Signal, ...]:  # type: ignore[override]
        each = [
            signal
            for m in self.models
            for signal in (
                Signal(f"language_{m.name}", "str", "label", f"language by {m.name}, as it writes it; empty if it names none", SOURCE),
                Signal(f"language_{m.name}_score", "float", "score", f"how sure {m.name} is, by its own measure", SOURCE),
            )
        ]
        return (
            *each,
            Signal(
                "language_majority",
                "str",
                "code",
                "the language that most back-ends name (ISO 639-3, folded); of equals the surest",
                SOURCE,
            ),
            Signal("language_agreement", "float", "share", "back-ends that name it", SOURCE),
        )

    def check(self) -> None:
        if not self.models:
            raise BadInput("languages.BackEnds needs models: {languages.BackEnds: {models: {lid176: lid.176.ftz, ranks: resiliparse}}}.")
        for model in self.models:
            model.predict("A text to see that the back-end works.")

    def measure(self, doc: Document) -> dict[str, Value]:
        values: dict[str, Value] = {}
        votes: Counter[str] = Counter()
        surest: dict[str, float] = {}
        for model in self.models:
            label, score = model.predict(doc.text)
            values[f"language_{model.name}"], values[f"language_{model.name}_score"] = label, score
            if code := folded(label, wikipedia=model.wikipedia):
                votes[code] += 1
                surest[code] = max(surest.get(code, 0.0), score)
        most = max(votes, key=lambda code: (votes[code], surest[code], code), default="")
        values["language_majority"] = most or None
        values["language_agreement"] = votes[most] / len(self.models) if most else None
        return values


def _single(value: Any, find: Find) -> BackEnd:
    return back_end("model", value, find)


@stable("filter/paragraph-languages")
@dataclass(frozen=True)
class Paragraphs(Filter):
    """The language of each line of ``min_chars`` characters or more; a line whose score is below ``min_score`` is unsure. Shares are of the
    characters of such lines. Null where there are none."""

    signals: ClassVar = (
        Signal(
            "language_shares", "str", "code:share", "languages of the lines (ISO 639-3, folded), the largest first: eng:0.8 fra:0.2", SOURCE
        ),
        Signal("language_own_share", "float", "share", "characters in lines of the document's own language", SOURCE),
        Signal("language_largest_share", "float", "share", "characters in lines of the most frequent language", SOURCE),
        Signal("language_unsure_share", "float", "share", "characters in lines whose language is unsure", SOURCE),
        Signal("language_count", "int", "languages", "languages with a tenth or more of the characters", SOURCE),
    )

    model: BackEnd | None = field(default=None, metadata={"recipe": _single})
    min_chars: int = 40
    min_score: float = 0.5

    def check(self) -> None:
        if self.model is None:
            raise BadInput("languages.Paragraphs needs a model: {languages.Paragraphs: {model: lid.176.ftz}}.")
        self.model.predict("A text to see that the back-end works.")

    def measure(self, doc: Document) -> dict[str, Value]:
        chars: Counter[str] = Counter()
        for line in doc.text.split("\n") if self.model else ():
            stripped = line.strip()
            if self.model and len(stripped) >= self.min_chars:
                label, score = self.model.predict(stripped)
                chars[folded(label, wikipedia=self.model.wikipedia) if score >= self.min_score else ""] += len(stripped)
        total = chars.total()
        if not total:
            return dict.fromkeys(s.name for s in self.signals)
        unsure = chars.pop("", 0)
        ranked = sorted(chars.items(), key=lambda kv: (-kv[1], kv[0]))
        own = folded(doc.language, wikipedia=True)
        return {
            "language_shares": " ".join(f"{code}:{round(n / total, DECIMALS)}" for code, n in ranked),
            "language_own_share": round(chars[own] / total, DECIMALS),
            "language_largest_share": round(ranked[0][1] / total, DECIMALS) if ranked else 0.0,
            "language_unsure_share": round(unsure / total, DECIMALS),
            "language_count": sum(n * 10 >= total for _, n in ranked),
        }
