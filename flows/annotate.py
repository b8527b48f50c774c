"""The flow ``annotate``: a sample of a run's documents is judged by a model behind an endpoint. The work itself is in ``tasks/runs/annotating.py``.

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
from winnow.tasks.labels.annotation import Annotation
from winnow.tasks.runs.annotating import Annotating, AnnotationRequest


def _name() -> str:
    asked = task_run.parameters
    return f"{asked['annotation'].head.name} {asked['part'] + 1}/{asked['annotating'].parts}"


@task(name="judge documents", task_run_name=_name, cache_policy=NO_CACHE, persist_result=False)
def judge(annotating: Annotating, annotation: Annotation, part: int) -> Tally:
    return annotating.judge(annotation, part, counter(annotation.head.name, part, annotating.parts))


@entry(
    later="",
    name="annotate",
    flow_run_name="{head}",
    description="A sample of a run's documents, judged by a model behind an endpoint. Run it again to resume: nothing is asked twice.",
)
def annotate(
    head: str,
    endpoint: str,
    sample: Annotated[int, Field(ge=0)] = 1000,
    run: str = "",
    store: str = "winnow-store",
    where: str = "",
    seed: int = 0,
    answer_tokens: Annotated[int, Field(ge=0)] = 0,
    again: bool = False,
    options: dict[str, Any] = {},  # noqa: B006
    parameters: dict[str, Any] = {},  # noqa: B006
    notify: str = "",
) -> Any:
    """Draw, ask, read. Returns the reports of the tables of judgements.

    Args:
        head: A shipped head, a group of them, or the path of a YAML file; several with commas.
        endpoint: The base address of an OpenAI-compatible server, block:NAME, echo, or scripted:FILE. Never a key.
        sample: How many documents are drawn; 0 for all.
        run: A finished run - its id, the beginning of it, or its manifest; the newest if empty.
        store: The store of that run.
        where: Which documents may be drawn - SQL over the run's signals, url, host, kept, reason.
        seed: The seed of the draw, of the order of choices and of excerpts.
        answer_tokens: The longest answer in tokens; 0 for what the head says.
        again: Ask again what is in quarantine.
        options: Of the endpoint - model, revision, key_variable (the name of an environment variable), requests_per_minute, tokens_per_minute, concurrency,
            timeout_s, attempts, patience_s, price_prompt, price_answer.
        parameters: Of sampling, as the API calls them, such as max_completion_tokens or temperature; null leaves a usual one out.
        notify: Notification block that is told when it ends, as SLUG/NAME (custom-webhook/ops). Empty - nobody.
    """
    asked = AnnotationRequest(
        head,
        sample,
        where,
        seed,
        answer_tokens,
        endpoint=endpoint,
        run=run,
        store=store,
        again=again,
        options=options,
        parameters=parameters,
    )
    return work_off(asked.prepared())


def work_off(annotating: Annotating) -> Any:
    """Judge the parts that are missing, one after another, so that the limits per minute hold for all."""
    tally = Tally()
    missing = annotating.missing()
    for annotation, part in missing:
        tally += judge(annotating, annotation, part)
    reports = annotating.finish()
    rows = [
        {name: str(r[name]) for name in ("head", "annotator", "documents", "rows", "valid", "problems", "price", "judged")} for r in reports
    ]
    create_table_artifact(rows, key="judgements", description=f"Judgements of {annotating.sample.run.id}")
    data = {"heads": reports, "asked": tally.described()}
    return ended(tally, missing=bool(missing), nothing="Nothing to ask: every document is judged.", data=data)
