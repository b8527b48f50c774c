"""The flow ``train-classifier``: labelled examples in, a registered fastText model out. The work itself is in ``tasks/models/classify/``.

Examples lie in a temporary folder while the flow runs; the registered card says what was trained from what, and the same training again is
recognised by its digest.
"""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from pydantic import Field

from winnow.flows.entry import entry
from winnow.flows.training import already_trained, cached, done, files_and_digest
from winnow.tasks.models.classify import train
from winnow.tasks.models.classify.examples import Examples, Split
from winnow.tasks.models.classify.train import ClassifierOptions
from winnow.tasks.models.files import Card, register, versions
from winnow.tasks.runs.examples import Sources

UNKEPT: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}


@task(name="gather examples", **UNKEPT)
def gather(sources: Sources, folder: Path, options: ClassifierOptions) -> Examples:
    examples = Examples(folder, options.prepare, options.seed)
    sources.gather(examples)
    return examples


@task(name="hold out", **UNKEPT)
def hold_out(examples: Examples, per_class: int, balanced: bool) -> Split:
    return examples.split(per_class=per_class, balanced=balanced)


fit = task(name="fastText", **UNKEPT)(train.train)


@entry(
    name="train-classifier",
    flow_run_name="{out}",
    description="Positive and negative examples in, a fastText classifier out, with its figures on examples held out.",
)
def train_classifier(
    out: str,
    positive: list[str] = [],  # noqa: B006
    negative: list[str] = [],  # noqa: B006
    run: str = "",
    store: str = "winnow-store",
    positive_where: str = "",
    negative_where: str = "",
    positive_domains: str = "",
    negative_domains: str = "",
    languages: list[str] = [],  # noqa: B006
    preset: str = "",
    options: dict[str, Any] = {},  # noqa: B006
    per_class: Annotated[int, Field(ge=0)] = 0,
    balanced: bool = True,
    licence: str = "",
    notify: str = "",
) -> Any:
    """Train, register, describe. Returns the card.

    Args:
        out: Name in the registry of models, or the path of a folder.
        positive: Files of positive examples - .txt (a document per line), .jsonl or .parquet with a column text.
        negative: Files of negative examples, likewise.
        run: A finished run whose documents are examples.
        store: The store of that run.
        positive_where: Which documents of the run are positive - SQL over its signals, url, host, kept, reason.
        negative_where: Which are negative; empty - all others.
        positive_domains: A file with a domain or URL per line, whose documents are positive.
        negative_domains: The same for negative ones.
        languages: Only documents of these; others get no score.
        preset: Empty, quality, wikiref, educational, harmful or math.
        options: What the preset has otherwise - word_ngrams, dim, epochs, learning_rate, min_count, buckets, seed, prepare.
        per_class: At most so many examples of each kind; 0 for all.
        balanced: Take as many of one kind as of the other.
        licence: Licence of the model, for its card.
        notify: Notification block that is told when the training ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    chosen = train.options_of(preset, options)
    sources = Sources.of(positive, negative, run, store, positive_where, negative_where, positive_domains, negative_domains, languages)
    described = sources.described()
    digest = train.training_digest(described, chosen, {"per_class": per_class, "balanced": balanced})
    if known := already_trained(out, digest, licence):
        return cached(known)
    with tempfile.TemporaryDirectory(prefix="winnow-train-") as name:
        examples = gather(sources, Path(name), chosen)
        split = hold_out(examples, per_class, balanced)
        model = fit(examples, split, chosen, Path(name))
    card = register(
        out,
        "classifier",
        {"fasttext": model.fasttext},
        {
            "version": digest[:12],
            "languages": list(languages),
            "licence": licence,
            "training": {
                "digest": digest,
                "run": str(flow_run.get_id() or ""),
                "sources": described,
                "preset": preset,
                "options": asdict(chosen) | {"per_class": per_class, "balanced": balanced},
            },
            "figures": model.figures,
            "versions": versions("winnow", "fasttext-numpy2-wheel", "numpy"),
        },
    )
    return done(card, describe(card))


def describe(card: Card) -> str:
    """The card for people, in Markdown."""
    figures = card.card["figures"]
    counts, held = figures["examples"], figures["held_out"]
    lines = [
        f"# {card.name}",
        f"Trained on {counts['train_positives']:,} positive and {counts['train_negatives']:,} negative examples; of {counts['given']:,} given, "
        f"{counts['repeated']:,} were repeated, {counts['both_kinds']:,} given as both kinds, {counts['left_out']:,} left out for balance.",
        f"Held out by {counts['held_out_by']}: {held['positives']:,} positive, {held['negatives']:,} negative. AUC {held['auc']:.3f}, calibration error "
        f"{held['calibration_error']:.3f}. Precision holds for this ratio of kinds, not for that of a crawl.",
        threshold_table(held),
        calibration_table(held),
        *files_and_digest(card),
    ]
    return "\n\n".join(lines)


def threshold_table(held: dict[str, Any]) -> str:
    """Markdown: precision, recall and F1 at each threshold, and the share of negatives that pass."""
    head = "| threshold | precision | recall | F1 | negatives kept |\n| --: | --: | --: | --: | --: |"
    best = held["best_f1"]["threshold"]
    return "\n".join(
        [head]
        + [
            f"| {r['threshold']:g}{' (best F1)' if r['threshold'] == best else ''} | {r['precision']:.3f} | {r['recall']:.3f} | {r['f1']:.3f} | {r['others_kept']:.3f} |"
            for r in held["thresholds"]
        ]
    )


def calibration_table(held: dict[str, Any]) -> str:
    """Markdown: per tenth of the score, its mean and the share of positives."""
    head = "| score | examples | mean score | positive |\n| --- | --: | --: | --: |"
    return "\n".join(
        [head]
        + [
            f"| {b['from']:.1f} to {b['to']:.1f} | {b['examples']:,} | {b['mean_score']:.3f} | {b['positive_share']:.3f} |"
            for b in held["calibration"]
        ]
    )
