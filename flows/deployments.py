"""What can be run from the Prefect UI: every deployment, once. `winnow serve`, `winnow deploy` and infra/prefect.yaml are made from this list.

A flow is named by its module, so a worker needs the installed package and no copy of the repository.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import yaml

from winnow.tasks.engine.errors import BadInput

POOL = "winnow"
RUNS, STARTERS = "default", "starters"
"""Work queues of the pool. Runs take a machine's memory, so a worker takes a few of them at a time (`--limit`). What only starts other runs and waits for
them has a queue and a worker of its own: with one for both, a backfill would hold the slot that its own run waits for."""
WATCH = "watch-snapshots"
LOST = "No heartbeat: the machine or the worker is gone. Retry goes on where it was."
IN_PLACE = [{"prefect.deployments.steps.set_working_directory": {"directory": "."}}]
"""Without a pull step a worker copies its working directory, store included, to a temporary folder for each run. The flows are installed."""
LOST_AFTER_S = 180
"""A run whose flow process sends no heartbeat for so long is marked Crashed: six heartbeats of flows/serve.py, so that a busy machine is not."""


@dataclass(frozen=True)
class Deployment:
    """``flow`` is module.function; ``stored`` flows have a parameter ``store``, which gets its default when the deployment is registered."""

    flow: str
    name: str
    description: str
    tags: tuple[str, ...]
    stored: bool = True
    queue: str = RUNS
    parameters: Mapping[str, Any] = field(default_factory=dict)
    cron: str = ""
    """Registered switched off: a watch that nobody asked for would fill a disk. The UI's switch turns it on, that of ``WATCH`` also `winnow serve --watch`."""


DEPLOYMENTS = (
    Deployment(
        "winnow.flows.curate.curate_snapshot",
        "curate-snapshot",
        "A snapshot in, a curated corpus out. Run it again to resume; what is finished is found in the store.",
        ("winnow", "type:entry"),
        parameters={"recipe": "fineweb"},
    ),
    Deployment(
        "winnow.flows.watch.watch_snapshots",
        WATCH,
        "Starts one curation for each crawl that Common Crawl publishes, once, and resumes those that crashed.",
        ("winnow", "type:schedule"),
        queue=STARTERS,
        parameters={"recipe": "fineweb"},
        cron="30 5 * * *",
    ),
    Deployment(
        "winnow.flows.purify.purify_snapshots",
        "purify-snapshots",
        "Curates every new crawl with a recipe that marks or drops harmful pages, has a sample judged and trains the student anew (docs/safety.md).",
        ("winnow", "type:schedule"),
        queue=STARTERS,
        parameters={"recipe": "safe-web"},
        cron="30 6 * * *",
    ),
    Deployment(
        "winnow.flows.backfill.backfill",
        "backfill",
        "Curates a list or range of snapshots, the newest first, so many at once.",
        ("winnow", "type:entry"),
        queue=STARTERS,
        parameters={"recipe": "fineweb"},
    ),
    Deployment("winnow.flows.prune.prune", "prune", "Deletes from a store what no recorded run needs.", ("winnow", "type:upkeep")),
    Deployment(
        "winnow.flows.annotate.annotate",
        "annotate",
        "A sample of a run's documents, judged by a model behind an endpoint (docs/labels.md).",
        ("winnow", "type:labels"),
    ),
    Deployment(
        "winnow.flows.rate.rate",
        "rate",
        "Raters of a run weighed by what a model behind an endpoint prefers of two documents (docs/rating.md).",
        ("winnow", "type:labels"),
    ),
    Deployment(
        "winnow.flows.train_lm.train_language_model",
        "train-language-model",
        "Texts in, a registered language model out (docs/language-models.md).",
        ("winnow", "type:training"),
        stored=False,
    ),
    Deployment(
        "winnow.flows.train_classifier.train_classifier",
        "train-classifier",
        "Positive and negative examples in, a registered fastText classifier out (docs/models.md).",
        ("winnow", "type:training"),
    ),
    Deployment(
        "winnow.flows.train_student.train_student_of_head",
        "train-student",
        "Labelled documents in, a registered student of a head out (docs/students.md).",
        ("winnow", "type:training"),
    ),
    Deployment(
        "winnow.flows.recall.recall_topic",
        "recall-topic",
        "A few documents of a topic in, those of a run that are of this topic out, round by round (docs/recall.md).",
        ("winnow", "type:entry"),
    ),
    Deployment(
        "winnow.flows.train_lines.train_line_model",
        "train-lines",
        "Pages whose lines are judged in, a registered model of lines out (docs/line-quality.md).",
        ("winnow", "type:training"),
        stored=False,
    ),
    Deployment(
        "winnow.flows.train_importance.train_importance",
        "train-importance",
        "Target text and raw text in, registered importance weights (DSIR) out (docs/models.md).",
        ("winnow", "type:training"),
    ),
)


def prefect_yaml(prefect_version: str) -> str:
    """The same deployments for `prefect deploy`; the store comes from the environment variable WINNOW_STORE."""
    deployments = []
    for d in DEPLOYMENTS:
        entry: dict[str, Any] = {"name": d.name, "description": d.description, "tags": list(d.tags), "entrypoint": d.flow}
        entry["parameters"] = {**d.parameters, **({"store": "{{ $WINNOW_STORE }}"} if d.stored else {})}
        if d.cron:
            entry["schedules"] = [{"cron": d.cron, "timezone": "UTC", "active": False, "slug": "daily"}]
        deployments.append(entry | {"work_pool": {"name": POOL, "work_queue_name": d.queue}})
    head = (
        "# Made from flows/deployments.py: `python -m winnow.flows.deployments` writes it anew. `winnow deploy` registers the same without this file.\n"
        f"#   prefect work-pool create {POOL} --type process --base-job-template infra/pools/process.json\n"
        "#   export WINNOW_STORE=s3://bucket/winnow          # or an absolute path\n"
        "#   prefect --no-prompt deploy --all --prefect-file infra/prefect.yaml\n"
    )
    body = {"name": "winnow", "prefect-version": prefect_version, "pull": IN_PLACE, "deployments": deployments}
    return head + yaml.safe_dump(body, sort_keys=False, width=160)


def register(store: str, pool: str = POOL, *, watch: bool = False) -> list[str]:
    """Make blocks, work pool, deployments and the automation known to the Prefect server in use; what is there is brought up to date.

    A new pool is one of processes; an existing one is used as it is, whatever its kind. What somebody changed in the UI stays: schedules
    switched on or off (``watch`` switches them on), parameters but the store, job variables. Returns the names of the deployments.

    Raises:
        BadInput: the store is a path and the pool starts its runs on other machines.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.exceptions import ObjectNotFound
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    for block in import_module("winnow.blocks").BLOCKS:
        block.register_type_and_schema()
    kind = _pool(pool)
    if kind != "process" and "://" not in store and not store.startswith("block:"):
        raise BadInput(
            f"The work pool {pool} is of kind {kind}: its runs do not see the folder {store}. Give --store s3://… or block:NAME."
        )
    names = []
    for d in DEPLOYMENTS:
        module, _, function = d.flow.rpartition(".")
        flow: Any = getattr(import_module(module), function)
        switched = watch and d.name == WATCH
        active, parameters, variables = switched, dict(d.parameters), {}
        with get_client(sync_client=True) as client:
            try:
                there = client.read_deployment_by_name(f"{flow.name}/{d.name}")
                active = switched or any(schedule.active for schedule in there.schedules)
                parameters |= {name: value for name, value in there.parameters.items() if name in flow.parameters.properties}
                variables = dict(there.job_variables or {})
            except ObjectNotFound:
                pass
        made = flow.to_deployment(
            name=d.name,
            description=d.description,
            tags=list(d.tags),
            parameters={**parameters, **({"store": store} if d.stored else {})},
            schedules=[Cron(d.cron, timezone="UTC", active=active, slug="daily")] if d.cron else [],
            work_pool_name=pool,
            work_queue_name=d.queue,
            # Flows of a process worker would run in a temporary folder, where a recipe's relative path means nothing.
            job_variables={**variables, **({"working_dir": os.getcwd()} if kind == "process" else {})},
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        identity: Any = made.apply()
        with get_client(sync_client=True) as client:
            client.update_deployment(identity, DeploymentUpdate(pull_steps=IN_PLACE))
        names.append(made.full_name)
    _mark_the_lost()
    return names


def _pool(name: str) -> str:
    """The kind of the work pool, which is made if there is none of that name."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    from winnow.flows.pools import template

    with get_client(sync_client=True) as client:
        try:
            return str(client.read_work_pool(name).type)
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template("process")))
            return "process"


def _mark_the_lost() -> None:
    """An automation that marks a run Crashed whose process was killed with its worker; without it the run would be Running for ever."""
    from datetime import timedelta

    from prefect.automations import Automation
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import EventTrigger, Posture

    automations: Any = Automation  # its methods answer at once here, which their types do not say
    name = "winnow: runs without a heartbeat are Crashed"
    try:
        automations.read(name=name)
    except ValueError:
        automations(
            name=name,
            description=f"After {LOST_AFTER_S} s. {LOST}",
            trigger=EventTrigger(
                after={"prefect.flow-run.heartbeat"},
                expect={"prefect.flow-run.*"},
                match={"prefect.resource.id": ["prefect.flow-run.*"]},
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=timedelta(seconds=LOST_AFTER_S),
            ),
            actions=[ChangeFlowRunState(name=None, state=StateType.CRASHED, message=LOST, force=False)],
        ).create()


def infra_files(prefect_version: str) -> dict[str, str]:
    """What infra/ has of this: path below it -> text. tests/test_infra.py compares."""
    from winnow.flows.pools import KINDS, template

    pools = {f"pools/{kind}.json": json.dumps(template(kind), indent=2) + "\n" for kind in KINDS}
    return {"prefect.yaml": prefect_yaml(prefect_version), **pools}


if __name__ == "__main__":
    from importlib.metadata import version
    from pathlib import Path

    for path, text in infra_files(version("prefect")).items():
        (Path(__file__).parents[2] / "infra" / path).write_text(text, encoding="utf-8")
