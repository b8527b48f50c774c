"""From a few judgements to tables, on real pages: a server on loopback answers with the registers that people gave (Turku, eight languages), at times late or with an error.
What is read must be what people said, and a second run must ask nothing: ``python -m tests.benchmarks.annotation [DOCUMENTS]``. Needs ``../shared/data``."""

import gzip
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml

from tests.endpoint.server import Server, chat
from tests.pipelines import finished
from tests.shared import DATA
from winnow.tasks.labels.judged import judgements, read
from winnow.tasks.runs.annotating import AnnotationRequest

REGISTERS = {
    "NA": "Narrative",
    "OP": "Opinion",
    "IN": "Informational",
    "IP": "Persuasion",
    "ID": "Discussion",
    "HI": "How-to",
    "LY": "Lyrical",
    "SP": "Spoken",
}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with gzip.open(DATA / "capabilities" / "05-taxonomy" / "turku_registers.jsonl.gz") as f:
        rows = [json.loads(line) for line in f]
    rows = [r for r in rows if any(x in REGISTERS for x in r["registers"])][:count]
    gold = {f"doc{n}": next(REGISTERS[x] for x in r["registers"] if x in REGISTERS) for n, r in enumerate(rows)}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "documents.jsonl").write_text(
            "\n".join(
                json.dumps({"id": f"doc{n}", "url": f"http://site{n % 300}.example/{n}", "text": r["text"]}) for n, r in enumerate(rows)
            )
        )
        (home / "register.yaml").write_text(
            yaml.safe_dump({"name": "register", "form": "choice", "prompt": "Which register?", "labels": list(REGISTERS.values())})
        )
        finished(home / "documents.jsonl", "raw", home / "store")

        def behave(body, before):
            page = body["messages"][1]["content"]
            number = int(page.partition("example/")[2].partition("\n")[0])
            if not before and number % 20 == 0:
                return 429, {}, {}
            if not before and number % 50 == 1:
                return 500, {}, {}
            letters = dict(reversed(line.split(": ", 1)) for line in body["messages"][0]["content"].split("\n") if line[1:3] == ": ")
            return chat(f"{letters[gold[f'doc{number}']]}: as people said")

        with Server(behave) as server:
            asked = AnnotationRequest(
                str(home / "register.yaml"), 0, endpoint=server.url, store=str(home / "store"), options={"model": "people"}
            )
            work = asked.prepared()
            for annotation, part in work.missing():
                work.judge(annotation, part)
            [report] = work.finish()
            sent = len(server.bodies)
            again = asked.prepared()
            for annotation, part in [(again.annotations[0], part) for part in range(again.parts)]:
                again.judge(annotation, part)
            repeated = len(server.bodies) - sent
        found = {j.id: j.label for j in judgements(read(Path(report["judged"])))}
    answered = Counter(json.dumps(b) for b in server.bodies)
    print("| documents | judged as people did | requests | answered twice | asked by a second run |\n| --: | --: | --: | --: | --: |")
    same = sum(found[i] == label for i, label in gold.items())
    print(f"| {len(rows):,} | {same / len(rows):.4f} | {sent:,} | {sum(n > 2 for n in answered.values())} | {repeated} |")


if __name__ == "__main__":
    main()
