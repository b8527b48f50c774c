"""The flow ``train-student``: labelled documents in, a registered student out. The work itself is in ``tasks/models/classify/``."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from winnow.flows.entry import entry
from winnow.flows.training import already_trained, cached, done, files_and_digest
from winnow.tasks.models.classify.labelled import Labelled, Question, labelled
from winnow.tasks.models.classify.train_student import StudentOptions, train_student, training_digest
from winnow.tasks.models.files import Card, register, versions
from winnow.tasks.runs.labelled import LabelFiles
from winnow.tasks.runs.questions import question

UNKEPT: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}


@task(name="gather labels", **UNKEPT)
def gather(sources: LabelFiles, asked: Question, options: StudentOptions) -> Labelled:
    return labelled(sources.rows(asked), asked, options.input, seed=options.seed, per_label=options.per_label)


fit = task(name="student", **UNKEPT)(train_student)


@entry(
    name="train-student",
    flow_run_name="{out}",
    description="Documents with labels in, a calibrated student of a head out, with its figures on hosts that were held out.",
)
def train_student_of_head(
    out: str,
    head: str,
    labels: list[str],
    label_column: str = "",
    multi_label: bool = False,
    run: str = "",
    store: str = "winnow-store",
    languages: list[str] = [],  # noqa: B006
    options: dict[str, Any] = {},  # noqa: B006
    licence: str = "",
    notify: str = "",
) -> Any:
    """Train, register, describe. Returns the card.

    Args:
        out: Name in the registry of models, or the path of a folder.
        head: A shipped head, the path of a head's file, or a name for what the labels say.
        labels: Files of labelled documents - JSONL, CSV or Parquet with text, url and a label, or judgements.
        label_column: The column that holds the labels; empty - the head's name, label or labels.
        multi_label: Any number of the labels of a document hold.
        run: The run whose documents the labels name by id.
        store: The store of that run.
        languages: Only documents of these; others get no answer.
        options: learner, input, words, chars, bits, calibration, balanced, margin, per_label, dim, epochs, learning_rate, seed.
        licence: Licence of the model, for its card.
        notify: Notification block that is told when the training ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    asked, chosen = question(head, multi_label=multi_label), StudentOptions(**options)
    sources = LabelFiles(tuple(labels), label_column, run, store, tuple(languages))
    described = sources.described()
    digest = training_digest(described, asked, chosen)
    if known := already_trained(out, digest, licence):
        return cached(known)
    with tempfile.TemporaryDirectory(prefix="winnow-train-") as name:
        found = gather(sources, asked, chosen)
        trained = fit(found, chosen, Path(name), tuple(languages))
    card = register(
        out,
        "student",
        trained.files,
        {
            "version": digest[:12],
            "languages": list(languages),
            "licence": licence,
            "head": {"name": asked.name, "digest": asked.head, "kind": asked.kind},
            "training": {
                "digest": digest,
                "run": str(flow_run.get_id() or ""),
                "sources": described,
                "options": asdict(chosen),
            },
            "figures": trained.figures,
            "versions": versions("winnow", "fasttext-numpy2-wheel", "numpy"),
        },
    )
    return done(card, describe(card))


def describe(card: Card) -> str:
    """The card for people, in Markdown."""
    figures = card.card["figures"]
    counts, held, options = figures["examples"], figures["held_out"], card.card["training"]["options"]
    lines = [
        f"# {card.name}",
        f"A student ({options['learner']}, on {options['input']}) of the head {card.card['head']['name']}. It learnt from {counts['learnt_from']:,} of {counts['given']:,} documents; "
        f"{counts['repeated']:,} were repeated, {counts['contradictory']:,} labelled in contradictory ways, {counts['unlabelled']:,} without a label, {counts['blank']:,} blank.",
        f"Held out by {figures['held_out_by']}: {held['documents']:,} documents. Accuracy {held['accuracy']:.3f} (the commonest label alone {held['majority_share']:.3f}), macro F1 "
        f"{held['macro_f1']:.3f}, calibration error {held['calibration_error']:.3f}. It answers {held['answered_share']:.1%} of the documents and abstains from the rest. On five folds of "
        f"what it learnt from ({figures['folds']['documents']:,} documents): accuracy {figures['folds']['accuracy']:.3f}, macro F1 {figures['folds']['macro_f1']:.3f}, calibration error "
        f"{figures['folds']['calibration_error']:.3f}.",
        "| label | learnt from | held out | precision | recall | F1 |\n| --- | --: | --: | --: | --: | --: |\n"
        + "\n".join(
            f"| {name} | {figures['labels'][name]:,} | {r['documents']:,} | {r['precision']:.3f} | {r['recall']:.3f} | {r['f1']:.3f} |"
            for name, r in held["by_label"].items()
        ),
    ]
    if "cuts" in figures:
        folds = figures["folds"]
        lines.append(
            "A label counts from its own cut on, the probability with its best F1 on documents that the model had not seen: "
            + ", ".join(f"{name} {cut:.3f}" for name, cut in figures["cuts"].items())
            + f". On the folds, with cuts of the other folds: macro F1 {folds['macro_f1']:.3f} and micro F1 {folds['micro_f1']:.3f}; with one cut at a half "
            f"{folds['at_half']['macro_f1']:.3f} and {folds['at_half']['micro_f1']:.3f}."
        )
    if held["by_language"]:
        lines.append(
            "| language | held out | accuracy | macro F1 |\n| --- | --: | --: | --: |\n"
            + "\n".join(
                f"| {name} | {r['documents']:,} | {r['accuracy']:.3f} | {r['macro_f1']:.3f} |" for name, r in held["by_language"].items()
            )
        )
    if figures["labels_not_learnt"]:
        lines.append("Too few examples to learn: " + ", ".join(f"{name} ({n})" for name, n in figures["labels_not_learnt"].items()) + ".")
    return "\n\n".join([*lines, *files_and_digest(card)])
