"""Curate a snapshot and say what came out: python examples/curate_a_crawl.py [SOURCE [STORE]]

SOURCE is a crawl id (CC-MAIN-2026-43), a mirror, a folder of WARC files, or Parquet or JSONL with a text column. Run it again: nothing is made twice.
"""

import sys

import winnow


def main(source: str = "tests/data/sample", store: str = "winnow-store") -> None:
    run = winnow.run(source, recipe="gopher", store=store, limit=2)
    summary = run.summary
    print(f"{summary.kept} of {summary.pages} pages were kept, about {summary.tokens_kept} tokens.")
    for drop in summary.drops()[:3]:
        print(f"{drop.pages} were dropped for {drop.reason}")
    print(f"Report: {run.report}")


if __name__ == "__main__":  # worker processes import this file; what is below is for the one that was started
    main(*sys.argv[1:])
