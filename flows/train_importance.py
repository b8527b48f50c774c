"""The flow ``train-importance``: target text and raw text in, a registered DSIR model out. The counting is in ``tasks/models/importance.py``."""

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from winnow.flows.entry import entry
from winnow.flows.training import already_trained, cached, done, files_and_digest
from winnow.tasks.models.files import Card, register, versions
from winnow.tasks.models.importance import Bags, training_digest
from winnow.tasks.runs.examples import Sources


@task(name="count words and pairs", cache_policy=NO_CACHE, persist_result=False)
def count(sources: Sources) -> Bags:
    bags = Bags()
    sources.gather(bags)
    return bags


@entry(
    name="train-importance",
    flow_run_name="{out}",
    description="Target text and raw text in, a model of importance weights (DSIR) out.",
)
def train_importance(
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
    licence: str = "",
    notify: str = "",
) -> Any:
    """Count, register, describe. Returns the card.

    Args:
        out: Name in the registry of models, or the path of a folder.
        positive: Files of the target - .txt (a document per line), .jsonl or .parquet with a column text.
        negative: Files of raw text, likewise.
        run: A finished run whose documents are text of either kind.
        store: The store of that run.
        positive_where: Which documents of the run are target text - SQL over its signals, url, host, kept, reason.
        negative_where: Which are raw text; empty - all others.
        positive_domains: A file with a domain or URL per line, whose documents are target text.
        negative_domains: The same for raw text.
        languages: Only documents of these; others get no value.
        licence: Licence of the model, for its card.
        notify: Notification block that is told when the training ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    sources = Sources.of(positive, negative, run, store, positive_where, negative_where, positive_domains, negative_domains, languages)
    described = sources.described()
    digest = training_digest(described)
    if known := already_trained(out, digest, licence):
        return cached(known)
    bags = count(sources)
    card = register(
        out,
        "importance",
        {"importance": bags.data()},
        {
            "version": digest[:12],
            "languages": list(languages),
            "licence": licence,
            "training": {"digest": digest, "run": str(flow_run.get_id() or ""), "sources": described},
            "figures": bags.figures,
            "versions": versions("winnow", "xxhash", "numpy"),
        },
    )
    return done(card, describe(card))


def describe(card: Card) -> str:
    """The card for people, in Markdown."""
    f = card.card["figures"]
    lines = [
        f"# {card.name}",
        f"Target: {f['target_texts']:,} texts, {f['target_words']:,} words. Raw: {f['raw_texts']:,} texts, {f['raw_words']:,} words.",
        *files_and_digest(card),
    ]
    return "\n\n".join(lines)
