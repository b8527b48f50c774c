"""``winnow recall``: the documents of a topic out of a run, from a few seeds."""

import sys
from typing import Annotated, Any

from cyclopts import Parameter

from winnow import in_process
from winnow.cli.options import STORE, EndpointOptions, JsonOption, RunOption, StoreOption, print_json

PANEL = "Labels"
Many = Parameter(consume_multiple=True, negative=())


def command(
    *,
    topic: str,
    seed: Annotated[list[str], Many],
    labels: Annotated[list[str] | None, Many] = None,
    label_column: str = "",
    sheets: str = "",
    domains: str = "",
    endpoint: EndpointOptions | None = None,
    head: str = "",
    least: float | None = None,
    rounds: int = 6,
    precision: float = 0.9,
    sample: int = 200,
    per_host: int = 500,
    per_template: int = 200,
    url_first: float = 0.0,
    random_seed: int = 0,
    dry_run: bool = False,
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Find the documents of a topic in a run: train on a few seeds, score, have a sample judged, collect, and again.

    Every round is kept in the store; the same command goes on where it was, and writes a table of domains for a yes or no.

    Args:
        topic: The name of the topic, as the labels have it.
        seed: Files of documents of the topic: .txt (a document per line), .jsonl or .parquet with text and url; .gz too.
        labels: Files that judge: JSONL, CSV or Parquet with id or url, and a label. Without any a person judges, with sheets.
        label_column: The column of the labels, if it is not called after the topic, topic, label or answer.
        sheets: The folder for the sheets that a person fills in; recall-TOPIC without one.
        domains: A table of domains that an earlier recall wrote, with yes or no in its last column.
        head: What an endpoint is asked: a shipped head or the path of one, with a label of the topic's name or yes. Without one: whether a document is of the topic.
        least: Of a head with a scale, the grade from which a document is of the topic.
        rounds: The most rounds.
        precision: The precision that is aimed at.
        sample: How many documents are judged in a round.
        per_host: How many examples of one host may teach.
        per_template: How many examples of one template of URLs may teach.
        url_first: Look at URLs first, and only at the texts that such a pass leaves, if it keeps this share of the known positives (0.95, say).
        random_seed: The seed of all that is drawn.
        dry_run: Say what would be asked, and ask nothing.
    """
    from winnow.tasks.engine.places import store_at
    from winnow.tasks.recall.options import RecallOptions
    from winnow.tasks.runs.recall import RecallRequest

    options: dict[str, Any] = {
        "rounds": rounds, "precision": precision, "sample": sample, "per_host": per_host, "per_template": per_template, "url_first": url_first,
        "seed": random_seed,
    }  # fmt: skip
    place, chosen = endpoint.chosen() if endpoint else ("", {})
    request = RecallRequest(
        topic,
        tuple(seed),
        run,
        store,
        tuple(labels or ()),
        label_column,
        sheets,
        domains,
        place,
        chosen,
        head,
        least,
        RecallOptions(**options),
    )
    if dry_run:
        found = request.forecast()
        if json:
            print_json(found)
        else:
            print(
                f"At most {found['questions_at_most']} questions in {found['rounds_left_at_most']} rounds; {found['rounds_done']} rounds are done."
            )
        return
    done = request.done()
    if done and (done[-1]["stops"] or len(done) == rounds):
        print("Nothing to do: every round is in the store.", file=sys.stderr)
        found = request.result()
    else:
        store_at(store).open_for_writing()
        in_process.check_server()
        in_process.settings(verbose=False)

        def flow() -> Any:
            from winnow.flows.recall import recall_topic

            return recall_topic(
                topic,
                list(seed),
                run,
                store,
                list(labels or ()),
                label_column,
                sheets,
                domains,
                place,
                chosen,
                head,
                least,
                options,
                return_state=True,
            )

        found = in_process.watched(flow)
    if json:
        print_json(found)
        return
    for each in found["rounds"]:
        print(
            f"round {each['round']}: {each['collected']} documents, {each['new']} of them new; precision {each['cut_precision']:.3f} "
            f"({each['cut_low']:.3f} to {each['cut_high']:.3f}), recall {each['cut_recall']:.3f} estimated, {each['judged_yes']} of {each['judged']} judged yes"
        )
    if found["status"] == "waiting":
        print(f"Answer the {found['questions']} questions in {found['sheet']} (yes or no), and give the same command again.")
        return
    print(f"documents {found['documents']}\ndomains   {found['domains']}\nstopped   {found['stopped']}\ndigest    {found['digest']}")
