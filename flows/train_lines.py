"""The flow ``train-lines``: pages whose lines are judged in, a registered model of lines out. The work itself is in ``tasks/models/classify/train_lines.py``."""

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from winnow.flows.entry import entry
from winnow.flows.training import already_trained, cached, done, files_and_digest
from winnow.tasks.models.classify.train_lines import train_lines, training_digest
from winnow.tasks.models.files import Card, register, versions
from winnow.tasks.runs.judged_lines import LineLabels


@task(name="lines", cache_policy=NO_CACHE, persist_result=False)
def fit(labels: list[str], run: str, store: str) -> tuple[bytes, dict[str, Any]]:
    given = LineLabels(tuple(labels), run, store)
    return train_lines(given.pages(), given.texts())


@entry(
    name="train-lines",
    flow_run_name="{out}",
    description="Pages whose lines are judged in, a model of lines out, with its figures on languages that it has not seen.",
)
def train_line_model(out: str, labels: list[str], run: str = "", store: str = "winnow-store", licence: str = "", notify: str = "") -> Any:
    """Train, register, describe. Returns the card.

    Args:
        out: Name in the registry of models, or the path of a folder.
        labels: JSONL files with text (a list of lines), labels (one per line) and lang, or Parquet tables of judged lines.
        run: The run whose documents such tables judge; the model knows the common words of its languages, too.
        store: Its store.
        licence: Licence of the model, for its card.
        notify: Notification block that is told when the training ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    given = LineLabels(tuple(labels), run, store)
    digest = training_digest(given.described())
    if known := already_trained(out, digest, licence):
        return cached(known)
    data, figures = fit(labels, run, store)
    card = register(
        out,
        "lines",
        {"lines": data},
        {
            "version": digest[:12],
            "languages": figures["languages"],
            "licence": licence,
            "training": {"digest": digest, "run": str(flow_run.get_id() or ""), "sources": given.sources()},
            "figures": figures,
            "versions": versions("winnow", "numpy"),
        },
    )
    return done(card, describe(card))


def describe(card: Card) -> str:
    """The card for people, in Markdown."""
    figures = card.card["figures"]
    page, blind, left = figures["by_page"], figures["by_page_without_words"], figures["left_out"]
    lines = [
        f"# {card.name}",
        f"{figures['lines']:,} lines, {figures['noise_share']:.1%} of them noise. On pages that it had not seen: AUC {page['auc']:.3f}, F1 of noise {page['noise_f1_at_half']:.3f} "
        f"(a rule of length at its best {page['length_rule_f1_best']:.3f}), calibration error {page['calibration_error']:.3f}.",
        f"It knows the common words of: {', '.join(figures['words_of']) or 'no language'}. Without them: F1 of noise {blind['noise_f1_at_half']:.3f}, calibration error "
        f"{blind['calibration_error']:.3f}.",
    ]
    if left:
        head = "| language left out | lines | F1 of noise | rule of length | AUC |\n| --- | --: | --: | --: | --: |\n"
        rows = (
            f"| {k} | {r['lines']:,} | {r['noise_f1']:.3f} | {r['length_rule_f1']:.3f} | {r['auc']:.3f} |"
            for k, r in left["languages"].items()
        )
        lines.append(head + "\n".join(rows))
    return "\n\n".join([*lines, *files_and_digest(card)])
