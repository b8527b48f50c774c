"""The floor: what nobody who reads WARC can do without, on the same files, each part alone and with its input prepared beforehand.

    python -m tests.benchmarks.floor [--files N] [--source MIRROR]

Inflating (isal, member by member), HTML parsed and freed (Resiliparse's tree, the fastest parser that keeps to the standard), language
identified (fastText, lid.176.ftz) of the texts that Winnow extracts; apart from these the fastest adequate text of the parsed page (Resiliparse's
main content, one call). Nothing else: no records, no charsets, no bounds, no signal, nothing written.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from tests.benchmarks.machine import SOURCE, warc_files
from winnow.tasks.archives.begins import begins_record
from winnow.tasks.archives.charset import decode
from winnow.tasks.archives.gzip_members import Members
from winnow.tasks.archives.http_message import parse_http_response
from winnow.tasks.archives.media_type import HTML, XHTML, media_type
from winnow.tasks.archives.warc import read_records
from winnow.tasks.extract.extractors.base import ExtractionFailed
from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.models.files import model_file


def pages(warcs: list[Path]) -> list[tuple[str, str]]:
    """(HTML, text) of each page that gives a text."""
    extractor, found = ResiliparseText(), []
    for path in warcs:
        with path.open("rb") as stream:
            for record in read_records(stream, wanted=frozenset({"response"})):
                http = parse_http_response(record.block, max_payload_bytes=32 << 20)
                identified = record.headers.get("warc-identified-payload-type", "")
                if (
                    record.type == "response"
                    and http.status == 200
                    and media_type(http.content_type, identified, http.payload) in (HTML, XHTML)
                ):
                    html = decode(http.payload, http.content_type).text
                    try:
                        found.append((html, extractor.extract(html)))
                    except ExtractionFailed:
                        continue
    return found


def measure(warcs: list[Path]) -> dict[str, float]:
    """CPU seconds of each part."""
    found = pages(warcs)
    model = LanguageModel.of(model_file("lid.176.ftz"))
    trees = (HTMLTree.parse(html) for html, _ in found)
    parse_s = _cpu_s(lambda: [HTMLTree.parse(html) and None for html, _ in found])
    both_s = _cpu_s(lambda: [extract_plain_text(tree, main_content=True) for tree in trees])
    return {
        "inflate": _cpu_s(lambda: [_inflate(path) for path in warcs]),
        "parse": parse_s,
        "language": _cpu_s(lambda: model.predict([text for _, text in found])),
        "text": both_s - parse_s,
    }


def _inflate(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(len(piece.data) for piece in Members(stream, begins_record))


def _cpu_s(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=9)
    parser.add_argument("--source", type=Path, default=SOURCE)
    args = parser.parse_args()
    parts = measure(warc_files(args.files, args.source))
    print("| part | CPU s |\n| --- | --: |")
    for name, seconds in parts.items():
        print(f"| {name} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
