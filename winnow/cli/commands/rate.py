"""``winnow rate``: several raters become one, weighed by what was judged."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winnow import in_process
from winnow.cli.options import STORE, EndpointOptions, JsonOption, ParametersOption, RunOption, StoreOption, print_json, sampling_parameters

if TYPE_CHECKING:
    from winnow.tasks.runs.pairing import Pairing

PANEL = "Labels"


def command(
    file: Path | None = None,
    /,
    *,
    raters: str,
    judged: str = "",
    endpoint: EndpointOptions | None = None,
    pairs: int = 500,
    question: str = "",
    parameters: ParametersOption = "",
    again: bool = False,
    out: Path | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Make one rating of several columns: they vote on pairs of documents, and votes are weighed by what was judged, or by what a model prefers.

    With an endpoint a model is asked about pairs of documents of one language and similar length, each in both orders. Nothing is asked twice.

    Args:
        file: JSONL with an id and the raters' columns, and language and text or text_chars if it has them: its ratings are printed. Without it, a finished run.
        raters: Numeric columns with commas, such as educational_score,-symbol_word_ratio; with a minus less is better.
        judged: JSONL of {id, score}, or of pairs {a, b, better}, or a table of judgements with scores; a URI too. Without it, and without an endpoint, raters are weighed by how they agree.
        pairs: How many pairs an endpoint is asked about, each in both orders.
        question: What an endpoint is asked of two pages; without it, which one is better to learn from.
        again: Ask again what could not be answered before.
        out: Write a recipe that derives from the run's and rates every document with these weights.
        dry_run: Say what would be asked and what it would cost, and ask nobody.
        verbose: Show Prefect's log.
    """
    from winnow.tasks.ledger import rating

    if endpoint:
        from winnow.tasks.runs.pairing import PairRequest

        place, options = endpoint.chosen()
        asking = PairRequest(
            raters,
            pairs,
            question,
            str(file or ""),
            judged,
            str(out or ""),
            endpoint=place,
            run=run,
            store=store,
            again=again,
            options=options,
            parameters=sampling_parameters(parameters),
        )
        pairing = asking.prepared()
        if dry_run:
            _print(pairing.forecast(), json)
            return
        figures = _asked(pairing, verbose)
        found = pairing.rated
    else:
        asked = rating.Asked(raters, judged, out)
        found = rating.of_file(file, asked) if file else rating.of_run(store, run, asked)
        if dry_run:
            _print(found.forecast(), json)
            return
        figures = found.learned()
    if file and json:
        for row in found.rated():
            print_json(row)
        return
    _print(figures, json)


def _asked(pairing: "Pairing", verbose: bool) -> dict[str, Any]:
    """The figures; what is not answered yet is asked by the flow."""
    now = None
    if pairing.missing():
        pairing.store.open_for_writing()
        in_process.check_server()
        in_process.settings(verbose=verbose)

        def flow() -> Any:
            from winnow.flows.rate import rate

            parameters: Any = asdict(pairing.request)
            return rate(**parameters, return_state=True)

        now = in_process.watched(flow, verbose=verbose)["asked"]["now"]
    figures = pairing.learned()
    return figures | {"asked": figures["asked"] | {"now": now}}


def _print(figures: dict[str, Any], json: bool) -> None:
    if json:
        print_json(figures)
        return
    for name, value in figures.items():
        shown = "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{name:<11} {shown}")
