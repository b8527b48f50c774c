"""Extraction quality on the gold of the shared snapshot: word precision, recall and F1 per extractor, page type and language.

    python -m tests.benchmarks.extraction_quality [--sample N] [--extractors NAME ...] [--structured] [--snapshot DIR]

The metric is that of the acceptance checks (multisets of lower-case words, one token per character in scripts without spaces). Prints Markdown.
The learned extractor was trained on most of these pages: its quality is what ``train_block_model --folds-only`` prints; here only its time counts,
and what it makes of the pages of ``--structured``: those of code, mathematics and tables, whose gold is Markdown, which no training has seen.
"""

import argparse
import collections
import gzip
import json
import random
import re
import time
from pathlib import Path

from tests.benchmarks.machine import REAL, warc_files
from winnow.tasks.archives.charset import decode
from winnow.tasks.archives.http_message import parse_http_response
from winnow.tasks.archives.warc import read_records
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText
from winnow.tasks.extract.extractors.trafilatura_text import TrafilaturaText

KINDS = ("full_text_human", "full_text_human_blocks", "full_text_llm_drafted_reviewed", "publisher_parser_output_reviewed")
STRUCTURED = ("markdown_human", "markdown_reviewed")
CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af])")
EXTRACTORS = {
    "resiliparse": ResiliparseText(),
    "trafilatura": TrafilaturaText(),
    "trafilatura-balanced": TrafilaturaText(favour_precision=False),
    "learned": LearnedBlocks(),
}
MIN_PAGES = 15
TURN_PAGES = 50


def words(text):
    return collections.Counter(re.findall(r"\w+", CJK.sub(r" \1 ", text.lower())))


def gold(snapshot=REAL, kinds=KINDS):
    """Gold rows by record id; derived pages and gold that covers less than half of a page are left out, as the inventory asks."""
    with gzip.open(snapshot / "gold" / "gold.jsonl.gz", "rt") as f:
        rows = map(json.loads, f)
        return {
            r["record_id"].strip("<>"): r
            for r in rows
            if r.get("gold_kind") in kinds and r.get("gold_text") and (r.get("gold_token_coverage") or 1) >= 0.5
        }


def pages(wanted, snapshot=REAL):
    for path in warc_files(None, snapshot):
        with path.open("rb") as stream:
            for record in read_records(stream, wanted=frozenset({"response"})):
                if record.record_id in wanted:
                    http = parse_http_response(record.block, max_payload_bytes=1 << 25)
                    yield record.record_id, decode(http.payload, http.content_type).text


def means(texts):
    """(gold row, text) pairs -> key -> (pages, precision, recall, F1), means over pages."""
    by = collections.defaultdict(list)
    for row, text in texts:
        g, h = words(row["gold_text"]), words(text)
        both = sum((g & h).values())
        p, r = both / max(1, sum(h.values())), both / max(1, sum(g.values()))
        human = "human" if row["gold_kind"].startswith("full_text_human") else "other"
        for key in ("all", f"gold {human}", f"type {row.get('page_type') or '?'}", f"lang {row.get('lang') or '?'}"):
            by[key].append((p, r, 2 * p * r / (p + r) if p + r else 0.0))
    return {k: (len(v), *(sum(x[i] for x in v) / len(v) for i in range(3))) for k, v in by.items()}


def score(extractors: dict[str, Extractor], html: dict[str, str], rows):
    """Name -> the means of an extractor and its CPU milliseconds per page. They take turns, so that other work on the machine slows all alike."""
    spent, texts = collections.Counter(), {name: {} for name in extractors}
    pages = list(html.items())
    for at in range(0, len(pages), TURN_PAGES):
        for name, extractor in extractors.items():
            begin = time.process_time()
            for identity, page in pages[at : at + TURN_PAGES]:
                try:
                    texts[name][identity] = extractor.extract(page)
                except ExtractionFailed:
                    texts[name][identity] = ""
            spent[name] += time.process_time() - begin
    return {n: (means((rows[k], text) for k, text in texts[n].items()), 1000 * spent[n] / max(1, len(html))) for n in extractors}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--extractors", nargs="*", default=list(EXTRACTORS), choices=list(EXTRACTORS))
    parser.add_argument("--structured", action="store_true", help="the pages whose gold is Markdown")
    parser.add_argument("--snapshot", type=Path, default=REAL)
    args = parser.parse_args()
    rows = gold(args.snapshot, STRUCTURED if args.structured else KINDS)
    html = dict(pages(rows, args.snapshot))
    if args.sample:
        html = dict(random.Random(7).sample(sorted(html.items()), args.sample))
    results = score({name: EXTRACTORS[name] for name in args.extractors}, html, rows)
    print(f"{len(html)} pages; ms per page (CPU): " + ", ".join(f"{n} {ms:.2f}" for n, (_, ms) in results.items()) + "\n")
    print("| pages | n | " + " | ".join(f"{n} P | R | F1" for n in results) + " |\n|---|--:|" + "--:|" * 3 * len(results))
    first = next(iter(results.values()))[0]
    for key, (n, *_) in sorted(first.items(), key=lambda kv: -kv[1][0]):
        if n >= MIN_PAGES:
            print(
                f"| {key} | {n} | "
                + " | ".join(f"{p:.3f} | {r:.3f} | {f:.3f}" for _, p, r, f in (by[key] for by, _ in results.values()))
                + " |"
            )


if __name__ == "__main__":
    main()
