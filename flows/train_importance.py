"""The flow ``train-importance``: target text and raw text in, a registered DSIR model out. The counting is in ``tasks/importance.py``."""

from typing import Annotated, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field

from flows import notify as notifications
from flows.examples import Choice, Sources
from flows.training import files_and_digest, leave
from tasks.core.errors import WinnowError
from tasks.importance import Bags, training_digest
from tasks.models import Card, register, versions


@task(name="count words and pairs", cache_policy=NO_CACHE, persist_result=False)
def count(sources: Sources) -> Bags:
    bags = Bags()
    sources.gather(bags)
    return bags


@flow(
    name="train-importance",
    flow_run_name="{out}",
    description="Target text and raw text in, a model of importance weights (DSIR) out.",
    **notifications.HOOKS,
)
def train_importance(
    out: Annotated[str, Field(title="Name", description="Name in the registry of models, or the path of a folder.")],
    positive: Annotated[
        list[str], Field(title="Target files", description=".txt (a document per line), .jsonl or .parquet with a column text.")
    ] = [],  # noqa: B006
    negative: Annotated[list[str], Field(title="Raw files", description="As the target's.")] = [],  # noqa: B006
    run: Annotated[str, Field(title="Run", description="A finished run whose documents are text of either kind.")] = "",
    store: Annotated[str, Field(title="Store", description="The store of that run.")] = "winnow-store",
    positive_where: Annotated[str, Field(title="Target where", description="SQL over the run's signals, url, host, kept, reason.")] = "",
    negative_where: Annotated[str, Field(title="Raw where", description="The same; without it all other documents of the run.")] = "",
    positive_domains: Annotated[str, Field(title="Target sites", description="A file with a domain or URL per line.")] = "",
    negative_domains: Annotated[str, Field(title="Raw sites", description="The same.")] = "",
    languages: Annotated[list[str], Field(title="Languages", description="Only documents of these; others get no value.")] = [],  # noqa: B006
    licence: Annotated[str, Field(title="Licence", description="Licence of the model, for its card.")] = "",
    notify: Annotated[str, Field(title="Notify", description="Notification block that is told of the end: SLUG/NAME.")] = "",
) -> Any:
    """Count, register, describe. Returns the card."""
    try:
        notifications.check(notify)
        sources = Sources(
            Choice(tuple(positive), positive_where, positive_domains),
            Choice(tuple(negative), negative_where, negative_domains),
            run,
            store,
            tuple(languages),
        )
        described = sources.described()
        digest = training_digest(described)
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
    except WinnowError as e:
        return Failed(message=str(e), data=e)
    leave(card, describe(card))
    get_run_logger().info("Registered %s", card.folder)
    return Completed(message=f"Registered {card.folder}", data=dict(card.card))


def describe(card: Card) -> str:
    """The card for people, in Markdown."""
    f = card.card["figures"]
    lines = [
        f"# {card.name}",
        f"Target: {f['target_texts']:,} texts, {f['target_words']:,} words. Raw: {f['raw_texts']:,} texts, {f['raw_words']:,} words.",
        *files_and_digest(card),
    ]
    return "\n\n".join(lines)
