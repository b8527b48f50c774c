"""More about a document's language than its one label: what several back-ends say of it, and which languages its paragraphs are in.

Back-ends are fastText models (lid.176, GlotLID, OpenLID, AfroLID, one of your own), ``resiliparse``, which needs no file, and ``heliport``, an extra. The label
that limits and models go by is the recipe's ``language_model``.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.language import HeliModel, LanguageModel, RankModel
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.models.files import ModelFile
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

SOURCE = "this file"
RANKS, HELIPORT, MISSING = "resiliparse", "heliport", "missing"
FINER = {"nor": ("nno",)}
"""Languages whose label some back-ends give to others too: who tells them apart knows better."""
DECIMALS = 4
Find = Callable[[Any], ModelFile]


@stable("option/language-back-end")
@dataclass(frozen=True)
class BackEnd:
    """``file`` is a fastText model; without one it is heliport of the installed version, ``heliport``, or Resiliparse's detector, ``ranks``."""

    name: str
    file: ModelFile | None = None
    ranks: str = ""
    heliport: str | None = None

    def check(self) -> None:
        """Raises BadInput if it cannot be used."""
        if self.heliport == MISSING:
            raise BadInput(
                f"The back-end {self.name} is heliport, which is not installed: pip install 'winnow[heliport]' (its licence is GPL-3.0)."
            )
        self.predict("A text to see that the back-end works.")

    def predict(self, text: str) -> tuple[str, float]:
        """Label as the back-end writes it, and its own score in [0, 1]."""
        return self._model().predict([text])[0]

    def code(self, label: str) -> str:
        """The code of a label of this back-end, the same for all back-ends."""
        return folded(label, wikipedia=self.wikipedia)

    @property
    def languages(self) -> frozenset[str]:
        """The codes of all languages that it can name."""
        return _languages(self)

    def _model(self) -> LanguageModel | HeliModel | RankModel:
        return LanguageModel.of(self.file) if self.file else HeliModel() if self.heliport else RankModel()

    @property
    def wikipedia(self) -> bool:
        return self.file is not None and self.file.name.startswith("lid.176")


def back_end(name: str, spec: Any, find: Find) -> BackEnd:
    """``resiliparse``, ``heliport``, or a fastText model as recipes name them."""
    if spec == HELIPORT:
        return BackEnd(name, heliport=_installed(HELIPORT))
    return BackEnd(name, ranks=version(RANKS)) if spec == RANKS else BackEnd(name, find(spec))


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return MISSING


@cache
def _languages(model: BackEnd) -> frozenset[str]:
    return frozenset(model.code(label) for label in model._model().labels)


def back_ends(value: Any, find: Find) -> tuple[BackEnd, ...]:
    """What a recipe gives: a mapping of short names to back-ends, in the order of their names. Raises BadInput for another form."""
    return tuple(sorted(back_ends_in_order(value, find), key=lambda b: b.name))


def back_ends_in_order(value: Any, find: Find) -> tuple[BackEnd, ...]:
    """As they are written. Raises BadInput for another form."""
    right = isinstance(value, Mapping) and all(isinstance(k, str) and k.isidentifier() and k.islower() for k in value)
    if not right or len(value) < 2:
        raise BadInput(f"models is {value!r}; write two or more back-ends by name, such as {{lid176: lid.176.ftz, ranks: resiliparse}}.")
    return tuple(back_end(k, v, find) for k, v in value.items())


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
            model.check()

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


@stable("filter/language-ensemble")
@dataclass(frozen=True)
class Ensemble(Filter):
    """One language out of several back-ends that know different languages; the first is the most trusted where it knows both.

    Where two differ, a back-end has no say about a language that it cannot name: if only one of the two can name both, its label counts; and a language that only
    the first can name counts from a score of ``alone`` on, as the other could but guess beside it. Where both can name both, the first counts from a score of ``sure``
    on, else the other. Documents are ``language_back_ends_differ`` where they name different languages, one that names none aside.
    """

    signals: ClassVar = (
        Signal(
            "language_best", "str", "code", "the language that the back-ends settle on (ISO 639-3, folded); null if none names one", SOURCE
        ),
        Signal("language_best_score", "float", "score", "how sure the back-end is that named it, by its own measure", SOURCE),
        Signal("language_back_ends_differ", "bool", "yes/no", "back-ends name different languages", SOURCE),
        Signal("language_votes", "str", "name:code", "what each back-end names, in their order: lid176:spa heliport:ext", SOURCE),
    )

    models: tuple[BackEnd, ...] = field(default=(), metadata={"recipe": back_ends_in_order})
    sure: float = 0.9
    alone: float = 0.3

    def check(self) -> None:
        if not self.models:
            raise BadInput("languages.Ensemble needs models: {languages.Ensemble: {models: {lid176: lid.176.ftz, heliport: heliport}}}.")
        for model in self.models:
            model.check()

    def measure(self, doc: Document) -> dict[str, Value]:
        best, best_score, known = "", 0.0, frozenset[str]()
        votes: list[tuple[str, str]] = []
        for model in self.models:
            label, score = model.predict(doc.text)
            code = model.code(label)
            votes.append((model.name, code))
            if code and (not best or (code != best and not self._stays(best, best_score, known, code, model.languages))):
                best, best_score = code, score
            known |= model.languages
        named = {code for _, code in votes if code}
        return {
            "language_best": best or None,
            "language_best_score": best_score if best else None,
            "language_back_ends_differ": len(named) > 1,
            "language_votes": " ".join(f"{name}:{code or '-'}" for name, code in votes) or None,
        }

    def _stays(self, best: str, score: float, known: frozenset[str], other: str, known_there: frozenset[str]) -> bool:
        if best not in known_there:
            return score >= self.alone
        return other in known and other not in FINER.get(best, ()) and score >= self.sure


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
        self.model.check()

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
