"""What the table of spans costs: its time against that of extraction, its size against that of the texts (docs/extraction.md, "Spans").

    python -m tests.benchmarks.spans [--pages N] [--source MIRROR]

CPU time in one process, the least of three rounds on the same pages, texts and spans as they are written to the store.
"""

import argparse
import time
from pathlib import Path

import pyarrow as pa

from tests.benchmarks.machine import SOURCE, described, warc_files
from winnow.tasks.archives.media_type import PLAIN
from winnow.tasks.archives.warc import read_records
from winnow.tasks.engine.parquet import to_parquet
from winnow.tasks.extract.capture import WANTED, NoPage, payload_of, text_of
from winnow.tasks.extract.extract import MIB
from winnow.tasks.extract.extractors.base import STRUCTURES
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.pages.spans import SpanRows


def pages(source: Path, most: int) -> list:
    """Payloads with their media types."""
    found: list = []
    for path in warc_files(None, source):
        with path.open("rb") as stream:
            for record in read_records(stream, wanted=WANTED):
                try:
                    http, mime, _ = payload_of(record, 32 * MIB)
                except NoPage:
                    continue
                if mime != PLAIN:
                    found.append((http, mime))
                if len(found) == most:
                    return found
    return found


def extracted(found: list, by: LearnedBlocks) -> list:
    made = []
    for http, mime in found:
        try:
            made.append(text_of(http, mime, by))
        except NoPage:
            continue
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--source", type=Path, default=SOURCE)
    options = parser.parse_args()
    found = pages(options.source, options.pages)
    print(described())
    print(
        "\n| structure | pages | blocks | extraction, CPU s | spans, share of it | spans, share of the size of the texts |\n|---|--:|--:|--:|--:|--:|"
    )
    for structure in STRUCTURES:
        by = LearnedBlocks(structure=structure)
        by.load()
        to_parquet(SpanRows().table())
        extraction, spans = [], []
        for _ in range(3):
            begin = time.process_time()
            made = extracted(found, by)
            extraction.append(time.process_time() - begin)
            begin = time.process_time()
            rows = SpanRows()
            for number, page in enumerate(made):
                rows.add(f"{number:032x}", page.spans)
            table = rows.table()
            written = to_parquet(table)
            spans.append(time.process_time() - begin)
        texts = to_parquet(pa.table({"text": [page.text for page in made]}))
        cells = (
            structure,
            len(made),
            table.num_rows,
            f"{min(extraction):.2f}",
            f"{min(spans) / min(extraction):.1%}",
            f"{len(written) / len(texts):.1%}",
        )
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
