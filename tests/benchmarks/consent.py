"""What consent costs: captures of robots.txt read, and pages judged, per core-second, on the captures of a snapshot of real sites and pages made up for each of
them: ``python -m tests.benchmarks.consent``. Needs ``../shared/data``."""

import sys
import tempfile
import time

import pyarrow as pa

from tests.shared import DATA
from winnow.tasks.consent.agents import shipped
from winnow.tasks.consent.court import Court
from winnow.tasks.consent.domains import domain_key
from winnow.tasks.consent.read_policy_files import CAPTURES, ReadPolicyFiles
from winnow.tasks.consent.scatter_pages import PAGES
from winnow.tasks.consent.site import origin
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.store import Store
from winnow.tasks.sources.resolve import resolve

PATHS = (
    "/",
    "/news/2024/05/18/a-title-of-some-words.html",
    "/search?q=grain",
    "/images/a.png",
    "/wp-admin/post.php?post=1",
    "/en/about/",
    "/feed/",
    "/p/12345",
)


def pages(captures: pa.Table) -> pa.Table:
    urls = [url.rsplit("/", 1)[0] + path for url in dict.fromkeys(captures["url"].to_pylist()) for path in PATHS]
    blank = {"date": "2024-05-18T12:00:00Z", "tokens": 1000.0, "statements": [], "capture": None}
    rows = sorted(
        ({"key": domain_key(url), "origin": origin(url), "row": n, "url": url, **blank} for n, url in enumerate(urls)),
        key=lambda r: r["key"],
    )
    return pa.Table.from_pylist(rows, schema=PAGES)


def main() -> None:
    crawl, source = resolve(str(DATA / "snapshot"), limit=1, beside=("robotstxt",))
    with tempfile.TemporaryDirectory() as folder:
        context, read = ShardContext(crawl, source, Store(folder)), ReadPolicyFiles("")
        shards = read.shards(context)
        begin = time.process_time()
        captures = pa.concat_tables([read.run(shard, context).table for shard in shards])
        seconds = time.process_time() - begin
        print("| | per core-second |\n| --- | --: |")
        print(f"| captures of robots.txt read | {captures.num_rows / seconds:,.0f} |")
        table = pages(captures)
        for n in (1, len(PATHS)):
            part = table if n > 1 else table.filter(pa.array([row % len(PATHS) == 1 for row in table["row"].to_pylist()]))
            numbered = part.append_column("shard", pa.array([0] * part.num_rows, pa.int32()))
            begin = time.process_time()
            judged = sum(t.num_rows for t in Court(captures.select(CAPTURES.names), numbered, shipped(), "any").judged())
            seconds = time.process_time() - begin
            print(f"| pages judged, {n} of each site, {len(shipped().agents)} agents | {judged / seconds:,.0f} |")


if __name__ == "__main__":
    sys.exit(main())
