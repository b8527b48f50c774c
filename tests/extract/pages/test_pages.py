"""Side tables of a page: metadata, links, images."""

import pyarrow as pa

from winnow.tasks.extract.extractors.resiliparse_text import parsed
from winnow.tasks.extract.pages.images import images
from winnow.tasks.extract.pages.links import links
from winnow.tasks.extract.pages.metadata import metadata
from winnow.tasks.extract.pages.side_tables import SCHEMAS, side_rows

URL = "https://museum.example/looms/1"
HTML = """<!doctype html><html lang="de-CH"><head><title> The loom
 &amp; more </title><link rel="canonical" href="/looms"><meta property="article:published_time" content="2024-03-01">
<meta name="author" content="Ann Weaver"><meta name="robots" content="noindex, noai"><meta name="GPTBot" content="none"><meta name="tdm-reservation" content="1">
<script type="application/ld+json">{"@type": "Article", "headline": "x", "dateModified": "2024-04-01", "author": [{"name": "Other"}]}</script></head>
<body><a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a> <a href="../b?x=1#top">A <b>loom</b></a>
<a href="https://Other.Example/" rel="NoFollow ugc">out</a> <a href="mailto:x@y.example">mail</a> <a href="#n">note</a> <a href="http://[">bad</a>
<img src="a.png" alt=" A  loom " width="40" height="30px"> <img data-src="/b.png"> <img src="data:image/png;base64,AA"></body></html>"""
TREE = parsed(HTML)
HEAD, BODY = TREE.head.html, TREE.body.html


def test_metadata():
    found = metadata(HEAD, BODY, HTML, URL)
    assert {k: v for k, v in found.items() if v} == {
        "title": "The loom & more",
        "author": "Ann Weaver",
        "published": "2024-03-01",
        "modified": "2024-04-01",
        "canonical": "https://museum.example/looms",
        "language": "de-CH",
        "kind": "Article",
        "licences": ["https://creativecommons.org/licenses/by/4.0/"],
        "robots": {"robots": "noindex, noai", "gptbot": "none"},
        "tdm": {"tdm-reservation": "1"},
    }


def test_metadata_of_a_page_that_says_nothing():
    assert not any(metadata("", "", "", "").values())


def test_links():
    assert links(HEAD, BODY, URL) == [
        {
            "target": "https://creativecommons.org/licenses/by/4.0/",
            "host": "creativecommons.org",
            "rel": "license",
            "anchor_chars": 5,
            "inside": False,
        },
        {"target": "https://museum.example/b?x=1", "host": "museum.example", "rel": "", "anchor_chars": 6, "inside": True},
        {"target": "https://Other.Example/", "host": "other.example", "rel": "nofollow ugc", "anchor_chars": 3, "inside": False},
    ]


def test_links_go_from_the_base():
    assert links('<base href="https://x.example/y/">', '<a href="z">z</a>', URL)[0]["target"] == "https://x.example/y/z"


def test_images():
    assert images(BODY, URL) == [
        {"target": "https://museum.example/looms/a.png", "alt": "A loom", "width": 40, "height": 30},
        {"target": "https://museum.example/b.png", "alt": "", "width": None, "height": None},
    ]


def test_rows_fit_the_schemas_of_their_tables():
    rows = side_rows("d1", HTML, URL, SCHEMAS)
    tables = {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in SCHEMAS.items()}
    assert {name: table.num_rows for name, table in tables.items()} == {"links": 3, "images": 2, "metadata": 11}
    assert set(tables["metadata"]["name"].to_pylist()) >= {"title", "licence", "robots:gptbot", "tdm:tdm-reservation"}
    assert {i for table in tables.values() for i in table["id"].to_pylist()} == {"d1"}
