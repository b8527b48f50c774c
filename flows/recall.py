"""The flow ``recall-topic``: the documents of a topic out of a run, from a few seeds, round by round. The work itself is in ``tasks/recall/``.

Each round is a task, and what it found lies in the store: a run that was killed goes on with the first round that is not there. Where a person has to answer, the flow
ends with the place of the sheet, and goes on when it is started again.
"""

from typing import Any

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed

from winnow.flows.entry import entry
from winnow.tasks.recall.judge import Waiting
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.runs.recall import RecallRequest


@task(name="round", task_run_name="round {number}", cache_policy=NO_CACHE, persist_result=False)
def one_round(request: RecallRequest, number: int, before: dict[str, Any] | None) -> dict[str, Any] | Waiting:
    try:
        made = request.recall.round(number, before)
    except Waiting as e:
        return e
    found = made.described(request.recall.pool.ids)
    request.save(number, found, made)
    return found


@entry(
    name="recall-topic",
    flow_run_name="{topic}",
    description="A few documents of a topic in, the documents of a run that are of this topic out, with estimates of precision and recall.",
)
def recall_topic(
    topic: str,
    seeds: list[str],
    run: str = "",
    store: str = "winnow-store",
    labels: list[str] = [],  # noqa: B006
    label_column: str = "",
    sheets: str = "",
    domains: str = "",
    endpoint: str = "",
    endpoint_options: dict[str, Any] = {},  # noqa: B006
    head: str = "",
    least: float | None = None,
    options: dict[str, Any] = {},  # noqa: B006
    notify: str = "",
) -> Any:
    """Recall, keep every round, describe. Returns the result.

    Args:
        topic: Its name, as the labels have it.
        seeds: Files of documents of the topic - .txt (a document per line), .jsonl or .parquet with text and url.
        run: The run whose documents are looked through; empty - the newest.
        store: The store of that run.
        labels: Files that judge, with an id or url and a label; empty - a person, with sheets.
        label_column: The column of the labels; empty - the topic, topic, label or answer.
        sheets: The folder of the sheets for a person.
        domains: A table of domains with decisions, as an earlier recall wrote it.
        endpoint: A model that judges - the base address of an OpenAI-compatible server, or block:NAME.
        endpoint_options: What the endpoint has otherwise - model, requests_per_minute, price_prompt and so on.
        head: The head that it is asked; empty - whether a document is of the topic.
        least: Of a head with a scale, the grade from which a document is of the topic.
        options: rounds, precision, sample, per_host, per_template, url_first, chars, bits, seed.
        notify: Notification block that is told when the flow ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    request = RecallRequest(
        topic,
        tuple(seeds),
        run,
        store,
        tuple(labels),
        label_column,
        sheets,
        domains,
        endpoint,
        endpoint_options,
        head,
        least,
        RecallOptions(**options),
    )
    rounds = request.done()
    known = len(rounds)
    while len(rounds) < request.options.rounds and not (rounds and rounds[-1]["stops"]):
        found = one_round(request, len(rounds) + 1, rounds[-1] if rounds else None)
        if isinstance(found, Waiting):
            result = request.result(found)
            message = f"Answer the {found.questions} questions in {found.path}, then start it again"
            return Completed(name="Waiting", message=message, data=result)
        rounds.append(found)
    result = request.result()
    if len(rounds) == known:
        return Completed(name="Cached", message=f"Nothing to do: every round is in the store, {result['documents']}", data=result)
    create_table_artifact(result["rounds"], key="recall", description=f"{topic}: {result['collected']:,} documents")
    get_run_logger().info("%s: %s", topic, result["documents"])
    return Completed(message=f"{result['collected']:,} documents of {topic}", data=result)
