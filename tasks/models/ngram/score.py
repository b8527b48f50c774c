"""Perplexity of texts under n-gram models: KenLM scores what SentencePiece cut (Wenzek et al. 2020, section 3.4).

A ``NgramModel`` is the pair of files for one language, and how a recipe may name it. Which text is a sentence is the business of
``tasks/signals/filters/perplexity.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.models.files import KNOWN, ModelFile, locate, registered
from winnow.tasks.models.ngram.kenlm_file import damage

Find = Callable[[Any], ModelFile]


@stable("option/ngram-model")
@dataclass(frozen=True)
class NgramModel:
    """KenLM and SentencePiece files that belong together, for texts of one language."""

    language: str
    kenlm: ModelFile
    sentencepiece: ModelFile


def ngram_models(value: Any, find: Find) -> tuple[NgramModel, ...]:
    """The models that a recipe names: a mapping of language to a family (cc_net, edugp), a model trained here, or ``{kenlm, sentencepiece}``.

    ``find`` turns a name, path, URI or mapping into a ModelFile.

    Raises:
        BadInput: not such a mapping, a family without that language, a model of another language or kind.
    """
    if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
        raise BadInput(f"models is {value!r}; write a mapping of language to model, such as {{en: cc_net}}.")
    return tuple(_ngram_model(language, spec, find) for language, spec in sorted(value.items()))


def _ngram_model(language: str, spec: Any, find: Find) -> NgramModel:
    if isinstance(spec, Mapping):
        if set(spec) != {"kenlm", "sentencepiece"}:
            raise BadInput(f"The model of {language} has the keys {sorted(map(str, spec))}; it needs kenlm and sentencepiece.")
        return NgramModel(language, find(spec["kenlm"]), find(spec["sentencepiece"]))
    families = sorted({name.split("/")[0] for name in KNOWN if name.endswith(".kenlm")})
    if spec in families:
        if f"{spec}/{language}.kenlm" not in KNOWN:
            offered = [n.split("/")[1].removesuffix(".kenlm") for n in KNOWN if n.startswith(f"{spec}/") and n.endswith(".kenlm")]
            raise BadInput(f"{spec} has no model of {language!r}. It has: {', '.join(sorted(offered))}.")
        return NgramModel(language, find(f"{spec}/{language}.kenlm"), find(f"{spec}/{language}.sentencepiece"))
    if not isinstance(spec, str):
        raise BadInput(f"The model of {language} is {spec!r}; give a family ({', '.join(families)}), a trained model, or both files.")
    found = registered(spec)
    if found.kind != "ngram":
        raise BadInput(f"The model {spec} is of the kind {found.kind}; perplexity needs one made by `winnow train lm`.")
    if found.card.get("language") != language:
        raise BadInput(f"The model {spec} was trained for {found.card.get('language')!r}, the recipe uses it for {language!r}.")
    return NgramModel(language, found.files["kenlm"], found.files["sentencepiece"])


class Scorer:
    """``log_score`` gives the log10 probability of a sentence and its length in tokens, the end of the sentence among them."""

    def __init__(self, model: Any, sentencepiece: Any) -> None:
        self._score, self._pieces = model.score, sentencepiece.encode_as_pieces

    @classmethod
    def of(cls, model: NgramModel) -> "Scorer":
        """The pair, loaded once per process; KenLM's binary is mapped and shared. Raises BadInput if a file or library is not usable."""
        return _loaded(model.kenlm, model.sentencepiece)

    def log_score(self, sentence: str) -> tuple[float, int]:
        """``sentence`` is normalised already. (0.0, 0) if nothing is left of it to score."""
        if not sentence.isascii():
            sentence = sentence.encode("utf-8", "replace").decode()
        pieces = self._pieces(sentence)
        tokens = " ".join(pieces)
        # As cc_net counts: a piece that holds white space of its own is more than one token.
        length = len(pieces) if tokens.isascii() else len(tokens.split())
        return (self._score(tokens), length + 1) if tokens else (0.0, 0)


def perplexity(log_score: float, length: int) -> float | None:
    """10 ** (-log_score / length); None where there is nothing to score."""
    return float(10.0 ** (-log_score / length)) if length else None


@cache
def _loaded(kenlm_file: ModelFile, sentencepiece_file: ModelFile) -> Scorer:
    return Scorer(load_ngrams(locate(kenlm_file)), load_pieces(locate(sentencepiece_file)))


def load_ngrams(path: Path) -> Any:
    """A KenLM model, mapped into memory. Raises BadInput if the file is not usable."""
    import kenlm

    if problem := damage(path):
        raise BadInput(f"{path} is not a usable KenLM model: {problem}. Get the file again, or name another in the recipe.")
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(str(path), config)
    except OSError as e:
        raise BadInput(f"KenLM cannot read {path}: {' '.join(str(e).split())[:300]}. Get the file again, or train the model.") from None


def load_pieces(path: Path) -> Any:
    """A SentencePiece model. Raises BadInput if it is not usable."""
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor()
    try:
        pieces.load(str(path))
        pieces.encode_as_pieces("a")
    except (RuntimeError, OSError) as e:
        said = " ".join(str(e).split())[:120]
        raise BadInput(
            f"{path} is not a SentencePiece model or is truncated ({said}). Get the file again, or name another in the recipe."
        ) from None
    return pieces
