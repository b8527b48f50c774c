"""Page: the report of a run as one HTML file that asks nobody for anything, readable offline, in print, in the dark and at 400 pixels.

It is a loop over the registered sections (``tasks/report/section.py``). The report is hostile territory, since hosts, MIME types and texts are
what some server said: all of it is escaped.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from winnow.tasks.report import charts, words
from winnow.tasks.report.facts import funnel
from winnow.tasks.report.section import CHAPTERS, Content, Evidence, Section, contents
from winnow.tasks.report.summary import Figure, Summary

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

PARTS = "{% import 'parts.html.j2' as parts %}\n"


def report_html(summary: Summary, shown: Mapping[Section, Content] | None = None) -> str:
    """The report of a run. ``shown``: the sections with their content, if they were gathered before.

    The page holds times and the corpus's place, so the reports of equal runs may differ in it.
    """
    shown = contents(Evidence(summary)) if shown is None else shown
    environment = templates()
    stages = funnel(summary)
    chapters = []
    for chapter in CHAPTERS:
        mine = [(each, content) for each, content in shown.items() if each.chapter == chapter]
        bodies = [(each, content, _body(environment, summary, each, content)) for each, content in mine]
        if bodies:
            chapters.append((chapter, bodies))
    return environment.get_template("report.html.j2").render(
        css=stylesheet(),
        summary=summary,
        chapters=chapters,
        outcome=charts.outcome(summary, stages),
        losing=[s for s in stages if s.dropped],
    )


def _body(environment: "Environment", summary: Summary, each: Section, content: Content) -> "Markup":
    """The fragment of a section, filled in. What it was given is escaped there, so it is markup."""
    from markupsafe import Markup

    return Markup(_template(environment, PARTS + each.fragment()).render(summary=summary, **content.values))  # noqa: S704


@cache
def _template(environment: "Environment", source: str) -> "Template":
    """A fragment, compiled once however many reports a process writes."""
    return environment.from_string(source)


@cache
def stylesheet() -> str:
    """The style sheet of every page that Winnow writes."""
    return (files("winnow.tasks.report") / "templates" / "report.css").read_text(encoding="utf-8")


def said_figure(figure: Figure, value: float | None) -> str:
    """A value in the unit of its figure, in words."""
    return words.measured(value, figure.kind)


def breakable(name: str) -> "Markup":
    """A technical name, escaped, that may be broken after a punctuation mark where there is little room."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([_:./-])(?=.)", r"\1<wbr>", str(escape(name))))  # noqa: S704 escaped in the same line


@cache
def templates() -> "Environment":
    """Jinja with the words and drawings that a template may use; everything is escaped unless it is Markdown."""
    from jinja2 import (  # not at the top: a finished run need not wait for it
        Environment,
        FunctionLoader,
        StrictUndefined,
        select_autoescape,
    )

    def source(name: str) -> str:
        return (files("winnow.tasks.report") / "templates" / name).read_text(encoding="utf-8")

    made = Environment(
        loader=FunctionLoader(source),
        autoescape=select_autoescape(("html.j2",), disabled_extensions=("md.j2",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {
        "number": words.number, "short": words.short, "compact": words.compact, "size": words.size, "duration": words.duration, "prose": words.prose, "code": words.code,
        "language": words.language_name, "breakable": breakable, "log_place": charts.log_place,
    }  # fmt: skip
    made.filters |= filters
    made.globals |= {"percent": words.percent, "plural": words.plural, "figure_range": charts.figure_range, "said_figure": said_figure}
    return made
