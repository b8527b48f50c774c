"""``winnow annotate``: a model behind an endpoint judges a sample of a run's documents."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from winnow import in_process
from winnow.cli.options import STORE, EndpointOptions, JsonOption, ParametersOption, RunOption, StoreOption, print_json, sampling_parameters
from winnow.tasks.engine.errors import BadInput

if TYPE_CHECKING:
    from winnow.tasks.runs.annotating import Annotating

PANEL = "Labels"


def command(
    *,
    head: str,
    endpoint: EndpointOptions,
    sample: int = 1000,
    where: str = "",
    seed: int = 0,
    answer_tokens: int = 0,
    parameters: ParametersOption = "",
    again: bool = False,
    batch_out: Path | None = None,
    batch_in: Annotated[list[Path], Parameter(consume_multiple=True)] = [],  # noqa: B006
    dry_run: bool = False,
    verbose: bool = False,
    run: RunOption = "",
    json: JsonOption = False,
    store: StoreOption = STORE,
) -> None:
    """Have a model judge a sample of a run's documents: topics, quality, safety, lines, or a head of your own. Nothing is asked twice.

    Args:
        head: A shipped head, a group of them, or the path of a YAML file; several with commas. docs/labels.md lists them.
        sample: How many documents are drawn; 0 for all.
        where: SQL over the run's signals, url, host, kept and reason: which documents may be drawn.
        seed: The seed of the draw, of the order of choices and of excerpts.
        answer_tokens: The longest answer in tokens; 0 for what the head says. Models that think need more.
        again: Ask again what could not be answered before.
        batch_out: Write what would be asked as batch files (OpenAI's Batch API) into this folder, and ask nobody.
        batch_in: Read the answers from the output of such files, and ask nobody.
        dry_run: Say what would be asked and what it would cost, and ask nobody.
        verbose: Show Prefect's log.
    """
    from winnow.tasks.runs.annotating import AnnotationRequest

    place, options = endpoint.chosen()
    asked = AnnotationRequest(
        head,
        sample,
        where,
        seed,
        answer_tokens,
        endpoint=place,
        run=run,
        store=store,
        again=again,
        options=options,
        parameters=sampling_parameters(parameters),
    )
    annotating = asked.prepared()
    if dry_run:
        _forecast(annotating, json)
        return
    if batch_out:
        files = annotating.write_batch(batch_out)
        if json:
            print_json({"files": [str(f) for f in files]})
        else:
            print("\n".join(map(str, files)) or "There is nothing to ask: every query is answered.")
        return
    if batch_in:
        read = annotating.read_batch(batch_in)
        left = annotating.forecast().to_ask
        if left:
            why = ", ".join(f"{name} {n}" for name, n in sorted(read.problems.items()))
            raise BadInput(
                f"{read.taken} answers were read, {left} are still missing{f' ({why})' if why else ''}. Write another batch with --batch-out, or leave --batch-in out "
                "to ask the endpoint for the rest."
            )
    result = _judged(annotating, verbose)
    if json:
        print_json(result)
        return
    print("\n".join(said(result)))


def _judged(annotating: "Annotating", verbose: bool) -> dict[str, Any]:
    """The reports of the tables, made by the flow if anything is missing."""
    if not annotating.missing():
        return {"heads": annotating.finish(), "asked": None}
    annotating.store.open_for_writing()
    in_process.check_server()
    in_process.settings(verbose=verbose)

    def flow() -> Any:
        from winnow.flows.annotate import annotate

        parameters: Any = asdict(annotating.request)
        return annotate(**parameters, return_state=True)

    return in_process.watched(flow, verbose=verbose)


def said(result: dict[str, Any]) -> list[str]:
    """The result for people."""
    lines = []
    for r in result["heads"]:
        lines.append(
            f"{r['head']:<32} {r['documents']:,} documents, {r['rows']:,} judgements, {r['rows'] - r['valid']:,} invalid, price {r['price']:g}"
        )
        if r["problems"]:
            lines.append("  invalid: " + ", ".join(f"{name} {n:,}" for name, n in sorted(r["problems"].items())))
        most = sorted(r["labels"].items(), key=lambda kv: (-kv[1], kv[0]))[:8]
        if most:
            lines.append("  " + ", ".join(f"{name} {n:,}" for name, n in most))
        lines.append(f"  {r['judged']}")
    if result["asked"] is None:
        lines.append("Nothing was asked: every document is judged.")
    else:
        asked = result["asked"]
        lines.append(f"{asked['asked']:,} queries answered now, {asked['known']:,} known before; {asked['requests']:,} requests.")
    lines.append(f"use it    judged: [{', '.join(r['judged'] for r in result['heads'])}]")
    first = result["heads"][0]
    learner = "lines" if first["form"] == "lines" else f"classifier --head {first['head']}"
    lines.append(f"learn it  winnow train {learner} --labels {first['judged']} --run {first['run']} --out NAME")
    return lines


def _forecast(annotating: "Annotating", json: bool) -> None:
    found = annotating.forecast()
    plain = {"run": annotating.sample.run.id, "documents": len(annotating.sample), "heads": [a.head.name for a in annotating.annotations]}
    plain |= {"model": annotating.endpoint.model, **found.described()}
    if json:
        print_json(plain)
        return
    print(f"{len(annotating.sample):,} of {annotating.sample.candidates:,} documents of {annotating.sample.run.id}")
    print(f"{found.queries:,} queries, {found.known:,} of them answered already; {found.to_ask:,} to ask {annotating.endpoint.model}")
    print(f"about {found.prompt_tokens:,} tokens of prompts, {found.answer_tokens:,} of answers (at most {found.answer_tokens_most:,})")
    print(f"price about {found.price:g}, at most {found.price_most:g}; at least {found.minutes_least:g} minutes at the limits given")
