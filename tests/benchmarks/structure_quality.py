"""How much of a page's structure an extractor keeps: code, formulas and tables on the pages of ``../shared/data/capabilities/02-math-code-table``.

    python -m tests.benchmarks.structure_quality [--misses]

Code: blocks whose text is exactly as expected, but for blank lines at the ends. Formulas: those found with a token similarity of .9 or more (white space
and the order of braces do not count), and of those written the share that was expected, in pages with a whole list of them. Tables: TEDS (Zhong et al. 2020) of the tables
of each page against the expected Markdown, each with its best counterpart. Prints Markdown.
"""

import argparse
import html as entities
import json
import re

from rapidfuzz.distance import Levenshtein

from tests.benchmarks.machine import REAL
from winnow.tasks.archives.charset import decode
from winnow.tasks.extract.blocks import plain
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks

DATA = REAL.parent / "capabilities" / "02-math-code-table"
FENCE = re.compile(r"^(`{3,})([^\n`]*)\n(.*?)\n?\1\s*$", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[a-zA-Z]|\d|\S")
SPACING = frozenset(r"\, \; \: \! \quad \qquad \displaystyle \textstyle \left \right \limits { }".split()) | {"\\ "}
SIMILAR = 0.9


def tokens(latex):
    return [t for t in TOKEN.findall(latex) if t not in SPACING]


def similar(a, b):
    return Levenshtein.normalized_similarity(tokens(a), tokens(b))


def matched(wanted, found):
    """How many wanted formulas have a counterpart of their own."""
    left = [tokens(f) for f in found]
    hits, missed = 0, []
    for w in wanted:
        of = tokens(w)
        best = max(range(len(left)), key=lambda i: Levenshtein.normalized_similarity(of, left[i]), default=-1)
        if best >= 0 and Levenshtein.normalized_similarity(of, left[best]) >= SIMILAR:
            hits += 1
            left.pop(best)
        else:
            missed.append(w)
    return hits, missed


def formulas_of(blocks):
    runs = [r for b in blocks for r in b.runs] + [r for b in blocks if b.table for row in b.table.rows for cell in row for r in cell]
    return [r.text for r in runs if r.kind in ("formula", "display")]


def teds(a, b):
    """1 - edit distance / size of trees of rows of cells; the edit distance keeps rows rows and cells cells."""
    size = [1 + sum(1 + len(r) for r in t) for t in (a, b)]

    def align(xs, ys, cost, weight):
        rows = [0]
        for y in ys:
            rows.append(rows[-1] + weight(y))
        for x in xs:
            new = [rows[0] + weight(x)]
            for j, y in enumerate(ys):
                new.append(min(rows[j] + cost(x, y), rows[j + 1] + weight(x), new[j] + weight(y)))
            rows = new
        return rows[-1]

    def cells(x, y):
        return align(x, y, lambda c, d: Levenshtein.normalized_distance(c, d), lambda c: 1)

    return 1 - align(a, b, cells, lambda r: 1 + len(r)) / max(size)


def markdown_tables(text):
    found, rows = [], []
    for line in [*text.split("\n"), ""]:
        bare = line.strip()
        if bare.startswith("|"):
            cells = [bare_cell(c) for c in re.split(r"(?<!\\)\|", bare.strip("|"))]
            if not all(re.fullmatch(r":?-{3,}:?", c) for c in cells):
                rows.append(cells)
        elif rows:
            found.append(rows)
            rows = []
    return found + html_tables(text)


def html_tables(text):
    found = []
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        rows = []
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL):
            cells = []
            for attributes, cell in re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row, re.DOTALL):
                span = re.search(r'colspan="(\d+)"', attributes)
                cells += [bare_cell(re.sub(r"<[^>]+>", " ", cell))] * (int(span[1]) if span else 1)
            rows.append(cells)
        found.append(rows)
    return found


def bare_cell(cell):
    cell = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell)
    return " ".join(entities.unescape(re.sub(r"[*_`\\]", "", cell)).split())


def page(path):
    return decode(path.read_bytes(), "text/html").text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="print what was missed")
    args = parser.parse_args()
    extractor = LearnedBlocks()
    right = wanted = 0
    for path in sorted((DATA / "code_pages").glob("*.html")):
        expected = sorted((DATA / "code_pages").glob(f"{path.stem}-*.expected")) + sorted(
            (DATA / "code_pages").glob(f"{path.stem}.*.expected")
        )
        expected = [p for p in expected if "case-2" not in p.name]
        if not expected:
            continue
        found = [b.code.strip("\n") for b in extractor.blocks(page(path)) if b.kind == "code"]
        for p in expected:
            code = p.read_text().replace("\r\n", "\n").replace("\xa0", " ")
            code = "\n".join(line.rstrip() for line in code.split("\n")).strip("\n")
            hit = any("\n".join(line.rstrip() for line in f.split("\n")) == code for f in found)
            right, wanted = right + hit, wanted + 1
            if args.misses and not hit:
                best = max(found, key=lambda f: Levenshtein.normalized_similarity(f, code), default="")
                print(f"--- code {p.name}: expected\n{code[:400]!r}\nbest of {len(found)}\n{best[:400]!r}")
    for path in sorted((DATA / "markdown_fixtures").glob("*.html")):
        expected = [m[2] for m in FENCE.findall(path.with_suffix(".md").read_text()) if m[1] != "json" or '"title"' not in m[2][:20]]
        found = [b.code for b in extractor.blocks(page(path)) if b.kind == "code"]
        for code in expected:
            hit = code.strip("\n") in found
            right, wanted = right + hit, wanted + 1
            if args.misses and not hit:
                best = max(found, key=lambda f: Levenshtein.normalized_similarity(f, code), default="")
                print(f"--- code {path.name}: expected\n{code[:400]!r}\nbest of {len(found)}\n{best[:400]!r}")
    print(f"| code blocks exact | {right} of {wanted} | {right / max(1, wanted):.3f} |")
    hits = all_wanted = written = written_hits = 0
    for path in sorted((DATA / "math_pages").glob("*.html")):
        expected = json.loads(path.with_suffix(".json").read_text()).get("expected") or {}
        formulas = [*expected.get("display", []), *expected.get("inline", [])]
        if not formulas:
            continue
        found = formulas_of(extractor.blocks(page(path)))
        h, missed = matched(formulas, found)
        hits, all_wanted = hits + h, all_wanted + len(formulas)
        written, written_hits = written + len(found), written_hits + h
        if args.misses:
            print(f"--- formulas {path.name}: {h} of {len(formulas)} expected, {len(found)} found; missed {missed[:6]}; found {found[:6]}")
    print(f"| formulas found | {hits} of {all_wanted} | {hits / max(1, all_wanted):.3f} |")
    print(f"| formulas right | {written_hits} of {written} | {written_hits / max(1, written):.3f} |")
    scores = []
    for path in sorted((DATA / "markdown_fixtures").glob("*.html")):
        expected = markdown_tables(path.with_suffix(".md").read_text())
        found = [[[bare_cell(plain.text_of(c)) for c in row] for row in b.table.rows] for b in extractor.blocks(page(path)) if b.table]
        for table in expected:
            scores.append(max((teds(table, f) for f in found), default=0.0))
            if args.misses and scores[-1] < 0.9:
                print(f"--- table {path.name}: {scores[-1]:.2f}; expected {table[:3]}; found {len(found)}: {[f[:2] for f in found][:3]}")
    print(f"| TEDS of tables | {len(scores)} | {sum(scores) / max(1, len(scores)):.3f} |")


if __name__ == "__main__":
    main()
