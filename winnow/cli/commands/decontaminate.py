"""``winnow decontaminate``: benchmark items in a file of texts."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import JsonOption, print_json

PANEL = "Curate"
TEXTS_AT_ONCE = 256


def command(
    file: Path,
    /,
    *,
    against: Annotated[
        list[Path], Parameter(help="Benchmarks: JSONL with `question`, and if they have them `answer`, `passage`, `eval_key`.")
    ],
    mode: str = "winnow",
    json: JsonOption = False,
) -> None:
    """Find benchmark items in a JSONL file of texts.

    Args:
        file: One JSON object per line, with `text` and, if it has one, `id`.
        mode: The rule: winnow, gpt-3, llama-3, decon or mathcoder2.
    """
    from itertools import islice

    from winnow.tasks.decontamination.detect import detect_all
    from winnow.tasks.decontamination.evals import read_items
    from winnow.tasks.decontamination.index import EvalIndex
    from winnow.tasks.decontamination.modes import mode as mode_of
    from winnow.tasks.sources.jsonl import records

    index = EvalIndex(read_items(against), mode_of(mode))
    lines = records(file, "text")
    documents = contaminated = 0
    while batch := list(islice(lines, TEXTS_AT_ONCE)):
        for record, hits in zip(batch, detect_all([r["text"] for r in batch], index), strict=True):
            documents += 1
            contaminated += bool(hits)
            if json:
                found = [
                    {
                        "suite": index.items[h.item].suite,
                        "instance": index.items[h.item].instance,
                        "part": h.part,
                        "start": h.start,
                        "end": h.end,
                    }
                    | {"score": h.score, "answer": h.answer}
                    for h in hits
                ]
                print_json({"id": record.get("id"), "contaminated": bool(hits), "hits": found})
            else:
                for h in hits:
                    item = index.items[h.item]
                    print(
                        f"{record.get('id')}  {item.suite} {item.instance} ({h.part})  characters {h.start} to {h.end}, score {h.score:.2f}"
                    )
    if not json:
        print(f"{contaminated} of {documents} texts hold items of {len(index.items)}.")
