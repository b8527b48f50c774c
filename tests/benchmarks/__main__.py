"""The benchmark suite, one command: the whole recipe against datatrove and against the floor, the signal pass, running.

    python -m tests.benchmarks [--files N] [--source MIRROR] [--recipe fineweb] [--skip-running]

Prints Markdown to paste: machine and versions, then documents and MB per core-second, the share of each step, peak memory, ratios. CPU time is
compared, not wall time: machines are shared. One process per side, in one run, on the same files. Both sides read WARC, filter URLs, extract,
identify languages and apply Gopher's, C4's and FineWeb's rules; datatrove extracts with trafilatura and reads lid.176.ftz as Winnow does.
Deduplication and personal data are Winnow's extra. What the floor is: ``floor.py``; start-up, cached run, workers, memory: ``running.py``.
Never runs with the unit tests.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import floor, running
from tests.benchmarks.machine import ROOT, SOURCE, described, warc_files

WINNOW = """
import json, resource, sys
sys.path.insert(0, {root!r})
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare
from winnow.tasks.engine.worker import settle
from winnow.tasks.extract.load_kernels import load_kernels
settle()
run = prepare(Request({source!r}, {recipe!r}, {out!r}, 1, limit={files}))
run.context.store.open_for_writing()
run.pipeline.check()
load_kernels()
before = resource.getrusage(resource.RUSAGE_SELF)
reports = []
while works := run.plan.missing():
    for shard, addresses in works[0].todo.items():
        for report in run.context.make(works[0].stage.steps, shard, addresses):
            run.plan.mark(report['address'], shard)
            reports.append(report)
after = resource.getrusage(resource.RUSAGE_SELF)
steps = {{}}
for r in reports:
    steps[r['step']] = steps.get(r['step'], 0) + r['cpu_s']
extract = [r for r in reports if r['step'] == 'extract']
print(json.dumps({{
    'cpu_s': after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 'peak_mb': after.ru_maxrss / 1024, 'steps': steps,
    'responses': sum(r['rows_in'] for r in extract) - sum(n for r in extract for k, n in r['dropped'].items() if k.startswith('type:')),
    'documents': sum(r['rows_out'] for r in extract), 'bytes': sum(r['notes']['archive_bytes'] for r in extract),
    'kept': sum(r['rows_out'] for r in reports if r['step'] == 'redact'),
}}))
"""

DATATROVE = """
import json, resource, sys
sys.path.insert(0, {root!r})
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter, LanguageFilter, URLFilter
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils import lid
from winnow.tasks.models.files import locate, model_file
lid.FT176LID.MODEL_URL = str(locate(model_file('lid.176.ftz')))
blocks = [
    WarcReader({folder!r}, glob_pattern='*.warc.gz', default_metadata={{}}), URLFilter(), Trafilatura(favour_precision=True), LanguageFilter(),
    GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter(), JsonlWriter({out!r}),
]
blocks[1].download_data()
before = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
executor = LocalPipelineExecutor(blocks, tasks=1, workers=1, logging_dir={out!r} + '/logs')
executor._run_for_rank(0)
after = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
stats = json.load(open({out!r} + '/logs/stats/00000.json'))
steps = {{s['name'].split(' ', 1)[-1].strip(): s['time_stats']['total'] for s in stats}}
print(json.dumps({{
    'cpu_s': after - before, 'peak_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 'steps': steps,
    'responses': stats[0]['stats']['documents']['total'] if isinstance(stats[0]['stats']['documents'], dict) else stats[0]['stats']['documents'],
    'kept': stats[-1]['stats']['total']['total'] if isinstance(stats[-1]['stats']['total'], dict) else stats[-1]['stats']['total'],
}}))
"""


def measured(script: str) -> dict:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--source", type=Path, default=SOURCE)
    parser.add_argument("--recipe", default="fineweb")
    parser.add_argument("--skip-running", action="store_true")
    args = parser.parse_args()
    warcs = warc_files(args.files, args.source)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "warcs"
        folder.mkdir()
        for path in warcs:
            (folder / path.name).symlink_to(path.resolve())
        parts = floor.measure(warcs)
        ours = measured(
            WINNOW.format(root=str(ROOT), source=str(args.source), recipe=args.recipe, out=f"{scratch}/store", files=len(warcs))
        )
        theirs = measured(DATATROVE.format(root=str(ROOT), folder=str(folder), out=f"{scratch}/trove"))
    # One denominator for both: the pages that are there.
    pages, mb = ours["responses"], ours["bytes"] / 1e6
    bare = parts["inflate"] + parts["parse"] + parts["language"]
    print(f"{len(warcs)} WARC files, {mb:.1f} MB, {pages} responses; {described()}\n")
    print("| | CPU s | pages per core-second | MB per core-second | kept | peak MB |\n| --- | --: | --: | --: | --: | --: |")
    for name, side in ((f"Winnow `{args.recipe}`, whole run", ours), ("datatrove's FineWeb recipe, to its writer", theirs)):
        seconds = side["cpu_s"]
        print(f"| {name} | {seconds:.1f} | {pages / seconds:.0f} | {mb / seconds:.2f} | {side['kept']} | {side['peak_mb']:.0f} |")
    for name, seconds in (("floor: inflate, parse, language", bare), ("floor with the text of the page", bare + parts["text"])):
        print(f"| {name} | {seconds:.1f} | {pages / seconds:.0f} | {mb / seconds:.2f} | | |")
    print(
        f"\nWinnow is {theirs['cpu_s'] / ours['cpu_s']:.1f} times as fast as datatrove's recipe, and takes {ours['cpu_s'] / bare:.1f} times the",
        end=" ",
    )
    print(f"floor, {ours['cpu_s'] / (bare + parts['text']):.1f} times the floor with text. Floor: ", end="")
    print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items()) + ".")
    print(f"Signal pass: {ours['documents'] / ours['steps']['measure-text']:.0f} documents per core-second.")
    print("\n| step | CPU s | share |\n| --- | --: | --: |")
    for side in (ours, theirs):
        for step, seconds in sorted(side["steps"].items(), key=lambda kv: -kv[1]):
            if seconds > 0.01 * side["cpu_s"]:
                name = f"{'Winnow' if side is ours else 'datatrove'} {step}"
                print(f"| {name} | {seconds:.2f} | {seconds / sum(side['steps'].values()):.0%} |")
    if not args.skip_running:
        print()
        running.show(args.source, args.files)


if __name__ == "__main__":
    main()
