"""Perplexity of texts under n-gram models: KenLM scores what SentencePiece cut (Wenzek et al. 2020, section 3.4).

A ``NgramModel`` is the pair of files for one language, and how a recipe may name it. Which text is a sentence is the business of
``tasks/filters/perplexity.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tasks.core.errors import BadInput
from tasks.models import KNOWN, ModelFile, locate, registered
from tasks.ngram.kenlm_file import damage

Find = Callable[[Any], ModelFile]


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
    families = sorted({name.split("/")[0] for name in KNOWN if "/" in name})
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

    def __init__(self, kenlm: Any, sentencepiece: Any) -> None:
        self._score, self._pieces = kenlm.score, sentencepiece.encode_as_pieces

    @classmethod
    def of(cls, model: NgramModel) -> "Scorer":
        """The pair, loaded once per process; KenLM's binary is mapped and shared. Raises BadInput if a file or library is not usable."""
        return _loaded(model.kenlm, model.sentencepiece)

    def log_score(self, sentence: str) -> tuple[float, int]:
        """``sentence`` is normalised already. (0.0, 0) if nothing is left of it to score."""
        try:
            pieces = self._pieces(sentence)
        except UnicodeEncodeError:  # a lone surrogate
            pieces = self._pieces(sentence.encode("utf-8", "replace").decode())
        tokens = " ".join(pieces)
        # As cc_net counts: a piece that holds white space of its own is more than one token.
        length = len(pieces) if tokens.isascii() else len(tokens.split())
        return (self._score(tokens), length + 1) if tokens else (0.0, 0)


def perplexity(log_score: float, length: int) -> float | None:
    """10 ** (-log_score / length); None where there is nothing to score."""
    return float(10.0 ** (-log_score / length)) if length else None


@cache
def _loaded(kenlm_file: ModelFile, sentencepiece_file: ModelFile) -> Scorer:
    try:
        import kenlm
        import sentencepiece
    except ImportError as e:
        raise BadInput(
            f"Perplexity needs the package {e.name}, which is not installed: run `make setup`, or pip install {e.name}."
        ) from None
    model_path, pieces_path = locate(kenlm_file), locate(sentencepiece_file)
    if problem := damage(model_path):
        raise BadInput(f"{model_path} is no usable KenLM model: {problem}. Get the file again, or name another in the recipe.")
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    pieces = sentencepiece.SentencePieceProcessor()
    try:
        model = kenlm.Model(str(model_path), config)
    except OSError as e:
        raise BadInput(
            f"KenLM cannot read {model_path}: {' '.join(str(e).split())[:300]}. Get the file again, or train the model."
        ) from None
    try:
        pieces.load(str(pieces_path))
        pieces.encode_as_pieces("a")
    except (RuntimeError, OSError) as e:
        raise BadInput(
            f"{pieces_path} is no SentencePiece model or is truncated ({' '.join(str(e).split())[:120]}). Get the file again, or name another in the recipe."
        ) from None
    return Scorer(model, pieces)
