"""The side tables of extraction: what pages say beside their texts, one named table each, for steps and filters that need it.

A table is made only where a filter of the recipe needs it, from one more look at the page: nothing here changes a text.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa

from winnow.tasks.extract.documents import clean
from winnow.tasks.extract.extractors.resiliparse_text import parsed
from winnow.tasks.extract.pages.images import images
from winnow.tasks.extract.pages.links import links
from winnow.tasks.extract.pages.metadata import metadata

TEXT = pa.string()
LINKS = pa.schema(
    [
        pa.field("id", TEXT),
        pa.field("target", TEXT),
        pa.field("host", TEXT),
        pa.field("rel", TEXT),
        pa.field("anchor_chars", pa.int32()),
        pa.field("inside", pa.bool_()),
    ]
)
IMAGES = pa.schema(
    [pa.field("id", TEXT), pa.field("target", TEXT), pa.field("alt", TEXT), pa.field("width", pa.int32()), pa.field("height", pa.int32())]
)
METADATA = pa.schema([pa.field("id", TEXT), pa.field("name", TEXT), pa.field("value", TEXT)])
SCHEMAS: Mapping[str, pa.Schema] = {"links": LINKS, "images": IMAGES, "metadata": METADATA}
"""``links`` and ``images``: one row per link and image of a page; ``metadata``: one row per thing that a page says of itself (names as in
``metadata.py``; of robots and miners ``robots:NAME`` and ``tdm:NAME``; a licence each)."""


def side_rows(identity: str, html: str, url: str, wanted: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of one page for each of the wanted tables. Raises ExtractionFailed where the page cannot be parsed."""
    tree = parsed(html)
    head, body = (part.html if part is not None else "" for part in (tree.head, tree.body))
    make: dict[str, Callable[[], Iterable[Mapping[str, Any]]]] = {
        "links": lambda: links(head, body, url),
        "images": lambda: images(body, url),
        "metadata": lambda: _said(metadata(head, body, html, url)),
    }
    return {name: [{"id": identity} | {k: _clean(v) for k, v in row.items()} for row in make[name]()] for name in wanted}


def _said(found: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from ({"name": f"{name}:{key}", "value": inner} for key, inner in value.items())
        elif isinstance(value, list):
            yield from ({"name": name.removesuffix("s"), "value": inner} for inner in value)
        elif value:
            yield {"name": name, "value": value}


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value
