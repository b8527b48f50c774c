"""Formulas: MathML as LaTeX against the pages' own TeX, and formulas found on pages against the expected ones.

    python -m tests.benchmarks.formulas                 # both tables
    python -m tests.benchmarks.formulas --misses PAGE   # what one page lacks, and what it has too much

Needs ``../shared/data`` (``$WINNOW_DATA`` elsewhere). Similarity is that of sequences of TeX tokens; what only changes the look of a formula (space,
braces, ``\\left``) doesn't count, and two names of one sign are one. A formula counts as found if some expected one is at least .9 similar.
"""

import argparse
import difflib
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

from resiliparse.parse.html import HTMLTree

from tests.shared import DATA
from winnow.tasks.extract.math.delimiters import page_delimiters, split
from winnow.tasks.extract.math.mathml.to_latex import to_latex
from winnow.tasks.extract.math.sources import Formula, formula, page_has_math_scripts, role

FOLDER = DATA / "capabilities" / "02-math-code-table"
SIMILAR = 0.9
TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\S")
ROW_SPACE = re.compile(r"\\\\\s*\[[^\]]*\]")
LOOK = frozenset(
    r"{ } ~ \, \; \: \! \  \> \quad \qquad \enspace \displaystyle \textstyle \scriptstyle \limits \nolimits \hfill \left \right \big \Big \bigg \Bigg \bigl \bigr "
    r"\Bigl \Bigr \biggl \biggr \Biggl \Biggr".split()
) | {"\\ "}
SAME = {
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\ne": r"\neq",
    r"\rightarrow": r"\to",
    r"\gets": r"\leftarrow",
    r"\dots": r"\ldots",
    r"\dotsc": r"\ldots",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\vert": "|",
    r"\mid": "|",
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\Vert": r"\|",
    r"\wedge": r"\land",
    r"\vee": r"\lor",
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    r"\mathrm": r"\operatorname",
    r"\text": r"\operatorname",
    r"\iff": r"\Leftrightarrow",
    r"\Longleftrightarrow": r"\Leftrightarrow",
    r"\implies": r"\Rightarrow",
    r"\Longrightarrow": r"\Rightarrow",
    r"\dfrac": r"\frac",
    r"\tfrac": r"\frac",
    "−": "-",
    "≤": r"\leq",
    "≥": r"\geq",
}


def tokens(latex: str) -> list[str]:
    """TeX tokens of a formula without those that only change its look."""
    return [SAME.get(token, token) for token in TOKEN.findall(ROW_SPACE.sub(r"\\\\", latex)) if token not in LOOK]


def similarity(a: list[str], b: list[str]) -> float:
    """Share of two token sequences that is the same, in order."""
    return 1.0 if a == b else difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


CODE = frozenset(("script", "noscript", "style", "textarea", "pre", "code", "samp", "kbd", "annotation", "annotation-xml"))
"""Elements in which no delimiter is looked for."""
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav "
    "ol p section summary table tbody td tfoot th thead tr ul".split()
)


def page_formulas(page: str) -> list[Formula]:
    """All formulas of a page in their order, without a choice of blocks: the whole body."""
    delimiters = page_delimiters(page)
    scripts = page_has_math_scripts(page.encode())
    found: list[Formula] = []
    run: list[str] = []

    def flush() -> None:
        if run and delimiters is not None:
            found.extend(part for part in split("".join(run), delimiters) if isinstance(part, Formula))
        run.clear()

    body = HTMLTree.parse(page).body
    stack = [body]
    while stack:
        node = stack.pop()
        if node is None:
            flush()
            continue
        if node.type == 3:
            run.append(node.text)
            continue
        if node.type != 1:
            continue
        tag = node.tag
        attributes = {name: node.getattr(name) or "" for name in node.attrs}
        kind = role(tag, attributes, scripts)
        if kind == "rendering":
            continue
        if kind == "formula" and (one := formula(tag, attributes, node.html)) is not None:
            flush()
            found.append(one)
            continue
        if tag in CODE:
            continue
        if tag == "br":
            run.append("\n")
        block = tag in BLOCKS
        if block:
            flush()
            stack.append(None)
        children = []
        child = node.first_child
        while child is not None:
            children.append(child)
            child = child.next
        stack.extend(reversed(children))
    flush()
    return found


def matched(expected: list[list[str]], found: list[list[str]]) -> tuple[list[int], list[int]]:
    """Indexes of the expected formulas that were found, and of the found ones that were expected; each stands for one other."""
    pool = Counter(map(tuple, found))
    hits: list[int] = []
    rest: list[int] = []
    used: Counter[tuple[str, ...]] = Counter()
    for i, one in enumerate(expected):
        key = tuple(one)
        if pool[key] > used[key]:
            used[key] += 1
            hits.append(i)
        else:
            rest.append(i)
    for i in rest:
        candidates = [
            key for key in pool if pool[key] > used[key] and abs(len(key) - len(expected[i])) <= 0.25 * max(len(key), len(expected[i]))
        ]
        best = max(candidates, key=lambda key: similarity(expected[i], list(key)), default=None)
        if best is not None and similarity(expected[i], list(best)) >= SIMILAR:
            used[best] += 1
            hits.append(i)
    good: list[int] = []
    for i, one in enumerate(found):
        if used[tuple(one)] > 0:
            used[tuple(one)] -= 1
            good.append(i)
    return hits, good


def mathml_table(pairs: list[dict[str, str]]) -> str:
    """Similarity, exactness and time of the converter on pairs of MathML and TeX, the TeX taken out of the MathML."""
    inputs = [re.sub(r'alttext="[^"]*"', "", re.sub(r"<annotation.*?</annotation>", "", pair["mathml"], flags=re.S)) for pair in pairs]
    started = time.process_time()
    outputs = [to_latex(one) for one in inputs]
    took = time.process_time() - started
    both = [(tokens(pair["latex"]), tokens(out)) for pair, out in zip(pairs, outputs, strict=True)]
    mean = sum(similarity(a, b) for a, b in both) / len(both)
    exact = sum(a == b for a, b in both) / len(both)
    return f"| pairs | token similarity | exact | ms each |\n| ---: | ---: | ---: | ---: |\n| {len(both)} | {mean:.3f} | {exact:.3f} | {1000 * took / len(both):.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", default="", metavar="PAGE")
    only = parser.parse_args().misses
    if not FOLDER.is_dir():
        sys.exit(f"{FOLDER} is not there: set WINNOW_DATA to the folder of the shared data")
    if not only:
        print(mathml_table([json.loads(line) for line in (FOLDER / "mathml_latex_pairs.jsonl").read_text().splitlines()]), "\n")
    print("| page | expected | found | recall | precision | ms |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    totals = [0, 0, 0, 0]
    for path in sorted((FOLDER / "math_pages").glob(f"{only or '*'}.json")):
        _page_row(path, totals, bool(only))
    expected, found, hits, good = totals
    print(f"| all | {expected} | {found} | {hits / max(1, expected):.3f} | {good / max(1, found):.3f} | |")


def _page_row(path: Path, totals: list[int], verbose: bool) -> None:
    said = json.loads(path.read_text())["expected"]
    page = path.with_suffix(".html").read_text(errors="replace")
    started = time.process_time()
    found = page_formulas(page)
    took = 1000 * (time.process_time() - started)
    if not said:
        print(f"| {path.stem} | - | {len(found)} | | | {took:.0f} |")
        return
    expected = [tokens(one) for kind in said.values() for one in kind]
    outputs = [tokens(one.latex) for one in found]
    hits, good = matched(expected, outputs)
    for i, value in enumerate((len(expected), len(outputs), len(hits), len(good))):
        totals[i] += value
    print(
        f"| {path.stem} | {len(expected)} | {len(outputs)} | {len(hits) / len(expected):.3f} | {len(good) / max(1, len(outputs)):.3f} | {took:.0f} |"
    )
    if verbose:
        sources = [one for kind in said.values() for one in kind]
        print("lacks", *(f"  {sources[i]}" for i in range(len(sources)) if i not in hits), sep="\n")
        print("too much", *(f"  {found[i]}" for i in range(len(found)) if i not in good), sep="\n")


if __name__ == "__main__":
    main()
