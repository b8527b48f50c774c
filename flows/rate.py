"""The flow ``rate``: a model prefers one of two documents, pair by pair, and raters are weighed by what it prefers. The work itself is in ``tasks/runs/pairing.py``.

The endpoint's key is no parameter: it is read from the environment or a winnow-endpoint block at the moment of sending.
"""

from typing import Annotated, Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import task_run
from pydantic import Field

from winnow.flows.asking import counter, ended
from winnow.flows.entry import entry
from winnow.tasks.endpoint.client import Tally
from winnow.tasks.runs.pairing import Pairing, PairRequest


def _name() -> str:
    asked = task_run.parameters
    return f"pairs {asked['part'] + 1}/{asked['pairing'].parts}"


@task(name="judge pairs", task_run_name=_name, cache_policy=NO_CACHE, persist_result=False)
def judge(pairing: Pairing, part: int) -> Tally:
    return pairing.judge(part, counter("pairs", part, pairing.parts))


@entry(
    later="",
    name="rate",
    flow_run_name="{raters}",
    description="Pairs of a run's documents, judged by a model in both orders, and the weights of raters that follow. Run it again to resume: nothing is asked twice.",
)
def rate(
    raters: str,
    endpoint: str,
    pairs: Annotated[int, Field(ge=1)] = 500,
    question: str = "",
    file: str = "",
    judged: str = "",
    out: str = "",
    run: str = "",
    store: str = "winnow-store",
    again: bool = False,
    options: dict[str, Any] = {},  # noqa: B006
    parameters: dict[str, Any] = {},  # noqa: B006
    notify: str = "",
) -> Any:
    """Draw pairs, ask, weigh. Returns the figures of the weights.

    Args:
        raters: Numeric signals with commas; with a minus less is better.
        endpoint: The base address of an OpenAI-compatible server, block:NAME, echo, or scripted:FILE. Never a key.
        pairs: How many pairs are drawn; each is asked in both orders.
        question: Which of two pages is preferred; empty - the better one to learn from.
        file: JSONL of documents with id, text and the raters' columns; empty - a run.
        judged: JSONL of what was judged before, documents with scores or pairs.
        out: Where a recipe with the weights is written.
        run: A finished run - its id, the beginning of it, or its manifest; the newest if empty.
        store: The store of that run, which keeps the answers.
        again: Ask again what is in quarantine.
        options: Of the endpoint - model, revision, key_variable (the name of an environment variable), requests_per_minute, tokens_per_minute, concurrency,
            timeout_s, attempts, patience_s, price_prompt, price_answer.
        parameters: Of sampling, as the API calls them, such as max_completion_tokens or temperature; null leaves a usual one out.
        notify: Notification block that is told when it ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    asked = PairRequest(
        raters,
        pairs,
        question,
        file,
        judged,
        out,
        endpoint=endpoint,
        run=run,
        store=store,
        again=again,
        options=options,
        parameters=parameters,
    )
    pairing = asked.prepared()
    missing = pairing.missing()
    tally = sum((judge(pairing, part) for part in missing), Tally())
    figures = pairing.learned()
    figures["asked"]["now"] = tally.described()
    rows = [{"rater": name, "weight": str(weight)} for name, weight in figures["weights"].items()]
    create_table_artifact(rows, key="rating", description=f"Weights of raters, by {figures['asked']['pairs']:,} pairs")
    return ended(tally, missing=bool(missing), nothing="Nothing to ask: every pair is judged.", data=figures)
