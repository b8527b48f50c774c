"""Summaries of runs that never were: an ordinary one, one without documents, one whose every word is an attack, and one of a whole crawl.

To look at them: ``python -m tests.report.examples /tmp/report`` writes each as a page and a card.
"""

import math
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from winnow.tasks.corpus.profile.histograms import lower_edges
from winnow.tasks.extract.extract import Extract
from winnow.tasks.report.card import dataset_card
from winnow.tasks.report.page import report_html
from winnow.tasks.report.summary import CorpusFile, Figure, ForecastCheck, ForecastFigure, StepTotal, Summary
from winnow.tasks.report.tallies import (
    Bin,
    Clusters,
    ClusterSize,
    Dimension,
    Group,
    LargeCluster,
    LimitCount,
    OverlapCount,
    Sample,
    StepCount,
    Tallies,
)
from winnow.tasks.signals.select import ApplyLimits

HOSTILE = "<script>alert(1)</script>\"'&|`x`\n## [a](javascript:b) \u202e"
LIMITS = [
    {"type": "Limit", "signal": "language", "one_of": ["en"]},
    {"type": "Limit", "signal": "language_score", "low": 0.65},
    {"type": "Limit", "signal": "url_blocked", "high": 0},
    {"type": "Limit", "signal": "word_count", "low": 50, "high": 100000},
    {"type": "Limit", "signal": "mean_word_chars", "low": 3, "high": 10},
    {"type": "Limit", "signal": "alphabetic_word_share", "low": 0.8},
    {"type": "Limit", "signal": "duplicate_line_share", "high": 0.3},
    {"type": "Limit", "signal": "top_2gram_char_share", "high": 0.2},
    {"type": "Limit", "signal": "bullet_line_share", "high": 0.9},
    {"type": "Limit", "signal": "GopherQualityFilter", "empty": True},
]
LANGUAGES = {"en": 0.46, "de": 0.07, "ru": 0.07, "ja": 0.05, "zh": 0.05, "es": 0.05, "fr": 0.05, "it": 0.03, "nl": 0.02, "pl": 0.02, "pt": 0.02, "no": 0.008, "el": 0.007, "cs": 0.006, "vi": 0.005, "ko": 0.005, "sh": 0.001, "und": 0.001}  # fmt: skip


def edge_of(value: float) -> float:
    """The lower edge of the bin of a value, as a profile has it."""
    return float(lower_edges(np.array([value], np.float64))[0])


def binned(draw: Callable[[random.Random], float], keeps: Callable[[float], bool], n: int, seed: int, missing: int = 0) -> tuple[Bin, ...]:
    """Bins of drawn values, with the lower edges that a profile has."""
    dice, drawn, kept_of = random.Random(seed), [], []
    for _ in range(n // 20):
        drawn.append(draw(dice))
        kept_of.append(keeps(drawn[-1]) and dice.random() < 0.45)
    counts: dict[float, list[int]] = {}
    for edge, is_kept in zip(lower_edges(np.array(drawn, np.float64)).tolist(), kept_of, strict=True):
        entry = counts.setdefault(edge, [0, 0])
        entry[0] += 20
        entry[1] += 20 if is_kept else 0
    bins = [Bin(edge, documents, kept, kept) for edge, (documents, kept) in sorted(counts.items())]
    return (*bins, *([Bin(None, missing, 0, 0)] if missing else []))


def dimension(groups: list[Group]) -> Dimension:
    ranked = sorted(groups, key=lambda g: (-g.documents, g.name))
    rest = Group("", sum(g.documents for g in ranked[2000:]), sum(g.kept for g in ranked[2000:]))
    return Dimension(tuple(ranked[:2000]), rest, len(ranked), sum(g.kept > 0 for g in ranked))


def step(name: str, rows_in: int, rows_out: int, dropped: dict[str, int] | None = None, kind: str = "filter", **more: Any) -> StepTotal:
    address, cost = f"{name}-v1-0123456789abcdef", COSTS.get(name, (3.1, 2.9))
    words = SAID.get(name, {})
    return StepTotal(
        name, kind, address, 8, rows_in, rows_out, dropped or {}, seconds=cost[0], cpu_s=cost[1], peak_rss_bytes=612_000_000,
        stored_bytes=48_000_000, **words, **more,
    )  # fmt: skip


SAID = {
    "extract": {"about": Extract.about, "reasons": Extract.reasons},
    "select": {"about": ApplyLimits.about, "reasons": ApplyLimits.reasons},
}
COSTS = {"extract": (301.2, 288.0), "measure-heuristics": (118.0, 117.2), "publish": (2.4, 1.2)}


def example(n: int = 118_000) -> Summary:
    """A FineWeb-like run over ``n`` records."""
    first = {"type:request": n // 3, "type:metadata": n // 3, "type:warcinfo": 8, "http_status:404": 612, "http_status:301": 288, "mime:application/pdf": 401, "mime:text/xml": 93,
             "mime:missing": 17, "extract:empty": 330, "damaged:gzip_crc": 3, "damaged:content_length": 11, "damaged:truncated": 1, "oversized": 2, "empty_payload": 40}  # fmt: skip
    documents = n - sum(first.values())
    crossed = {"language:other": 19_812, "language_score:low": 1_204, "word_count:low": 2_310, "word_count:high": 2, "mean_word_chars:high": 88, "alphabetic_word_share:low": 641,
               "duplicate_line_share:high": 905, "top_2gram_char_share:high": 433, "url_blocked:high": 61, "GopherQualityFilter:gopher_below_stop_words": 57, "word_count:missing": 1}  # fmt: skip
    selected = documents - sum(crossed.values())
    kept = selected - 402 - 118 - 2
    personal = {"languages": {"en": kept - 40, "no": 30, "und": 10}, "personal_data": {"email": 3120, "ip": 44}, "text_chars": 31_000_512}
    steps = (
        step("extract", n, documents, first, notes={"archive_bytes": 1_234_567_890, "payload_digest_mismatches": 4}),
        step(
            "correct",
            documents,
            documents,
            notes={"lines": {"lines_in": 812_000, "too_few_words": 31_000, "javascript": 812, "lorem_ipsum": 3}},
        ),
        step("measure-url", documents, documents),
        step("measure-heuristics", documents, documents),
        step("signals", documents, documents, kind="join"),
        step("fingerprint", documents, documents),
        step("select", documents, selected, crossed),
        step("scatter-url", documents, documents, kind="join"),
        step("cluster-url", documents, 1011, kind="aggregate"),
        step("dedup-url", selected, selected - 402, {"url_cluster_rank:high": 402}),
        step("dedup-text", selected - 402, selected - 520, {"text_cluster_rank:high": 118}),
        step("redact", selected - 520, kept, {"empty_text": 2}, notes=personal),
        step("profile", documents, 8, kind="aggregate"),
        step("layout", kept, 9, kind="aggregate"),
        step("publish", kept, kept),
    )
    return Summary(
        id="fineweb-3fa1b2c4",
        snapshot="CC-MAIN-2024-22",
        home="/home/user/winnow-store/corpora/CC-MAIN-2024-22/fineweb-3fa1b2c4",
        recipe={
            "name": "fineweb",
            "about": "English web text after the published FineWeb rules.",
            "source": "Penedo et al. 2024, The FineWeb Datasets, arXiv:2406.17557",
            "extractor": {"type": "Resiliparse", "version": "2.0.1", "main_content": True},
            "measure": {"url": [{"type": "UrlLists", "version": "1"}], "heuristics": [{"type": "Words", "version": "1"}]},
            "limits": LIMITS,
            "correct": {"type": "LineRules", "min_words": 3},
            "deduplicate": [
                {"type": "Deduplicate", "by": "url", "keep": "first", "drop": True},
                {"type": "Deduplicate", "by": "text", "keep": "first", "drop": True},
            ],
            "redact": ["email", "ip"],
            "carry_signals": ["word_count"],
            "rows_per_file": 100000,
        },
        digest="sha256:" + "3fa1b2c4" * 8,
        versions={"winnow": "0.1.0", "datatrove": "0.10.1", "resiliparse": "2.0.1", "pyarrow": "26.0.1"},
        files=(
            CorpusFile("data/lang=en/00000.parquet", kept - 40, 31_415_926, "ab" * 32),
            CorpusFile("data/lang=no/00000.parquet", 30, 70_000, "ac" * 32),
            CorpusFile("data/lang=und/00000.parquet", 10, 20_000, "ad" * 32),
        ),
        steps=steps,
        tallies=_tallies(documents, kept, selected, crossed),
        forecast=ForecastCheck(2, 8, 2, (ForecastFigure("documents", "count", 37_000, 30_000, 44_000, float(documents)),)),
        figures={"languages": (Figure("precision", 0.93, 0.9, 0.95, sample_size=400, measured_on="labels"),)},
        columns={"word_count": "words, as the language's segmenter cuts them"},
        text_edits=("takes single lines out of the text",),
        elapsed_s=260.0,
    )


def _tallies(documents: int, kept: int, selected: int, crossed: dict[str, int]) -> Tallies:
    names = ("news", "www.forum", "docs", "a-shop-with-a-rather-long-name.blog", "wiki", "recipes", "xn--mnchen-3ya")
    sites = [f"{name}.example.{tld}" for tld in ("com", "org", "de") for name in names]
    chars = {"en": (84_000_000, 42_000_000), "zh": (1_100_000, 0)}
    return Tallies(
        dimensions={
            "language": dimension(
                [
                    Group(name, int(documents * s), int(kept * 0.99) if name == "en" else int(documents * s * 0.01), *chars.get(name, (0, 0)))
                    for name, s in LANGUAGES.items()
                ]
            ),
            "domain": dimension([Group(site, 900 // (i + 1) + 3, 400 // (i + 1)) for i, site in enumerate(sites)]),
            "tld": dimension([Group(t, documents // 3, kept // 3) for t in ("com", "org", "de")]),
            "hour": dimension(
                [
                    Group("2024-05-18T02", documents // 2, kept // 2),
                    Group("2024-05-19T11", documents - documents // 2 - 7, kept - kept // 2),
                    Group("unknown", 7, 0),
                ]
            ),
            "truncated": dimension([Group("no", documents - 900, kept - 300), Group("length", 900, 300)]),
        },
        signals={
            "text_chars": binned(lambda d: int(math.exp(d.gauss(7.4, 1.4))), lambda v: v > 250, documents, 1),
            "language_score": binned(lambda d: min(1, max(0.1, 1 - abs(d.gauss(0, 0.15)))), lambda v: v >= 0.65, documents, 2),
            "word_count": binned(lambda d: int(math.exp(d.gauss(5.7, 1.4))), lambda v: v >= 50, documents, 3, missing=1),
            "mean_word_chars": binned(lambda d: max(0, d.gauss(5.1, 0.9)), lambda v: 3 <= v <= 10, documents, 4),
            "alphabetic_word_share": binned(lambda d: min(1, max(0, d.gauss(0.88, 0.06))), lambda v: v >= 0.8, documents, 5),
            "duplicate_line_share": binned(
                lambda d: 0 if d.random() < 0.8 else min(1, d.expovariate(6)), lambda v: v <= 0.3, documents, 6
            ),
            "top_2gram_char_share": binned(lambda d: min(1, d.expovariate(18)), lambda v: v <= 0.2, documents, 7),
            "bullet_line_share": binned(lambda d: 0 if d.random() < 0.9 else d.random(), lambda v: v <= 0.9, documents, 8),
            "url_blocked": binned(lambda d: int(d.random() < 0.01), lambda v: not v, documents, 9),
            "perplexity": binned(lambda d: math.exp(d.gauss(6, 1)), lambda v: True, documents, 10),
            "log_probability": binned(lambda d: -abs(d.gauss(4, 2)), lambda v: True, documents, 11),
        },
        limits=tuple(LimitCount(reason, 2 * n, n // 3) for reason, n in sorted(crossed.items(), key=lambda kv: -kv[1])),
        overlaps=(
            OverlapCount("language:other", "word_count:low", 2000),
            OverlapCount("duplicate_line_share:high", "language:other", 500),
        ),
        steps=(
            StepCount(
                "select", documents, selected, 5.0, 4.5, (Group("en", documents // 2, selected), Group("de", documents // 2, 0)),
                (Bin(1024.0, documents, selected, selected),),
            ),
        ),
        clusters=(
            Clusters(
                "text", (ClusterSize(2, 90, 200), ClusterSize(4, 3, 15)),
                (LargeCluster(7, "https://a.example/", "A mirror.", False), LargeCluster(6, "https://b.example/", "Naked truth.", True)),
            ),
        ),
        copies={"language": (Group("en", selected, kept),), "domain": (Group("news.example.com", 90, 20),)},
        perplexity={"en": (Bin(64.0, 100, 50, 50), Bin(128.0, 100, 20, 20))},
        samples=(
            Sample("", "00", "ab12", "https://news.example/", "A page that stays."),
            Sample("word_count:low", "01", "cd34", "https://news.example/short", "Too short.", 12.0, 50.0),
            Sample("word_count:low", "02", "ef56", "https://adult.example/", "Not for everybody.", 13.0, 50.0, adult=True),
        ),
    )  # fmt: skip


def empty() -> Summary:
    """Records, but none became a document."""
    steps = (
        step("extract", 3, 0, {"type:warcinfo": 1, "http_status:404": 2}),
        step("select", 0, 0),
        step("redact", 0, 0),
        step("publish", 0, 0),
    )
    steps = tuple(replace(s, seconds=0.0, cpu_s=0.0, stored_bytes=0) for s in steps)
    recipe = {"name": "raw", "about": "", "source": "", "measure": {}, "limits": []}
    return replace(example(1000), steps=steps, files=(), recipe=recipe, tallies=Tallies(), snapshot="my files", forecast=None, figures={})


def hostile() -> Summary:
    """What a page, a server or a recipe says is everywhere an attack."""
    run = example()
    bad = {
        "extract": {f"mime:{HOSTILE}": 1, f"extract:{HOSTILE}": 5, f"damaged:{HOSTILE}": 2, HOSTILE: 3},
        "select": {f"GopherQualityFilter:{HOSTILE}": 7},
    }
    steps = [replace(s, dropped=bad[s.name], rows_out=s.rows_in - sum(bad[s.name].values())) if s.name in bad else s for s in run.steps]
    steps[0] = replace(steps[0], name=HOSTILE, about=HOSTILE)
    steps[1] = replace(steps[1], notes={"lines": {"lines_in": 9, HOSTILE: 3}})
    redact = next(s for s in steps if s.name == "redact")
    steps[steps.index(redact)] = replace(redact, notes={**redact.notes, "personal_data": {HOSTILE: 3}})
    t = run.tallies
    tallies = replace(
        t,
        dimensions={name: replace(d, groups=(*d.groups, Group(HOSTILE, 9, 3))) for name, d in t.dimensions.items()},
        signals={**t.signals, HOSTILE: (Bin(0.5, 9, 3, 3),)},
        limits=(*t.limits, LimitCount(HOSTILE, 9, 3)),
        overlaps=(*t.overlaps, OverlapCount(HOSTILE, f"{HOSTILE}x", 9)),
        clusters=(Clusters(HOSTILE, (ClusterSize(2, 1, 2),), (LargeCluster(2, HOSTILE, HOSTILE, True),)),),
        copies={name: (*groups, Group(HOSTILE, 9, 3)) for name, groups in t.copies.items()},
        perplexity={HOSTILE: (Bin(64.0, 1, 1, 1),)},
        samples=(
            *t.samples,
            Sample("word_count:low", "03", HOSTILE, HOSTILE, HOSTILE),
            Sample("", "04", "x", HOSTILE, HOSTILE, adult=True),
        ),
    )
    recipe = {
        **run.recipe,
        "about": HOSTILE,
        "source": HOSTILE,
        "name": "mine",
        "limits": [*LIMITS, {"signal": HOSTILE, "high": 1}, {"signal": "language", "one_of": [HOSTILE]}],
    }
    return replace(
        run, id=HOSTILE, home=HOSTILE, snapshot=HOSTILE, recipe=recipe, steps=tuple(steps), tallies=tallies,
        versions={**run.versions, HOSTILE: HOSTILE},
    )  # fmt: skip


def huge() -> Summary:
    """Numbers of a whole crawl, 300 reasons, 180 languages, 200 signals and 5,000 domains."""
    run, times = example(), 10**8
    more = {f"mime:x/{i:03}": 10**6 + i for i in range(300)}
    steps = tuple(
        replace(
            s,
            rows_in=s.rows_in * times,
            rows_out=s.rows_out * times,
            shards=90_000,
            dropped={k: n * times for k, n in s.dropped.items()},
            seconds=s.seconds * 10**6,
            cpu_s=s.cpu_s * 10**6,
        )
        for s in run.steps
    )
    first = replace(steps[0], rows_in=steps[0].rows_in + sum(more.values()), dropped={**steps[0].dropped, **more})
    steps = (first, *steps[1:])
    t = run.tallies
    grown = {
        name: [Group(g.name, g.documents * times, g.kept * times, g.chars * times, g.chars_kept * times) for g in d.groups]
        for name, d in t.dimensions.items()
    }
    grown["language"] += [Group(f"l{i:03}", 10**9 + i, 10**6) for i in range(180)]
    grown["domain"] += [Group(f"h{i:05}.example", 5, 1) for i in range(5_000)]
    signals = {
        name: tuple(Bin(b.lower_edge, b.documents * times, b.kept * times, b.alone * times) for b in bins)
        for name, bins in t.signals.items()
    }
    signals |= {f"rps_doc_signal_{i:03}": signals["bullet_line_share"] for i in range(190)}
    tallies = replace(t, dimensions={name: dimension(groups) for name, groups in grown.items()}, signals=signals)
    files = tuple(CorpusFile(f"data/lang=l{i:03}/00000.parquet", 10**9 + i, 10**12, "ab" * 32) for i in range(180))
    return replace(run, steps=steps, files=files, tallies=tallies)


def texts() -> Summary:
    """A run over documents that already are text, with one document kept and no limit."""
    tallies = Tallies({"language": dimension([Group("de", 1, 1)])}, {"text_chars": (Bin(0.0, 1, 1, 1),)})
    return replace(
        empty(),
        steps=(step("read", 2, 1, {"no_text": 1}), step("select", 1, 1), step("publish", 1, 1)),
        files=(CorpusFile("data/lang=de/00000.parquet", 1, 812, "ab" * 32),),
        tallies=tallies,
    )


SUMMARIES = {"example": example, "empty": empty, "hostile": hostile, "huge": huge, "texts": texts}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SUMMARIES.items():
        (folder / f"{name}.html").write_text(report_html(make()), encoding="utf-8")
        (folder / f"{name}.md").write_text(dataset_card(make()), encoding="utf-8")
