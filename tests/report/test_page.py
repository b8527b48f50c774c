"""The report: what a person is told of a run. Figures, escaping, and that nothing odd in a run breaks it."""

import html
import itertools
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest

from tests.report.examples import SUMMARIES, empty, example, hostile, huge, step
from tests.shared import ROOT
from winnow.tasks.report.charts import funnel_rows, outcome
from winnow.tasks.report.facts import funnel
from winnow.tasks.report.page import report_html
from winnow.tasks.report.sections.time import bottleneck
from winnow.tasks.report.sections.values import SHOWN
from winnow.tasks.report.summary import Summary
from winnow.tasks.report.words import number


class Page(HTMLParser):
    """What a browser would make of a page: tags with attributes, visible text, and whether every tag is closed."""

    void = frozenset({"meta", "link", "br", "wbr"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.text_in_sight, self.open, self.in_sight = "", "", [], []
        self._closed = 0  # open <details> elements that are folded up
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._add("" if tag == "wbr" else " ")
        if not self._closed:
            self.in_sight.append(tag)
        if tag == "details" and (self._closed or "open" not in dict(attrs)):
            self._closed += 1
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag, at {self.getpos()}"

        if tag == "details" and self._closed:
            self._closed -= 1

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self._add(data)

    def _add(self, text: str) -> None:
        self.text += text
        if not self._closed or "summary" in self.open:
            self.text_in_sight += text

    def tags_count(self, name: str) -> int:
        return sum(tag == name for tag, _ in self.tags)


@cache
def page_of_huge() -> Page:
    """It takes seconds, so it is drawn once for all who look at it."""
    return Page(report_html(huge()))


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.slow if name == "huge" else ()) for name in SUMMARIES])
def summary(request: pytest.FixtureRequest) -> Summary:
    return SUMMARIES[request.param]()


def test_report_is_one_closed_page_that_asks_nobody_for_anything(summary: Summary) -> None:
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
    for stage in run.counted:
        assert number(stage.rows_out) in text
        for reason, rows in stage.dropped.items():
            if not reason.startswith("type:"):
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
    assert run.digest in text


@pytest.mark.slow
def test_reasons_and_languages_beyond_the_first_are_counted_and_listed() -> None:
    text = " ".join(page_of_huge().text.split())
    assert re.search(r"301 further reasons, [\d,]+ pages", text)
    assert "mime:x/000" in text
    assert "l179" in text
    assert "h04999.example" not in text
    assert "The next 188 of" in text


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
    ({"extract": (60, 59), "select": (40, 1)}, ["is extract, with 60.0 %", "computes for nearly all", "2.5 times as fast"]),
    ({"extract": (60, 12), "select": (40, 1)}, ["computes for only 20.0 %", "waits"]),
    ({"extract": (60, 60)}, ["is extract, with 100 %"]),
    ({"extract": (0, 0)}, ["No time was measured"]),
    ({}, ["No time was measured"]),
]


@pytest.mark.parametrize(("costs", "said"), COSTS)
def test_the_bottleneck_is_named(costs: dict[str, tuple[float, float]], said: list[str]) -> None:
    steps = tuple(replace(step(name, 3, 3), seconds=seconds, cpu_s=cpu_s) for name, (seconds, cpu_s) in costs.items())
    text = html.unescape(report_html(replace(empty(), steps=steps)))
    assert all(part in text for part in said)
    assert bottleneck([]) == "No time was measured."


def test_the_headline_counts_pages_and_its_parts_add_up() -> None:
    """Requests, metadata and warcinfo are records, but no pages."""
    run = example()
    assert run.pages == run.records - 2 * (118_000 // 3) - 8
    text = " ".join(Page(report_html(run)).text.split())
    assert f"{number(run.documents)} of {number(run.pages)} pages have text" in text
    assert "type:request" not in text
    parts = outcome(run, funnel(run))
    assert sum(p.count for p in parts) == run.pages
    assert sum(p.width for p in parts) == pytest.approx(100)
    assert {p.tone: p.count for p in parts}["kept"] == run.kept


def test_documents_per_core_second_agree_with_the_time_beside_them() -> None:
    run = replace(example(), steps=(step("extract", 1500, 1200, {"type:request": 300}),))
    text = " ".join(Page(report_html(run)).text.split())
    assert "CPU time 4 min 48 s" in text
    assert f"{1200 / 288:.4g} documents per second of it" in text


def test_adult_samples_are_hidden_until_they_are_asked_for() -> None:
    page = Page(report_html(example()))
    assert "Not for everybody." in page.text
    assert "Not for everybody." not in page.text_in_sight
    assert "adult.example" not in page.text_in_sight
    assert "Naked truth." not in page.text_in_sight
    assert "A page that stays." in page.text_in_sight
    assert "1 example that may be adult content is hidden" in " ".join(page.text_in_sight.split())


@pytest.mark.slow
def test_a_page_of_two_hundred_signals_and_thousands_of_domains_shows_few_at_first() -> None:
    page = page_of_huge()
    assert page.in_sight.count("figure") <= SHOWN + 1
    assert page.tags_count("figure") > 190
    assert page.text.count(".example ") < 300
    assert "are of domains that are not named here" in " ".join(page.text.split())


def test_the_funnel_begins_with_all_pages_and_ends_with_what_is_kept() -> None:
    run = example()
    rows = funnel_rows(funnel(run), run.pages)
    assert rows[0].stage.pages_in == run.pages
    assert rows[-1].stage.pages_out == run.kept
    assert rows[0].kept + rows[0].dropped == pytest.approx(100)
    for before, row in itertools.pairwise(rows):
        assert row.stage.pages_in == before.stage.pages_out
        assert row.kept < before.kept
    assert [r.copies for r in rows] == [False, False, True, True, False]
