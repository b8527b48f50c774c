"""``winnow evaluate``: how good a part of Winnow is, measured against files that people have labelled."""

from pathlib import Path

from cyclopts import App

from winnow.cli.options import STORE, JsonOption, print_json

PANEL = "Look into a run"
command = App(help="Measure a part of Winnow against labelled files.")


@command.command
def pii(*files: Path, json: JsonOption = False) -> None:
    """Precision and recall of the search for personal data, per kind.

    Args:
        files: JSONL with `text`, and `spans` or `entities`: see docs/personal-data.md.
    """
    from winnow.tasks.corpus.pii.evaluate import evaluate
    from winnow.tasks.corpus.pii.registry import kinds
    from winnow.tasks.engine.errors import BadInput

    if not files:
        raise BadInput("Name at least one labelled file: winnow evaluate pii FILES.")
    scores = evaluate(files, tuple(kinds()))
    if json:
        for score in scores:
            print_json(score.described())
        return
    print(f"{'kind':<14}{'labels':>8}{'found':>8}{'spans':>8}{'right':>8}{'precision':>11}{'recall':>9}{'F1':>8}")
    for s in scores:
        print(f"{s.kind:<14}{s.gold:>8}{s.found:>8}{s.spans:>8}{s.right:>8}{s.precision:>11.3f}{s.recall:>9.3f}{s.f1:>8.3f}")


@command.command
def agreement(*files: str, json: JsonOption = False) -> None:
    """How far annotators agree (Cohen's kappa), and how much one head tells about another (normalised mutual information).

    Args:
        files: Tables of judgements, as `winnow annotate` and `winnow label` write them: Parquet files, or folders of them; also s3://… or block:NAME/…
    """
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.runs.annotating import compared

    if not files:
        raise BadInput("Name at least one table of judgements: winnow evaluate agreement FILES.")
    found, information = compared(files)
    if json:
        print_json({"agreement": [a.described() for a in found], "mutual_information": information})
        return
    print(f"{'head':<32}{'annotators':<40}{'both':>7}{'agree':>8}{'kappa':>8}{'± s.e.':>8}{'overlap':>9}")
    for a in found:
        pair = f"{a.first}, {a.second}"
        print(f"{a.head:<32}{pair:<40}{a.items:>7}{a.observed:>8.3f}{a.kappa:>8.3f}{a.standard_error:>8.3f}{a.overlap:>9.3f}")
    for annotator, matrix in information.items():
        print(f"\nNormalised mutual information of the heads of {annotator}")
        for head, row in matrix.items():
            print(f"{head:<32}" + "".join(f"{value:>8.3f}" for value in row.values()))


@command.command
def lines(*files: str, run: str = "", store: str = STORE, json: JsonOption = False) -> None:
    """How well a model of lines tells content from boilerplate, on pages and on languages that it was not trained on.

    Args:
        files: JSONL with `text` (a list of lines), `labels` (one per line) and `lang`: see docs/line-quality.md. Or Parquet tables of judged lines, or the folders
            of them that `winnow annotate` and `winnow label` write.
        run: The run whose documents such tables judge.
        store: The store of that run.
    """
    from winnow.tasks.models.classify.train_lines import train_lines
    from winnow.tasks.runs.judged_lines import LineLabels

    given = LineLabels(files, run, store)
    _, figures = train_lines(given.pages(), given.texts())
    if json:
        print_json(figures)
        return
    page, left = figures["by_page"], figures["left_out"]
    print(f"{'':<14}{'lines':>8}{'F1 of noise':>13}{'rule of length':>16}{'AUC':>8}{'ECE':>8}")
    for name, row in (("by page", page), ("  no words", figures["by_page_without_words"])):
        print(
            f"{name:<14}{figures['lines']:>8}{row['noise_f1_at_half']:>13.3f}{row['length_rule_f1_best']:>16.3f}{row['auc']:>8.3f}{row['calibration_error']:>8.3f}"
        )
    for name, row in left.get("languages", {}).items():
        print(
            f"{'without ' + name:<14}{row['lines']:>8}{row['noise_f1']:>13.3f}{row['length_rule_f1']:>16.3f}{row['auc']:>8.3f}{row['calibration_error']:>8.3f}"
        )
    if left:
        print(
            f"{'left out, all':<14}{'':>8}{left['noise_f1']:>13.3f}{left['length_rule_f1']:>16.3f}{'':>8}{left['calibration_error']:>8.3f}"
        )
