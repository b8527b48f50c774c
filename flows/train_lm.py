"""The flow ``train-language-model``: texts in, a registered KenLM and SentencePiece model out. The work itself is in ``tasks/models/ngram/train.py``.

Tasks hand sentences to each other in memory and persist nothing; the registered card says what was trained from what, and the same training
again is recognised by its digest.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from pydantic import Field

from winnow.flows.entry import entry
from winnow.flows.training import already_trained, cached, done, files_and_digest
from winnow.tasks.models.files import Card, register, versions
from winnow.tasks.models.ngram import train
from winnow.tasks.models.ngram.train import LmOptions

UNKEPT: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}

read = task(name="read and normalise", **UNKEPT)(train.read_sentences)
pieces = task(name="SentencePiece", **UNKEPT)(train.train_pieces)
ngrams = task(name="n-grams", **UNKEPT)(train.train_ngrams)


@entry(
    name="train-language-model",
    flow_run_name="{language} · {out}",
    description="Texts in, a language model for perplexity out: cc_net's normalisation, SentencePiece, modified Kneser-Ney, KenLM's binary.",
)
def train_language_model(
    language: str,
    text: list[str],
    out: str,
    vocabulary: Annotated[int, Field(ge=100, le=1 << 20)] = 65536,
    order: Annotated[int, Field(ge=2, le=6)] = 5,
    prune: list[int] = [0, 0, 1],  # noqa: B006
    estimator: Literal["winnow", "lmplz"] = "winnow",
    licence: str = "",
    notify: str = "",
) -> Any:
    """Train, register, describe. Returns the card.

    Args:
        language: The code that documents have in their column language.
        text: Files - .txt (a line each), .jsonl or .parquet with a column text; .gz too.
        out: Name in the registry of models, or the path of a folder.
        vocabulary: Pieces of SentencePiece, at most.
        order: Length of the longest n-grams.
        prune: Per order - n-grams seen at most so often are left out.
        estimator: winnow, or lmplz if it is on the PATH (text larger than memory).
        licence: Licence of the model, for its card.
        notify: Notification block that is told when the training ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    options = LmOptions(language, vocabulary, order, tuple(prune), estimator)
    paths = [Path(t) for t in text]
    digest, files = train.training_digest(paths, options)
    if known := already_trained(out, digest, licence):
        return cached(known)
    sentences = read(paths)
    model = ngrams(sentences, pieces(sentences, options), options)
    card = register(
        out,
        "ngram",
        {"kenlm": model.kenlm, "sentencepiece": model.sentencepiece},
        {
            "version": digest[:12],
            "language": language,
            "licence": licence,
            "training": {"digest": digest, "run": str(flow_run.get_id() or ""), "texts": files, "options": _plain(options)},
            "figures": model.figures,
            "versions": versions("winnow", "sentencepiece", "ufal-kenlm", "numpy"),
        },
    )
    return done(card, describe(card))


def _plain(options: LmOptions) -> dict[str, Any]:
    return {"vocabulary": options.vocabulary, "order": options.order, "prune": list(options.prune), "estimator": options.estimator}


def describe(card: Card) -> str:
    """The card for people, in Markdown."""
    figures = card.card["figures"]
    lines = [
        f"# {card.name}",
        f"{card.card['language']}, {card.card['training']['options']['order']}-grams; {figures['sentences']:,} sentences, {figures['tokens']:,} tokens, "
        f"{figures['pieces']:,} pieces; n-grams kept per order: {', '.join(f'{n:,}' for n in figures['ngrams'])}",
        f"Held-out perplexity: {figures['held_out_perplexity']} ({figures['held_out_sentences']:,} sentences, "
        "each scored alone: not comparable with that of whole documents)",
        *files_and_digest(card),
    ]
    return "\n\n".join(lines)
