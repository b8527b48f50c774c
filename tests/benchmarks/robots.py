"""How many robots.txt files a core reads and answers in a second, against Python's own parser on the same files in the same run:
``python -m tests.benchmarks.robots``. Needs ``../shared/data``."""

import gzip
import json
import sys
import time
from urllib.robotparser import RobotFileParser

from tests.shared import DATA
from winnow.tasks.consent.robots import Robots


def winnow(row):
    robots = Robots(row["robots"].encode("utf-8", "surrogatepass"))
    return [robots.verdict(agent, path).allowed for agent, path, _ in row["checks"]]


def standard_library(row):
    parser = RobotFileParser()
    parser.parse(row["robots"].splitlines())
    return [parser.can_fetch(agent, path) for agent, path, _ in row["checks"]]


def main():
    with gzip.open(DATA / "capabilities" / "01-consent" / "robots_real.jsonl.gz") as f:
        rows = [json.loads(line) for line in f]
    print("| | files per core-second | as Google's parser |\n| --- | --: | --: |")
    for name, answer in (("winnow", winnow), ("urllib.robotparser", standard_library)):
        begin = time.process_time()
        answers = [answer(row) for row in rows]
        seconds = time.process_time() - begin
        pairs = [(a, bool(c[2])) for row, found in zip(rows, answers, strict=True) for a, c in zip(found, row["checks"], strict=True)]
        print(f"| {name} | {len(rows) / seconds:,.0f} | {sum(a == b for a, b in pairs) / len(pairs):.4f} |")


if __name__ == "__main__":
    sys.exit(main())
