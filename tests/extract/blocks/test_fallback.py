"""Pages that draw themselves in the browser: the article from structured data or from a framework's state."""

import json

import pytest

from tests.extract.blocks.pages import AFTER, BEFORE, article
from winnow.tasks.extract.blocks.fallback import article as drawn
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks

BODY = "\n\n".join(BEFORE + AFTER)
HTML_BODY = "".join(f"<p>{p}</p>" for p in BEFORE + AFTER)
SCHEMA = {
    "@context": "https://schema.org",
    "@graph": [{"@type": "WebSite", "name": "Museum"}, {"@type": "NewsArticle", "articleBody": BODY}],
}
STATE = {"props": {"pageProps": {"post": {"title": "The loom", "content": {"rendered": HTML_BODY}}}}}


STEPS = {"@type": "HowTo", "step": [{"@type": "HowToStep", "text": p} for p in BEFORE + AFTER]}


def shell(head="", body=""):
    return f'<html><head><title>The loom</title>{head}</head><body><div id="root"></div>{body}<noscript>You need to enable JavaScript to run this app.</noscript></body></html>'


@pytest.mark.parametrize(
    "html",
    [
        shell(f'<script type="application/ld+json">{json.dumps(SCHEMA)}</script>'),
        shell(body=f'<script type="application/ld+json">{json.dumps({"@type": "BlogPosting", "articleBody": HTML_BODY})}</script>'),
        shell(f'<script type="Application/LD+JSON; charset=utf-8">{json.dumps(SCHEMA)}</script>'),
        shell(f'<script type="application/ld+json">{json.dumps(STEPS)}</script>'),
        shell(body=f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(STATE)}</script>'),
        shell(body=f"<script>window.__INITIAL_STATE__ = {json.dumps(STATE)};</script>"),
        shell(f'<meta itemprop="articleBody" content="{BODY}">'),
    ],
    ids=["graph", "html in it", "in capitals", "steps", "next", "state", "microdata"],
)
def test_the_article_is_found(html):
    text = LearnedBlocks().extract(html)
    assert BEFORE[0] in text
    assert AFTER[1] in text
    assert "enable" not in text
    assert "<p>" not in text


def test_an_article_in_the_page_is_not_replaced():
    other = {"@type": "NewsArticle", "articleBody": "Something else that the page does not show. " * 30}
    assert "Something else" not in LearnedBlocks().extract(
        article("", head=f'<script type="application/ld+json">{json.dumps(other)}</script>')
    )


@pytest.mark.parametrize("script", ["{", "[" * 100_000, "null", '{"articleBody": 7}', '{"articleBody": "short"}'])
def test_what_is_no_article_is_passed_over(script):
    assert drawn(f'<script type="application/ld+json">{script}</script>') == ""


def test_a_shadow_root_is_read():
    html = f'<html><body><museum-page><template shadowrootmode="open"><h1>The loom</h1>{HTML_BODY}<slot></slot></template><p>{AFTER[0]} And more.</p></museum-page></body></html>'
    text = LearnedBlocks().extract(html)
    assert BEFORE[0] in text
    assert "And more" in text


def test_questions_stand_before_their_answers():
    questions = [
        {"@type": "Question", "name": f"Why so, no. {n}?", "acceptedAnswer": {"text": f"<p>{p}</p>"}} for n, p in enumerate(BEFORE + AFTER)
    ]
    text = LearnedBlocks().extract(
        shell(f'<script type="application/ld+json">{json.dumps({"@type": "FAQPage", "mainEntity": questions})}</script>')
    )
    assert text.split("\n\n")[:4] == ["Why so, no. 0?", BEFORE[0], "Why so, no. 1?", BEFORE[1]]
