"""CPU time of the learned extractor against that of another version's source tree, page by page in turns.

    python -m tests.benchmarks.extraction_time TREE [--module NAME] [--pages N] [--rounds N] [--folder DIR]

``TREE`` is a checkout of the other version, ``--module`` where its extractor is. Each page is extracted ``--rounds`` times by both, ten pages at a time,
and its least time counts, so that other work on the machine slows both alike and little. The two run in processes of their own: in one process numba
takes kernels' named tuples of the same name for one another, and looks for the right kernel anew at each call. Pages are those with gold text, or the HTML files of
``--folder``. Prints a table in Markdown.
"""

import argparse
import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from statistics import median

HERE = Path(__file__).parents[2]
MODULE = "winnow.tasks.extract.extractors.learned_blocks"
AT_ONCE = 10
FORMS = {"text": ({}, {}), "Markdown": ({"structure": "markdown"}, {"markup": True})}


def worker(module, pages):
    """Lines of a form and numbers of pages in, seconds of CPU of each page out."""
    html = json.loads(Path(pages).read_text())
    made = {}
    for form, options in FORMS.items():
        for each in options:
            try:
                made.setdefault(form, import_module(module).LearnedBlocks(**each))
            except TypeError:
                continue
    for extractor in made.values():
        for page in html[:AT_ONCE]:
            seconds(extractor, page)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        form, numbers = json.loads(line)
        print(json.dumps([seconds(made[form], html[n]) for n in numbers]), flush=True)


def seconds(extractor, page):
    begin = time.process_time()
    try:
        extractor.extract(page)
    except Exception as e:  # each version has an error of its own for a page that gives no text
        if type(e).__name__ != "ExtractionFailed":
            raise
    return time.process_time() - begin


def gold_pages(count):
    from tests.benchmarks.extraction_quality import gold, pages
    from tests.benchmarks.machine import REAL

    html = dict(pages(gold(REAL), REAL))
    return [html[k] for k in random.Random(5).sample(sorted(html), min(count, len(html)))]


def folder_pages(folder):
    from winnow.tasks.archives.charset import decode

    return [decode(path.read_bytes(), "text/html").text for path in sorted(folder.glob("*.html"))]


def least(processes, form, count, rounds):
    """Least seconds per page of each process."""
    best = {name: [float("inf")] * count for name in processes}
    for turn in range(rounds):
        for at in range(0, count, AT_ONCE):
            numbers = list(range(at, min(at + AT_ONCE, count)))
            for name in sorted(processes, reverse=bool((turn + at // AT_ONCE) % 2)):
                process = processes[name]
                process.stdin.write(json.dumps([form, numbers]) + "\n")
                process.stdin.flush()
                for n, took in zip(numbers, json.loads(process.stdout.readline()), strict=True):
                    best[name][n] = min(best[name][n], took)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--module", default=MODULE)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    html = folder_pages(args.folder) if args.folder else gold_pages(args.pages)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(html, file)
        file.flush()
        processes = {
            name: subprocess.Popen(
                [sys.executable, str(Path(__file__).resolve()), "--worker", str(tree.resolve()), module, file.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=tree,
            )
            for name, tree, module in (("other", args.tree, args.module), ("this", HERE, MODULE))
        }
        print(f"| {len(html)} pages | other, ms | this, ms | ratio | median of the pages' ratios |\n|---|--:|--:|--:|--:|")
        for form in FORMS:
            took = least(processes, form, len(html), args.rounds)
            other, this = (1000 * sum(took[name]) / len(html) for name in ("other", "this"))
            middle = median(mine / its for mine, its in zip(took["this"], took["other"], strict=True))
            print(f"| {form} | {other:.2f} | {this:.2f} | {this / other:.2f} | {middle:.2f} |", flush=True)
        for process in processes.values():
            process.stdin.close()
            process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:  # started by its path, so that no package but the tree's is found
        sys.path[0] = sys.argv[2]
        worker(*sys.argv[3:])
    else:
        main()
