"""``winnow train``: a model from texts, registered under a name."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from winnow import in_process
from winnow.cli.options import STORE, JsonOption, print_json

if TYPE_CHECKING:
    from winnow.tasks.models.files import Card
    from winnow.tasks.runs.examples import Sources

PANEL = "Models"
Many = Parameter(consume_multiple=True)

command = App(name="train", help="Train a model and register it.", default_parameter=Parameter(negative=()))


@command.command
def lm(
    *,
    lang: str,
    text: Annotated[list[str], Many],
    out: str,
    vocabulary: int = 65536,
    order: int = 5,
    prune: Annotated[tuple[int, ...], Many] = (0, 0, 1),
    estimator: str = "winnow",
    licence: str = "",
    json: JsonOption = False,
) -> None:
    """A language model for perplexity, trained as cc_net does: SentencePiece, KenLM.

    Args:
        lang: The language, as documents have it in their column language.
        text: Files: .txt (a line each), .jsonl or .parquet with a column text; .gz too.
        out: A name in the registry of models, or the path of a folder.
        vocabulary: Pieces of SentencePiece, at most (cc_net: 65536).
        order: The longest n-grams.
        prune: Per order, leave out n-grams that are seen at most so often.
        estimator: winnow, or lmplz if it is on the PATH (text larger than memory).
        licence: The licence of the model, for its card.
    """
    from winnow.tasks.models.ngram.train import LmOptions, training_digest

    options = LmOptions(lang, vocabulary, order, prune, estimator)
    digest, _ = training_digest([Path(t) for t in text], options)

    def train() -> Any:
        from winnow.flows.train_lm import train_language_model

        parameters: Any = {"vocabulary": vocabulary, "order": order, "prune": list(prune), "estimator": estimator}
        return train_language_model(lang, text, out, licence=licence, return_state=True, **parameters)

    found = _trained(out, digest, licence, "trained from these files with these options", train)
    if json:
        print_json(_card(found))
        return
    figures = found.card["figures"]
    print(f"model     {found.folder}\ntokens    {figures['tokens']:,}\nheld out  perplexity {figures['held_out_perplexity']}")
    print(f"use it    measure: {{perplexity: [{{perplexity.Perplexity: {{models: {{{lang}: {out}}}}}}}]}}")


def _trained(out: str, digest: str, licence: str, from_what: str, train: Callable[[], Any]) -> "Card":
    """The model of this name, if it has this digest; otherwise the one that the flow leaves. ``train`` imports its flow, after the settings that Prefect reads."""
    from winnow.flows.training import already_trained
    from winnow.tasks.models.files import registered

    if found := already_trained(out, digest, licence):
        print(f"Nothing to do: {found.folder} was {from_what}.", file=sys.stderr)
        return found
    in_process.check_server()
    in_process.settings(verbose=False)
    in_process.watched(train)
    return registered(out)


def _card(found: "Card") -> dict[str, Any]:
    """What ``--json`` says of a model."""
    return {"model": str(found.folder), "name": found.name, **found.card}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Examples:
    """What a model of two kinds learns from.

    Args:
        out: A name in the registry of models, or the path of a folder.
        positive: Files of positive examples: .txt (a document per line), .jsonl or .parquet; .gz too.
        negative: Files of negative examples.
        positive_where: SQL that chooses documents of --run, over its signals, url, host, kept and reason.
        negative_where: SQL that chooses negative documents of --run.
        positive_domains: A file with a list of domains or URLs, one a line, that chooses documents of --run.
        negative_domains: A file with a list of domains or URLs that chooses negative documents of --run.
        run: A finished run; negatives are its other documents unless they are chosen.
        store: The store of that run.
        lang: Only documents of these languages; the model gives others no score.
        licence: The licence of the model, for its card.
    """

    out: str
    positive: Annotated[list[str], Many] = field(default_factory=list)
    negative: Annotated[list[str], Many] = field(default_factory=list)
    positive_where: str = ""
    negative_where: str = ""
    positive_domains: str = ""
    negative_domains: str = ""
    run: str = ""
    store: str = STORE
    lang: Annotated[list[str], Many] = field(default_factory=list)
    licence: str = ""

    @property
    def sources(self) -> "Sources":
        """Checked. Raises BadInput."""
        from winnow.tasks.runs.examples import Sources

        return Sources.of(*self.words[1:])

    @property
    def words(self) -> tuple[Any, ...]:
        """As the flows take them."""
        return (
            self.out, self.positive, self.negative, self.run, self.store, self.positive_where, self.negative_where, self.positive_domains,
            self.negative_domains, self.lang,
        )  # fmt: skip


@command.command
def classifier(
    examples: Examples,
    *,
    preset: str = "",
    word_ngrams: int | None = None,
    dim: int | None = None,
    epochs: int | None = None,
    min_count: int | None = None,
    buckets: int | None = None,
    seed: int | None = None,
    learning_rate: float | None = None,
    prepare: str | None = None,
    per_class: int = 0,
    unbalanced: bool = False,
    head: str = "",
    labels: Annotated[list[str] | None, Many] = None,
    label_column: str = "",
    multi_label: bool = False,
    learner: str = "linear",
    input_: Annotated[str, Parameter(name="--input")] = "text",
    calibration: str = "platt",
    margin: float = 0.05,
    json: JsonOption = False,
) -> None:
    """A fastText classifier from positive and negative examples, or with --head a student of a head from labelled documents.

    Args:
        preset: Published options: quality, wikiref, educational, harmful or math.
        word_ngrams: The longest n-grams of words.
        dim: Numbers per word.
        epochs: Passes over the examples.
        min_count: Words seen less often are left out.
        buckets: Rows that n-grams share.
        seed: The seed of the order of examples, and of the first weights.
        learning_rate: The learning rate at the beginning.
        prepare: line for the text as it is; words for lower case, punctuation apart; prose for words without formulas.
        per_class: At most so many examples of each kind; 0 for all.
        unbalanced: Take all examples of both kinds; by default as many of one as of the other. Of a student: rare labels weigh no more than others.
        head: A shipped head, the path of a head's file, or a name for what --labels say: a student of it is trained.
        labels: Of a student: files of labelled documents, JSONL, CSV or Parquet with text, url and a label, or judgements of the documents of --run.
        label_column: Of a student: the column that holds the labels, if it is not called after the head, label or labels.
        multi_label: Of a student: any number of labels of a document hold; in a text they are parted by |.
        learner: Of a student: linear (hashed n-grams) or fasttext.
        input_: Of a student: what it sees, text, url+text or url.
        calibration: Of a student: platt or isotonic.
        margin: Of a student: by how much the likeliest label must be ahead of the second (of several labels: of its own cut); else it abstains.
    """
    if head:
        given: dict[str, Any] = {
            "learner": learner, "input": input_, "calibration": calibration, "margin": margin, "balanced": not unbalanced, "words": word_ngrams,
            "dim": dim, "epochs": epochs, "learning_rate": learning_rate, "seed": seed, "per_label": per_class or None,
        }  # fmt: skip
        chosen = {name: value for name, value in given.items() if value is not None}
        _student(examples, head, tuple(labels or ()), label_column, multi_label=multi_label, options=chosen, json=json)
        return
    from winnow.tasks.models.classify.train import options_of, training_digest

    given = {
        "word_ngrams": word_ngrams, "dim": dim, "epochs": epochs, "learning_rate": learning_rate, "min_count": min_count, "buckets": buckets,
        "seed": seed, "prepare": prepare,
    }  # fmt: skip
    changed = {name: value for name, value in given.items() if value is not None}
    options = options_of(preset, changed)
    rules = {"per_class": per_class, "balanced": not unbalanced}

    def train() -> Any:
        from winnow.flows.train_classifier import train_classifier

        return train_classifier(*examples.words, preset, changed, licence=examples.licence, return_state=True, **rules)

    found = _trained(
        examples.out,
        training_digest(examples.sources.described(), options, rules),
        examples.licence,
        "trained from these examples with these options",
        train,
    )
    if json:
        print_json(_card(found))
        return
    held = found.card["figures"]["held_out"]
    print(f"model     {found.folder}\nheld out  {held['positives']} positive, {held['negatives']} negative, AUC {held['auc']:.3f}")
    for row in (held["at_half"], held["best_f1"]):
        print(f"at {row['threshold']:<7g}precision {row['precision']:.3f}, recall {row['recall']:.3f}, F1 {row['f1']:.3f}")
    print(f"use it    measure: {{{found.name}: [{{classifier.Classifier: {{model: {examples.out}}}}}]}}")


def _student(
    examples: Examples, head: str, labels: tuple[str, ...], column: str, *, multi_label: bool, options: dict[str, Any], json: bool
) -> None:
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.models.classify.train_student import StudentOptions, training_digest
    from winnow.tasks.runs.labelled import LabelFiles
    from winnow.tasks.runs.questions import question

    if examples.positive or examples.negative or examples.positive_where or examples.negative_where:
        raise BadInput(
            "A student of a head learns from --labels; --positive and --negative are for a classifier of two kinds. Leave one of them out."
        )
    sources = LabelFiles(labels, column, examples.run, examples.store, tuple(examples.lang))
    asked = question(head, multi_label=multi_label)

    def train() -> Any:
        from winnow.flows.train_student import train_student_of_head

        return train_student_of_head(
            examples.out, head, list(labels), column, multi_label, examples.run, examples.store, examples.lang, options,
            licence=examples.licence, return_state=True,
        )  # fmt: skip

    found = _trained(
        examples.out,
        training_digest(sources.described(), asked, StudentOptions(**options)),
        examples.licence,
        "trained from these labels with these options",
        train,
    )
    if json:
        print_json(_card(found))
        return
    figures = found.card["figures"]
    held = figures["held_out"]
    print(f"model     {found.folder}\nheld out  {held['documents']} documents by {figures['held_out_by']}: accuracy {held['accuracy']:.3f}, "
          f"macro F1 {held['macro_f1']:.3f}, calibration error {held['calibration_error']:.3f}")  # fmt: skip
    for name, row in held["by_label"].items():
        cut = f", from {figures['cuts'][name]:.3f} on" if "cuts" in figures else ""
        print(f"  {name:<24} {row['documents']:>6}  precision {row['precision']:.3f}, recall {row['recall']:.3f}, F1 {row['f1']:.3f}{cut}")
    print(
        f"columns   {found.card['head']['name']}.label, .score, .second\nuse it    measure: {{{found.name}: [{{student.Student: {{model: {examples.out}}}}}]}}"
    )


@command.command
def importance(examples: Examples, *, json: JsonOption = False) -> None:
    """Importance weights (DSIR): words and pairs of words of a target text (positive) against raw text (negative)."""
    from winnow.tasks.models.importance import training_digest

    def train() -> Any:
        from winnow.flows.train_importance import train_importance

        return train_importance(*examples.words, licence=examples.licence, return_state=True)

    found = _trained(examples.out, training_digest(examples.sources.described()), examples.licence, "made from these texts", train)
    if json:
        print_json(_card(found))
        return
    figures = found.card["figures"]
    print(f"model     {found.folder}\ntarget    {figures['target_texts']} texts, {figures['target_words']} words")
    print(f"raw       {figures['raw_texts']} texts, {figures['raw_words']} words")
    print(f"use it    measure: {{{found.name}: [{{importance.Importance: {{model: {examples.out}, signal: {found.name}_importance}}}}]}}")


@command.command
def lines(
    *, labels: Annotated[list[str], Many], out: str, run: str = "", store: str = "winnow-store", licence: str = "", json: JsonOption = False
) -> None:
    """A model of lines: content or boilerplate, from pages whose lines are judged.

    Args:
        labels: JSONL files with text (a list of lines), labels (one per line) and lang; .gz too. Or Parquet tables of judged lines, or the folders of
            them that `winnow annotate` and `winnow label` write.
        out: A name in the registry of models, or the path of a folder.
        run: The run whose documents such tables judge, or one that the model is for: it will know the common words of the run's languages, for which no label is needed.
        store: The store of that run.
        licence: The licence of the model, for its card.
    """
    from winnow.tasks.models.classify.train_lines import training_digest
    from winnow.tasks.runs.judged_lines import LineLabels

    digest = training_digest(LineLabels(tuple(labels), run, store).described())

    def train() -> Any:
        from winnow.flows.train_lines import train_line_model

        return train_line_model(out, labels, run=run, store=store, licence=licence, return_state=True)

    found = _trained(out, digest, licence, "trained from these files", train)
    if json:
        print_json(_card(found))
        return
    figures = found.card["figures"]
    print(f"model     {found.folder}\nlines     {figures['lines']:,}, {figures['noise_share']:.1%} of them noise")
    pages = figures["by_page"]
    print(
        f"by page   AUC {pages['auc']:.3f}, F1 of noise {pages['noise_f1_at_half']:.3f}, calibration error {pages['calibration_error']:.3f}"
    )
    if figures["contradicted_lines"]:
        print(f"left out  {figures['contradicted_lines']:,} lines that are judged as content and as noise")
    print(f"words     knows the common ones of {', '.join(figures['words_of']) or 'no language (20 pages of it are needed)'}")
    if left := figures["left_out"]:
        print(
            f"language left out  F1 of noise {left['noise_f1']:.3f} (a rule of length {left['length_rule_f1']:.3f}), calibration error {left['calibration_error']:.3f}"
        )
    print(f"use it    measure: {{lines: [{{line_quality.LineQuality: {{model: {out}}}}}]}}, lines: {{low: 0.5}}")
