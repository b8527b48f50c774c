"""The flow ``purify-snapshots``: AutoPureData's loop (Vadlapati 2024). Each new crawl is curated; of each finished run a sample near the cut is judged, by a model or by
a person with a sheet; and when enough is judged the student is trained anew, before the next crawl is started. The work itself is in ``tasks/runs/purify.py``.

A look does what can be done now and ends; the schedule brings the next. What is done is found in the store, so a look that was killed is made again at no cost.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Any

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.states import Completed
from pydantic import Field

from winnow.flows.annotate import judge
from winnow.flows.entry import entry
from winnow.flows.train_student import train_student_of_head
from winnow.flows.watch import Watch, watch_of
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import store_at
from winnow.tasks.ledger.find import Finished
from winnow.tasks.runs.parameters import takes_request
from winnow.tasks.runs.purify import Purification, WaitingForPerson
from winnow.tasks.sources.snapshots import COMMON_CRAWLS_LIST, listed


@entry(
    later="The next look comes by the schedule.",
    name="purify-snapshots",
    flow_run_name="new crawls · {recipe} · {student}",
    description="Curates each new crawl, has a sample near the cut judged, and trains the student anew when enough is judged. Meant for a schedule.",
)
@partial(takes_request, leaving_out=("source", "snapshot"))
def purify_snapshots(
    *,
    student: str = "",
    head: str = "safety",
    labels: list[str] = [],  # noqa: B006
    endpoint: str = "",
    endpoint_options: dict[str, Any] = {},  # noqa: B006
    sheets: str = "",
    person: str = "person",
    sample: Annotated[int, Field(ge=1)] = 200,
    at_least: Annotated[int, Field(ge=1)] = 200,
    since: Annotated[str, Field(pattern=r"^(CC-MAIN-\d{4}-\d{2})?$")] = "",
    at_most: Annotated[int, Field(ge=1, le=100)] = 1,
    crawls: str = COMMON_CRAWLS_LIST,
    notify: str = "",
    **request: Any,
) -> Any:
    """Look once: judge what has finished, train if enough is judged, start what is new.

    Args:
        student: The registered student that the recipe asks, and that is trained anew; empty - crawls are curated, and nothing is judged.
        head: What the student learns, and what is judged - a shipped head, or the path of a head's file.
        labels: Files that the student learns from before anything is judged, as for train-student.
        endpoint: A model that judges - the base address of an OpenAI-compatible server, or block:NAME. Never a key.
        endpoint_options: What the endpoint has otherwise - model, requests_per_minute, price_prompt and so on.
        sheets: The folder for the sheets of a person who judges, where there is no endpoint.
        person: The name of that person.
        sample: How many documents of a run are judged; three quarters of them near the cut.
        at_least: So many new judgements make a new student.
        since: Crawls newer than this one are started, such as CC-MAIN-2026-38; empty for only what appears after the first look.
        at_most: How many crawls one look may start, and of how many runs it has a sample judged.
        crawls: The list of crawls, Common Crawl's collinfo.json or a file like it. A path or a URI.
        notify: The notification block that is told when this look or a run it started ends, as SLUG/NAME (custom-webhook/ops); empty for nobody.
    """
    store_at(request["store"]).open_for_writing()
    loop = None
    if student:
        loop = Purification(
            student,
            request["recipe"],
            head,
            tuple(labels),
            endpoint,
            endpoint_options,
            sheets,
            person,
            sample,
            at_least,
            request["store"],
        )
        if not loop.exists:
            _train(loop)
    known = listed(crawls)
    watch = watch_of(request, notify)
    done = look(watch, known, since, at_most, loop)
    for row in done:
        get_run_logger().info("%s: %s", row["what"], row["done"])
    create_table_artifact(done or [{"what": known[0], "done": "the newest; nothing new"}], key="purify", description="What was done")
    rounds = [{name: str(value) for name, value in each.items()} for each in (loop.rounds() if loop else [])]
    if rounds:
        create_table_artifact(rounds, key="purify-rounds", description=f"What was done to how many, and what the judges of {student} said")
    data = {"done": done, "rounds": loop.rounds(), "students": loop.trained()["students"]} if loop else {"done": done}
    if not done:
        return Completed(name="Cached", message=f"Nothing new; the newest crawl is {known[0]}", data=data)
    return Completed(message="; ".join(f"{row['what']}: {row['done']}" for row in done)[:1000], data=data)


def look(watch: Watch, known: Sequence[str], since: str, at_most: int, loop: Purification | None) -> list[dict[str, str]]:
    """What was done, in order: runs that ended are looked after, samples judged, the student trained, new crawls started. Raises what these raise."""
    done = [{"what": row["crawl"], "done": row["what"]} for row in watch.look_after()]
    if loop:
        for run in list(islice(loop.to_judge(), at_most)):
            done.append({"what": run.id, "done": _judged(loop, run)})
        if loop.due():
            done.append({"what": loop.student, "done": _trained(loop)})
    done += [{"what": row["crawl"], "done": row["what"]} for row in watch.start(known, since, at_most)]
    return done


def _judged(loop: Purification, run: Finished) -> str:
    """A sample of a run, judged; or what is waited for."""
    if loop.sheets:
        try:
            judged = loop.by_person(run)
        except WaitingForPerson as e:
            return f"waits for {loop.person}: {e}"
    else:
        reports = []
        for annotating in loop.annotatings(run):
            for annotation, part in annotating.missing():
                judge(annotating, annotation, part)
            reports += annotating.finish()
        judged = loop.judged_by_endpoint(reports)
    if judged and not any(row.valid for row in judged):
        problems = ", ".join(f"{name} {n}" for name, n in sorted(Counter(row.problem for row in judged).items(), key=str))
        return f"none of {len(judged)} answers can be read ({problems}): the run is looked at again, with another model or once the endpoint is mended"
    made = loop.close(run, judged)
    counts = ", ".join(f"{n:,} {name}" for name, n in made["actions"].items())
    return f"{made['judged']:,} of {made['asked']:,} documents judged; of {made['documents']:,}: {counts}"


def _trained(loop: Purification) -> str:
    """A new student, or why there is none. A run that is under way goes on with the version that it was begun with."""
    try:
        return _train(loop)
    except BadInput as e:  # the student that there is still works, and no crawl is to wait for another
        return f"could not be trained: {e}"


def _train(loop: Purification) -> str:
    """A new student, unless there is one of the same things."""
    if loop.exists and loop.digest() == _digest(loop):
        loop.note_trained(loop.card())
        return "was trained from these judgements already"
    state: Any = train_student_of_head(loop.student, loop.head, list(loop.sources().files), store=loop.store, return_state=True)
    card = state.result()
    loop.note_trained(card)
    held = card["figures"]["held_out"]
    return f"trained from {card['figures']['examples']['learnt_from']:,} documents as version {card['version']}; macro F1 {held['macro_f1']:.3f} on what was held out"


def _digest(loop: Purification) -> str:
    return str(loop.card().get("training", {}).get("digest", ""))
