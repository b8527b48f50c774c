"""Statements: what one mechanism says about a page, with the line that says it. The mechanisms of a page itself are read here, from its response headers and
``meta`` tags: X-Robots-Tag and robots, TDMRep, Content-Usage, licences. Those of a site's files are in ``site.py``.

``deny`` and ``allow`` are of the purposes that a statement names; ``present`` says that there is something, and means no permission.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import pyarrow as pa

from winnow.tasks.consent.preferences import content_usage
from winnow.tasks.consent.tdmrep import reservation

Value = Literal["deny", "allow", "present"]
ROBOTS_TXT, CONTENT_SIGNAL, CONTENT_USAGE, CONTENT_USAGE_HEADER = "robots.txt", "content-signal", "content-usage", "content-usage-header"
X_ROBOTS_TAG, ROBOTS_META = "x-robots-tag", "robots-meta"
TDM_FILE, TDM_HEADER, TDM_META = "tdm-file", "tdm-header", "tdm-meta"
LICENCE = "licence"
TDM = (TDM_META, TDM_HEADER, TDM_FILE)
"""The closest to the page first."""
CATEGORIES = {"train-ai": "train", "search": "search"}
"""A category of the preferences -> the purpose."""
TEXT = pa.string()
STATEMENT = pa.struct(
    [
        pa.field("mechanism", TEXT),
        pa.field("value", TEXT),
        pa.field("purpose", TEXT),
        pa.field("agents", pa.list_(pa.field("element", TEXT))),
        pa.field("line", pa.int32()),
        pa.field("text", TEXT),
        pa.field("file", TEXT),
        pa.field("captured", TEXT),
        pa.field("source_file", TEXT),
        pa.field("offset", pa.int64()),
    ]
)
"""``purpose``: null where the agents say it; ``line``: number in the file; ``file``: its URL, null for the page itself; ``captured``, ``source_file``, ``offset``: where
that file lies in the crawl."""
STATEMENTS = pa.list_(pa.field("element", STATEMENT))
MOST_CHARS = 500
MOST = 50
DIRECTIVES = {
    "noai": ("train",),
    "noindex": ("search",),
    "none": ("search",),
    "noarchive": ("archive",),
}
"""A directive -> what it forbids. ``noimageai`` is about images, which a corpus of text has none of: it is recorded."""
RECORDED = frozenset({"noimageai"})
VALUED = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")
AGENT = re.compile(r"\s*([A-Za-z][\w.-]*)\s*:\s*(.*)", re.DOTALL)


def statement(
    mechanism: str, value: Value, text: str, *, purpose: str | None = None, agents: Iterable[str] = (), **where: Any
) -> dict[str, Any]:
    """One row of type STATEMENT."""
    blank = dict.fromkeys(("line", "file", "captured", "source_file", "offset"))
    shown = text.encode("utf-8", "replace").decode()[:MOST_CHARS]
    return {"mechanism": mechanism, "value": value, "purpose": purpose, "agents": list(agents), **blank, "text": shown, **where}


def directives(value: str) -> list[tuple[str, str, str]]:
    """The directives of an X-Robots-Tag or robots meta: (agent or '', directive, its value or ''), in lower case. An agent holds for what follows it, as in a
    header that names one; several headers come joined, so it may hold for too much."""
    found, agent, waiting = [], "", False
    for part in value.split(","):
        named = AGENT.match(part)
        if named and named[1].lower() not in VALUED:
            agent, part = named[1].lower(), named[2]
        name, _, rest = part.partition(":")
        name = name.strip().lower()
        if waiting and not named and name not in DIRECTIVES and name not in VALUED:
            waiting = False  # the rest of a date: RFC 850 has a comma behind the day
            continue
        if name:
            found.append((agent, name, rest.strip().lower()))
        waiting = name == "unavailable_after"
    return found


def page_statements(headers: Iterable[tuple[str, str]], metadata: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """What the response headers (name in lower case, value) and the metadata of a page (rows of the side table of extraction) say; at most ``MOST`` rows."""
    found: list[dict[str, Any]] = []
    for name, value in headers:
        if name == "x-robots-tag":
            found += _robots(X_ROBOTS_TAG, value, f"X-Robots-Tag: {value}", "")
        elif name == "tdm-reservation":
            found += _tdm(TDM_HEADER, value, f"tdm-reservation: {value}")
        elif name == "content-usage":
            for category, said in content_usage(value).items():
                found.append(
                    statement(
                        CONTENT_USAGE_HEADER, "deny" if said == "n" else "allow", f"Content-Usage: {value}", purpose=CATEGORIES[category]
                    )
                )
    for name, value in metadata:
        kind, _, of = name.partition(":")
        if kind == "robots":
            found += _robots(ROBOTS_META, value, f'<meta name="{of}" content="{value}">', "" if of == "robots" else of)
        elif name == "tdm:tdm-reservation":
            found += _tdm(TDM_META, value, f'<meta name="tdm-reservation" content="{value}">')
        elif name == "licence":
            found.append(statement(LICENCE, "present", value))
    return found[:MOST]


def _robots(mechanism: str, value: str, text: str, agent: str) -> Iterator[dict[str, Any]]:
    for named, directive, _ in directives(value):
        agents = [who] if (who := named or agent) and who != "robots" else []
        for purpose in DIRECTIVES.get(directive, ()):
            yield statement(mechanism, "deny", text, purpose=purpose, agents=agents)
        if directive in RECORDED:
            yield statement(mechanism, "present", text, agents=agents)


def _tdm(mechanism: str, value: str, text: str) -> Iterator[dict[str, Any]]:
    # A header that came twice is joined; the stricter of the two counts.
    said = {reservation(part) for part in value.split(",")} - {None}
    if said:
        yield statement(mechanism, "deny" if 1 in said else "allow", text, purpose="train")
