"""The report and the card: what a person is told of a run. Figures, escaping, and that nothing odd in a run breaks them.

To look at one: ``python -m tests.report.test_release /tmp/report`` writes every summary used here as a page and a card.
"""

import copy
import html
import json
import math
import random
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example as example_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import ROOT
from winnow.tasks.report.histogram import BINS_PER_OCTAVE, BINS_PER_UNIT, HEIGHT, MAX_OCTAVE_CELLS, WIDTH, histogram
from winnow.tasks.report.release import (
    bottleneck,
    bound,
    chosen_licence,
    code,
    dataset_card,
    duration,
    iso_code,
    number,
    percent,
    prose,
    report_html,
    size,
    size_category,
)

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


def _lower_edge(value: float) -> str:
    """As tasks/corpus/profile.py bins."""
    if abs(value) <= 1:
        return f"{math.floor(value * 50 + 1e-9) / 50:.6g}"
    return f"{math.copysign(2 ** (math.floor(math.log2(abs(value)) * 2) / 2), value):.6g}"


def _binned(what: str, draw: Any, keeps: Any, n: int, seed: int) -> list[dict[str, Any]]:
    dice, counts = random.Random(seed), {}
    for _ in range(n // 20):
        value = draw(dice)
        entry = counts.setdefault(_lower_edge(value), [0, 0])
        entry[0] += 20
        entry[1] += 20 if keeps(value) and dice.random() < 0.45 else 0
    return [{"what": what, "bin": name, "documents": d, "kept": k} for name, (d, k) in counts.items()]


def example(n: int = 118_000) -> dict[str, Any]:
    """A FineWeb-like run over ``n`` records."""
    first = {"type:request": n // 3, "type:metadata": n // 3, "type:warcinfo": 8, "http_status:404": 612, "http_status:301": 288, "mime:application/pdf": 401, "mime:text/xml": 93,
             "mime:missing": 17, "extract:empty": 330, "damaged:gzip_crc": 3, "damaged:content_length": 11, "damaged:truncated": 1, "oversized": 2, "empty_payload": 40}  # fmt: skip
    documents = n - sum(first.values())
    crossed = {"language:other": 19_812, "language_score:low": 1_204, "word_count:low": 2_310, "word_count:high": 2, "mean_word_chars:high": 88, "alphabetic_word_share:low": 641,
               "duplicate_line_share:high": 905, "top_2gram_char_share:high": 433, "url_blocked:high": 61, "GopherQualityFilter:gopher_below_stop_words": 57, "word_count:missing": 1}  # fmt: skip
    selected = documents - sum(crossed.values())
    kept = selected - 402 - 118 - 2
    steps = [
        _step("extract", n, documents, first),
        _step("correct", documents, documents),
        _step("measure-url", documents, documents),
        _step("measure-heuristics", documents, documents),
        _step("signals", documents, documents, kind="join"),
        _step("fingerprint", documents, documents),
        _step("select", documents, selected, crossed),
        _step("scatter-url", documents, documents, kind="join"),
        _step("cluster-url", documents, 1011, kind="aggregate"),
        _step("dedup-url", selected, selected - 402, {"url_cluster_rank:high": 402}),
        _step("dedup-text", selected - 402, selected - 520, {"text_cluster_rank:high": 118}),
        _step("redact", selected - 520, kept, {"empty_text": 2}),
        _step("profile", documents, 900, kind="aggregate"),
        _step("layout", kept, 9, kind="aggregate"),
        _step("publish", kept, kept),
    ]
    files = [
        {"path": "data/lang=en/00000.parquet", "rows": kept - 40, "bytes": 31_415_926, "sha256": "ab" * 32},
        {"path": "data/lang=no/00000.parquet", "rows": 30, "bytes": 70_000, "sha256": "ac" * 32},
        {"path": "data/lang=und/00000.parquet", "rows": 10, "bytes": 20_000, "sha256": "ad" * 32},
    ]
    profile = [
        *(
            {
                "what": "language",
                "bin": name,
                "documents": int(documents * s),
                "kept": int(kept * 0.99) if name == "en" else int(documents * s * 0.01),
            }
            for name, s in LANGUAGES.items()
        ),
        *(
            {"what": "domain", "bin": f"{w}.example.{t}", "documents": 900 // (i + 1) + 3, "kept": 400 // (i + 1)}
            for i, (w, t) in enumerate(
                (w, t)
                for t in ("com", "org", "de")
                for w in ("news", "www.forum", "docs", "a-shop-with-a-rather-long-name.blog", "wiki", "recipes", "xn--mnchen-3ya")
            )
        ),
        *({"what": "tld", "bin": t, "documents": documents // 3, "kept": kept // 3} for t in ("com", "org", "de")),
        {"what": "hour", "bin": "2024-05-18T02", "documents": documents // 2, "kept": kept // 2},
        {"what": "hour", "bin": "2024-05-19T11", "documents": documents - documents // 2 - 7, "kept": kept - kept // 2},
        {"what": "hour", "bin": "unknown", "documents": 7, "kept": 0},
        {"what": "truncated", "bin": "no", "documents": documents - 900, "kept": kept - 300},
        {"what": "truncated", "bin": "length", "documents": 900, "kept": 300},
        {"what": "chars", "bin": "en", "documents": 84_000_000, "kept": 42_000_000},
        {"what": "chars", "bin": "zh", "documents": 1_100_000, "kept": 0},
        *({"what": "crossed", "bin": r, "documents": 2 * n, "kept": n // 3} for r, n in crossed.items()),
        {"what": "together", "bin": "language:other\tword_count:low", "documents": 2000, "kept": 0},
        {"what": "together", "bin": "duplicate_line_share:high\tlanguage:other", "documents": 500, "kept": 0},
        {"what": "step:select:language", "bin": "en", "documents": documents // 2, "kept": selected},
        {"what": "step:select:language", "bin": "de", "documents": documents // 2, "kept": 0},
        {"what": "step:select:text_chars", "bin": "1024", "documents": documents, "kept": selected},
        {"what": "entropy:select", "bin": "", "documents": 5_000_000 * documents, "kept": 4_500_000 * selected},
        {"what": "entropy_of:select", "bin": "", "documents": documents, "kept": selected},
        _sample("", "A page that stays."),
        _sample("word_count:low", "Too short.", value=12.0, limit=50.0),
        *_binned("text_chars", lambda d: int(math.exp(d.gauss(7.4, 1.4))), lambda v: v > 250, documents, 1),
        *_binned("signal:language_score", lambda d: min(1, max(0.1, 1 - abs(d.gauss(0, 0.15)))), lambda v: v >= 0.65, documents, 2),
        *_binned("signal:word_count", lambda d: int(math.exp(d.gauss(5.7, 1.4))), lambda v: v >= 50, documents, 3),
        *_binned("signal:mean_word_chars", lambda d: max(0, d.gauss(5.1, 0.9)), lambda v: 3 <= v <= 10, documents, 4),
        *_binned("signal:alphabetic_word_share", lambda d: min(1, max(0, d.gauss(0.88, 0.06))), lambda v: v >= 0.8, documents, 5),
        *_binned(
            "signal:duplicate_line_share", lambda d: 0 if d.random() < 0.8 else min(1, d.expovariate(6)), lambda v: v <= 0.3, documents, 6
        ),
        *_binned("signal:top_2gram_char_share", lambda d: min(1, d.expovariate(18)), lambda v: v <= 0.2, documents, 7),
        *_binned("signal:bullet_line_share", lambda d: 0 if d.random() < 0.9 else d.random(), lambda v: v <= 0.9, documents, 8),
        *_binned("signal:url_blocked", lambda d: int(d.random() < 0.01), lambda v: not v, documents, 9),
        *_binned("signal:perplexity", lambda d: math.exp(d.gauss(6, 1)), lambda v: True, documents, 10),
        *_binned("signal:log_probability", lambda d: -abs(d.gauss(4, 2)), lambda v: True, documents, 11),
        {"what": "signal:word_count", "bin": "missing", "documents": 1, "kept": 0},
    ]
    cost = {"extract": (301.2, 288.0), "measure-heuristics": (118.0, 117.2), "publish": (2.4, 1.2)}
    return {
        "id": "fineweb-3fa1b2c4",
        "snapshot": "CC-MAIN-2024-22",
        "home": "/home/user/winnow-store/corpora/CC-MAIN-2024-22/fineweb-3fa1b2c4",
        "manifest": {
            "schema": 1,
            "snapshot": "CC-MAIN-2024-22",
            "recipe": {
                "name": "fineweb",
                "about": "English web text after the published FineWeb rules.",
                "source": "Penedo et al. 2024, The FineWeb Datasets, arXiv:2406.17557",
                "extractor": {"type": "Resiliparse", "version": "2.0.1", "main_content": True},
                "language_model": {
                    "type": "ModelFile",
                    "name": "lid.176.ftz",
                    "sha256": "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
                },
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
            "versions": {"winnow": "0.1.0", "datatrove": "0.10.1", "resiliparse": "2.0.1", "pyarrow": "26.0.1"},
            "digest": "sha256:" + "3fa1b2c4" * 8,
            "files": files,
            "steps": steps,
        },
        "notes": {
            "extract": {"archive_bytes": 1_234_567_890, "payload_digest_mismatches": 4},
            "correct": {"lines": {"lines_in": 812_000, "too_few_words": 31_000, "javascript": 812, "lorem_ipsum": 3}},
            "redact": {
                "languages": {"en": kept - 40, "no": 30, "und": 10},
                "personal_data": {"email": 3120, "ip": 44},
                "text_chars": 31_000_512,
            },
        },
        "costs": [
            {
                "name": s["name"],
                "seconds": cost.get(s["name"], (3.1, 2.9))[0],
                "cpu_s": cost.get(s["name"], (3.1, 2.9))[1],
                "peak_rss_bytes": 612_000_000,
                "size_bytes": 48_000_000,
            }
            for s in steps
        ],
        "profile": profile,
    }


def _sample(reason: str, text: str, value: float | None = None, limit: float | None = None) -> dict[str, Any]:
    facts = {"draw": "0", "id": "ab12", "url": "https://news.example/", "value": value, "limit": limit, "text": text}
    return {"what": f"sample:{reason}", "bin": json.dumps(facts), "documents": 1, "kept": int(not reason)}


def _step(name: str, rows_in: int, rows_out: int, dropped: dict[str, int] | None = None, kind: str = "filter") -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "address": f"{name}-v1-0123456789abcdef",
        "shards": 8,
        "rows_in": rows_in,
        "rows_out": rows_out,
        "dropped": dropped or {},
    }


def empty() -> dict[str, Any]:
    """Records, but none became a document."""
    run = example(1000)
    manifest = run["manifest"]
    manifest["steps"] = [
        _step("extract", 3, 0, {"type:warcinfo": 1, "http_status:404": 2}),
        _step("select", 0, 0),
        _step("redact", 0, 0),
        _step("publish", 0, 0),
    ]
    manifest["files"], manifest["recipe"] = [], {"name": "raw", "about": "", "source": "", "measure": {}, "limits": []}
    return run | {"notes": {}, "profile": [], "costs": [], "snapshot": "my files"}


def hostile() -> dict[str, Any]:
    """What a page, a server or a recipe says, is everywhere an attack."""
    run = example()
    manifest = run["manifest"]
    manifest["steps"][0]["dropped"] = {f"mime:{HOSTILE}": 1, f"extract:{HOSTILE}": 5, f"damaged:{HOSTILE}": 2, HOSTILE: 3}
    manifest["steps"][6]["dropped"] = {f"GopherQualityFilter:{HOSTILE}": 7}
    manifest["recipe"] |= {
        "about": HOSTILE,
        "source": HOSTILE,
        "name": "mine",
        "limits": [*LIMITS, {"signal": HOSTILE, "high": 1}, {"signal": "language", "one_of": [HOSTILE]}],
    }
    manifest["versions"][HOSTILE] = HOSTILE
    run["profile"] += [
        {"what": what, "bin": HOSTILE, "documents": 9, "kept": 3}
        for what in (
            "language",
            "domain",
            "tld",
            "hour",
            "truncated",
            "crossed",
            "text_chars",
            f"signal:{HOSTILE}",
            "copies_language",
            "copies_domain",
        )
    ]
    run["profile"] += [{"what": f"signal:{HOSTILE}", "bin": "0.5", "documents": 9, "kept": 3}]
    run["profile"] += [{"what": "together", "bin": f"{HOSTILE}\t{HOSTILE}x", "documents": 9, "kept": 3}]
    run["profile"] += [
        _sample("word_count:low", HOSTILE),
        _sample("", HOSTILE),
        {"what": f"perplexity:{HOSTILE}", "bin": "64", "documents": 1, "kept": 1},
    ]
    run["notes"]["redact"]["personal_data"][HOSTILE] = 3
    run["notes"]["correct"]["lines"][HOSTILE] = 3
    run["costs"][0]["name"] = run["home"] = run["id"] = run["snapshot"] = HOSTILE
    return run


def huge() -> dict[str, Any]:
    """Numbers of a whole crawl, 300 reasons, 180 languages, a million hosts' worth of names."""
    run = example()
    for step in run["manifest"]["steps"]:
        step["rows_in"], step["rows_out"], step["shards"] = step["rows_in"] * 10**8, step["rows_out"] * 10**8, 90_000
        step["dropped"] = {k: n * 10**8 for k, n in step["dropped"].items()}
    run["manifest"]["steps"][0]["dropped"] |= {f"mime:x/{i:03}": 10**6 + i for i in range(300)}
    run["manifest"]["files"] = [
        {"path": f"data/lang=l{i:03}/00000.parquet", "rows": 10**9 + i, "bytes": 10**12, "sha256": "ab" * 32} for i in range(180)
    ]
    run["profile"] = [r | {"documents": r["documents"] * 10**8, "kept": r["kept"] * 10**8} for r in run["profile"]]
    run["profile"] += [{"what": "language", "bin": f"l{i:03}", "documents": 10**9 + i, "kept": 10**6} for i in range(180)]
    run["profile"] += [{"what": "domain", "bin": f"h{i:05}.example", "documents": 5, "kept": 1} for i in range(5_000)]
    run["costs"] = [c | {"seconds": c["seconds"] * 10**6, "cpu_s": c["cpu_s"] * 10**6, "peak_rss_bytes": 10**11} for c in run["costs"]]
    return run


def texts() -> dict[str, Any]:
    """A run over documents that already are text, with one document kept and no limit."""
    run = empty()
    run["manifest"]["steps"] = [_step("read", 2, 1, {"no_text": 1}), _step("select", 1, 1), _step("publish", 1, 1)]
    run["manifest"]["files"] = [{"path": "data/lang=de/00000.parquet", "rows": 1, "bytes": 812, "sha256": "ab" * 32}]
    run["profile"] = [
        {"what": "language", "bin": "de", "documents": 1, "kept": 1},
        {"what": "text_chars", "bin": "0", "documents": 1, "kept": 1},
    ]
    return run


SUMMARIES = {"example": example, "empty": empty, "hostile": hostile, "huge": huge, "texts": texts}


class Page(HTMLParser):
    """What a browser would make of a page: tags with attributes, visible text, and whether every tag is closed."""

    void = frozenset({"meta", "link", "br"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.open = "", []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag, at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data + " "


@pytest.fixture(scope="module", params=SUMMARIES)
def summary(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SUMMARIES[request.param]()


# ------------------------------------------------------------------ the report


def test_report_is_one_closed_page_that_asks_nobody_for_anything(summary: dict[str, Any]) -> None:
    source = report_html(summary)
    page = Page(source)
    assert page.open == []
    assert source.lstrip().startswith("<!doctype html>")
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "use", "image"}
    for tag, attributes in page.tags:
        assert not [a for a in attributes if a.startswith("on") or a in ("src", "srcset", "action", "xlink:href")], (tag, attributes)
        if "href" in attributes:
            assert attributes["href"] in ("data:,", "README.md", "manifest.json", "data/") or attributes["href"].startswith("#")
    style = re.search(r"<style>(.*?)</style>", source, re.S)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_links_inside_the_report_lead_somewhere() -> None:
    page = Page(report_html(example()))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for _, a in page.tags if (a.get("href") or "").startswith("#")} | {
        a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a
    } <= set(ids)


def test_what_pages_and_servers_say_is_text_and_never_markup() -> None:
    source = report_html(hostile())
    assert "<script" not in source
    assert Page(source).text.count("<script>alert(1)</script>") >= 12
    assert {tag for tag, _ in Page(source).tags} == {tag for tag, _ in Page(report_html(example())).tags}
    assert "javascript:b" not in {a.get("href") for _, a in Page(source).tags}


def test_report_tells_the_figures_of_the_manifest() -> None:
    run = example()
    text = " ".join(Page(report_html(run)).text.split())
    for step in run["manifest"]["steps"]:
        if step["kind"] == "filter":
            assert number(step["rows_out"]) in text
        for reason, rows in step["dropped"].items():
            assert reason in text
            assert number(rows) in text
    for said in (
        "at least 0.65",
        "50 to 100,000",
        "≤ 0.3",
        "The next bottleneck is extract",
        "1.2 GB of archives",
        "3,120",
        "31,000",
        "steps/extract-v1-0123456789abcdef/*.dropped.parquet",
    ):
        assert said in text, said
    assert run["manifest"]["digest"] in text


def test_reasons_and_languages_beyond_the_first_are_counted_and_listed() -> None:
    text = " ".join(Page(report_html(huge())).text.split())
    assert re.search(r"304 further reasons, [\d,]+ rows", text)
    assert "mime:x/000" in text
    assert "l179" in text
    assert "h04999.example" not in text
    assert "The next 185 of" in text


def test_a_run_without_documents_says_so() -> None:
    text = " ".join(Page(report_html(empty())).text.split())
    assert "none became a document" in text
    assert "No record was damaged" in text
    assert "http_status:404" in text


def test_colours_can_be_told_from_what_they_lie_on() -> None:
    """WCAG 2.2: 4.5 for text, 3 for graphics; in each scheme."""
    css = (ROOT / "tasks/report/templates/report.css").read_text()
    schemes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)]
    assert len(schemes) == 3
    for scheme in schemes:
        for front, back, least in [
            ("ink", "paper", 7),
            ("soft", "paper", 4.5),
            ("soft", "card", 4.5),
            ("limit", "card", 4.5),
            ("kept", "paper", 4.5),
            ("kept", "card", 3),
            ("dropped", "card", 2.8),
            ("dropped", "track", 2.4),
        ]:
            assert _contrast(scheme[front], scheme[back]) >= least, (front, back, _contrast(scheme[front], scheme[back]))


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


COSTS = [
    ({"extract": (60, 59), "select": (40, 1)}, ["is extract, with 60.0 %", "computes nearly all", "2.5 times as fast"]),
    ({"extract": (60, 12), "select": (40, 1)}, ["computes for only 20.0 %", "waits"]),
    ({"extract": (60, 60)}, ["is extract, with 100 %"]),
    ({"extract": (0, 0)}, ["No time was measured"]),
    ({}, ["No time was measured"]),
]


@pytest.mark.parametrize(("costs", "said"), COSTS)
def test_the_bottleneck_is_named(costs: dict[str, tuple[float, float]], said: list[str]) -> None:
    text = html.unescape(
        report_html(
            empty()
            | {"costs": [{"name": k, "seconds": s, "cpu_s": c, "peak_rss_bytes": 1, "size_bytes": 1} for k, (s, c) in costs.items()]}
        )
    )
    assert all(part in text for part in said)
    assert bottleneck([]) == "No time was measured."


# ------------------------------------------------------------------ histograms


def test_bins_are_those_of_the_profile() -> None:
    profile = pytest.importorskip("winnow.tasks.corpus.profile")
    assert (profile.BINS_PER_UNIT, profile.BINS_PER_OCTAVE) == (BINS_PER_UNIT, BINS_PER_OCTAVE)


def test_at_most_zero_leaves_the_bar_of_zero_on_the_good_side() -> None:
    made = histogram([("0", 90, 90), ("1", 10, 0)], [0])
    assert [(c.documents, c.x < made.bound_x(0, "high")) for c in made.cells] == [(90, True), (10, False)]
    assert made.x(1) == WIDTH / 2
    assert [value for _, value in made.ticks()] == [0, 1]


def test_a_limit_lies_between_the_bars_it_parts() -> None:
    made = histogram([("0.28", 5, 5), ("0.3", 7, 0), ("0", 100, 90)], [0.3])
    beyond = [c for c in made.cells if c.x >= made.x(0.3)]
    assert sum(c.documents for c in beyond) == 7
    assert made.documents == 112


def test_values_and_limits_beyond_one_share_an_axis() -> None:
    made = histogram([(_lower_edge(v), 1, 1) for v in (0, 1, 3, 40, 60, 5000)], [50, 100_000])
    assert [c.low for c in made.cells][:4] == [0.0, 1.0, 2.0, pytest.approx(2**1.5)]
    assert made.x(40) < made.x(50) < made.x(60) < made.x(100_000) <= WIDTH
    assert sum(c.documents for c in made.cells) == 6


def test_a_bar_that_towers_over_the_rest_is_cut() -> None:
    made = histogram([("0", 10_000, 9_000), ("0.1", 10, 5)])
    assert [c.cut for c in made.cells if c.documents] == [True, False]
    assert made.top == 14


def test_no_number_is_no_histogram() -> None:
    assert histogram([]) is None
    assert histogram([("missing", 3, 0), ("inf", 1, 0), ("nonsense", 1, 0)]) is None
    assert histogram([("0.5", 0, 0)]) is None


@given(
    values=st.lists(st.one_of(st.floats(-1, 1), st.floats(-1e300, 1e300), st.integers(0, 10**6).map(float)), min_size=1, max_size=20),
    bounds=st.lists(st.floats(-1e12, 1e12), max_size=2),
    kept=st.integers(0, 3),
)
@example_of(values=[0.0] * 7 + [1.0] * 5, bounds=[], kept=3)  # rounding put a bar outside of itself
@settings(max_examples=150, deadline=None)
def test_every_document_is_in_one_bar_and_every_bar_in_the_picture(values: list[float], bounds: list[float], kept: int) -> None:
    made = histogram([(_lower_edge(v), 3, kept) for v in values], bounds)
    assert made.documents == sum(c.documents for c in made.cells) == 3 * len(values)
    assert made.kept == kept * len(values)
    assert len(made.cells) <= 2 * MAX_OCTAVE_CELLS + 40
    for left, right in zip(made.cells, made.cells[1:], strict=False):
        assert left.low < left.high == right.low
    for cell in made.cells:
        assert 0 <= cell.y_documents <= cell.y_kept <= HEIGHT
    assert all(0 <= made.x(b) <= WIDTH for b in bounds)
    assert all(math.isfinite(x) and made.cells[0].low <= v <= made.cells[-1].high for x, v in made.ticks())


# ------------------------------------------------------------------ the card


def _front(card: str) -> dict[str, Any]:
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_front_matter_is_what_the_hub_reads() -> None:
    front = _front(dataset_card(example()))
    assert front["language"] == ["en", "no"]  # a bare `no` would be read as false, `und` is no language
    assert front["size_categories"] == ["10K<n<100K"]
    assert front["task_categories"] == ["text-generation"]
    assert front["tags"] == ["common-crawl", "winnow", "fineweb"]
    assert front["configs"] == [{"config_name": "default", "data_files": "data/**/*.parquet"}]
    assert front["license"] == "other"


def test_card_has_a_front_matter_whatever_the_run(summary: dict[str, Any]) -> None:
    front = _front(dataset_card(summary))
    assert front["size_categories"]
    assert len(front.get("language", [])) <= 100


def test_card_is_the_same_for_equal_corpora() -> None:
    """Time, place and the order in which shards were added up are not in it."""
    run = example()
    other = copy.deepcopy(run) | {"home": "s3://elsewhere/corpora/x/y", "costs": []}
    random.Random(1).shuffle(other["profile"])
    for step in other["manifest"]["steps"]:
        step["dropped"] = dict(reversed(step["dropped"].items()))
    card = dataset_card(run)
    assert card == dataset_card(other)
    assert "/home/user" not in card


def test_tables_of_the_card_stay_tables(summary: dict[str, Any]) -> None:
    """Each row has the cells of its head, whatever a reason or a version says."""
    width = 0
    for line in dataset_card(summary).split("---\n", 2)[2].splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        assert width in (0, cells), line
        width = cells


def test_what_others_say_is_no_markup_in_the_card() -> None:
    card = dataset_card(hostile())
    outside_code = re.sub(r"```.*?```|`[^`\n]*`", "", card.split("---\n", 2)[2], flags=re.S)
    assert "<script" not in outside_code
    assert not re.search(r"(?<!\\)\]\(javascript", outside_code)
    assert len(re.findall(r"^## ", card, re.M)) == len(re.findall(r"^## ", dataset_card(example()), re.M))


def test_copies_that_are_only_marked_are_not_said_to_be_dropped() -> None:
    assert "Copies were dropped where their URL or their whole text" in dataset_card(example())
    run = example()
    for rule in run["manifest"]["recipe"]["deduplicate"]:
        rule["drop"] = False
    assert "No copies were dropped" in dataset_card(run)


def test_card_tells_what_the_corpus_is_a_sample_of() -> None:
    card = dataset_card(example())
    assert "captured from 2024-05-18T02 to 2024-05-19T11" in card
    assert "900" in card.split("**Truncation.**")[1].split("\n")[0]
    assert "Not compared" in card
    index = {"captures": 1000, "tlds": {"com": 700, "org": 200, "xyz": 100}, "domains": 50}
    card = dataset_card(example() | {"index": index})
    assert "The crawl's index has 50 domains" in card
    assert re.search(r"\| `com` \| 70\.0 % \| ", card)
    assert re.search(r"\| `xyz` \| 10\.0 % \| 0 % \| 0 % \|", card)


def test_a_licence_that_somebody_chose_stays() -> None:
    card = dataset_card(example())
    assert chosen_licence(card) is None
    edited = re.sub(r"license: other\nlicense_name: .*\nlicense_link: .*\n", "license: odc-by\n", card)
    assert chosen_licence(edited) == {"license": "odc-by"}
    again = dataset_card(example() | {"licence": chosen_licence(edited)})
    assert _front(again)["license"] == "odc-by"
    assert "placeholder" not in again
    for broken in ("", "# no front matter", "---\n- a\n---\n", "---\n: [\n---\n"):
        assert chosen_licence(broken) is None


def test_card_says_how_to_make_it_again() -> None:
    assert "winnow run CC-MAIN-2024-22 --recipe fineweb\n" in dataset_card(example())
    assert "winnow run SOURCE --snapshot 'my files' --recipe raw\n" in dataset_card(empty())


@pytest.mark.parametrize("library", ["duckdb", "pandas"])
def test_the_card_s_snippets_run(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(library)
    import pyarrow as pa
    import pyarrow.parquet as pq

    for language in ("en", "no"):
        folder = tmp_path / "data" / f"lang={language}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"url": ["https://example.org/"], "language": [language], "text": ["A text."]}), folder / "00000.parquet")
    monkeypatch.chdir(tmp_path)
    snippet = next(s for s in re.findall(r"```python\n(.*?)```", dataset_card(example()), re.S) if f"import {library}" in s)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert len(names["by_language"].fetchall() if library == "duckdb" else names["corpus"]) == 2


# ------------------------------------------------------------------ words for numbers

WORDS = [
    (number, (1234567,), "1,234,567"),
    (number, (0.3,), "0.3"),
    (number, (1234.56,), "1,234.6"),
    (number, (-5.5,), "-5.5"),
    (percent, (0, 10), "0 %"),
    (percent, (10, 10), "100 %"),
    (percent, (1, 10**6), "< 0.1 %"),
    (percent, (10**6 - 1, 10**6), "> 99.9 %"),
    (percent, (1, 0), "–"),
    (percent, (1, 3), "33.3 %"),
    (size, (0,), "0 B"),
    (size, (31_415_926,), "31.4 MB"),
    (size, (10**18,), "1,000 PB"),
    (duration, (0.01,), "< 0.1 s"),
    (duration, (59.94,), "59.9 s"),
    (duration, (245,), "4 min 5 s"),
    (duration, (11520,), "3 h 12 min"),
    (bound, ({"low": 0.65},), "at least 0.65"),
    (bound, ({"low": 50, "high": 100000},), "50 to 100,000"),
    (bound, ({"one_of": list("abcdefghij")},), "one of a, b, c, d, e, f, g, h and 2 more"),
    (bound, ({"empty": True},), "no verdict"),
    (iso_code, ("de",), "de"),
    (iso_code, ("deu_Latn",), "deu"),
    (iso_code, ("und",), ""),
    (iso_code, ("../x",), ""),
    (size_category, (0,), "n<1K"),
    (size_category, (999,), "n<1K"),
    (size_category, (1000,), "1K<n<10K"),
    (size_category, (10**9,), "1B<n<10B"),
    (size_category, (10**12,), "n>1T"),
    (code, ("a|b`c`\nd",), r"`a\|b'c' d`"),
    (prose, ("a|b <i>*c*\nd",), r"a\|b &lt;i>\*c\* d"),
]


@pytest.mark.parametrize(("words", "given_", "said"), WORDS)
def test_words_for_numbers(words: Any, given_: tuple[Any, ...], said: str) -> None:
    assert words(*given_) == said


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SUMMARIES.items():
        (folder / f"{name}.html").write_text(report_html(make()), encoding="utf-8")
        (folder / f"{name}.md").write_text(dataset_card(make()), encoding="utf-8")
