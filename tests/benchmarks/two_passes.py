"""What two passes cost against one faithful pass over all pages (docs/extraction.md, "Two passes").

    python -m tests.benchmarks.two_passes [--files N] [--source MIRROR]

Each side is a whole recipe on the same files in one process: FineWeb's rules on Markdown of every page, and FineWeb's rules on the text of Resiliparse with only the
kept pages read again. The sides take turns, ``--rounds`` times, and the least CPU time of each is compared: other processes can only add to it. Printed are CPU
seconds of the steps that make texts and of all steps, and how many documents each side keeps.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.machine import ROOT, SOURCE, described, warc_files

SIDES = {
    "one faithful pass": "extends: fineweb\nstructure: markdown\n",
    "two passes": "extends: fineweb-two-pass\n",
    "two passes, the learned extractor in both": "extends: fineweb\nrefine: {structure: markdown, correct: false}\n",
}
TEXTS = ("extract", "refine")
RUN = """
import json, sys
sys.path.insert(0, {root!r})
from winnow.tasks.engine.worker import settle
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare
settle()
run = prepare(Request({source!r}, {recipe!r}, {out!r}, 1))
run.context.store.open_for_writing()
run.pipeline.check()
LearnedBlocks().load()
cost, notes = {{}}, {{}}
while works := run.plan.missing():
    for shard, addresses in works[0].todo.items():
        for report in run.context.make(works[0].stage.steps, shard, addresses):
            run.plan.mark(report["address"], shard)
            name = report["address"].partition("-v")[0]
            cost[name] = cost.get(name, 0) + report["cpu_s"]
            if name == "refine":
                notes = {{k: notes.get(k, 0) + v for k, v in report["notes"].items() if k != "not_refined"}}
kept = sum(run.context.store.report(run.pipeline.publish, shard)["data"]["rows"] for shard in run.pipeline.publish.shards(run.context) or ())
pages = sum(run.context.store.report(run.pipeline.documents, shard)["data"]["rows"] for shard in run.context.shard_keys)
print(json.dumps({{"cost": cost, "kept": kept, "pages": pages, "notes": notes}}))
"""


def measured(files: list[Path], recipe: str, base: Path, number: int) -> dict:
    """One side, from nothing."""
    source, path = base / f"files-{number}", base / f"recipe-{number}.yaml"
    source.mkdir()
    for file in files:
        (source / file.name).symlink_to(file.resolve())
    path.write_text(recipe)
    code = RUN.format(root=str(ROOT), source=str(source), recipe=str(path), out=str(base / f"store-{number}"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--source", type=Path, default=SOURCE)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    files = warc_files(options.files, options.source)
    print(described())
    best: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds):
            for number, (name, recipe) in enumerate(SIDES.items()):
                found = measured(files, recipe, Path(folder), turn * len(SIDES) + number)
                if name not in best or sum(found["cost"].values()) < sum(best[name]["cost"].values()):
                    best[name] = found
    one = best["one faithful pass"]
    print("\n| side | pages | kept | CPU s for texts | against one pass | CPU s, all steps | against one pass |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, side in best.items():
        texts, first = (sum(s["cost"].get(step, 0) for step in TEXTS) for s in (side, one))
        whole, first_whole = sum(side["cost"].values()), sum(one["cost"].values())
        print(
            f"| {name} | {side['pages']} | {side['kept']} | {texts:.2f} | {texts / first:.2f} | {whole:.2f} | {whole / first_whole:.2f} |"
        )
    for name, side in best.items():
        print(f"\n{name}: {json.dumps({k: round(v, 2) for k, v in side['cost'].items() if v > 0.1})} {json.dumps(side['notes'])}")


if __name__ == "__main__":
    main()
