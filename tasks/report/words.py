"""Words for numbers, names and foreign text, as the report, the card, the terminal and the UI print them."""

import math
import re
from functools import cache
from importlib.resources import files


def number(value: float) -> str:
    """1,234,567 and 0.3; never in powers of ten where digits can be read."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def short(value: float) -> str:
    """12k, 3.4M: for axes."""
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def compact(value: float) -> str:
    """All digits where they fit into a column of a table, 1.15T beyond."""
    return number(value) if abs(value) < 1e8 else short(value)


def percent(part: float, whole: float) -> str:
    """12.3 %; what is not nothing is not shown as nothing, what is not all not as all."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %"


def size(n: float) -> str:
    """12.3 MB, in powers of 1000."""
    for unit, name in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n >= unit:
            return f"{n / unit:.1f} {name}" if n < 100 * unit else f"{n / unit:,.0f} {name}"
    return f"{n:.0f} B"


def duration(seconds: float) -> str:
    """3 h 12 min, 4 min 5 s, 12.3 s."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.05 or not seconds else "< 0.1 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def measured(value: float | None, kind: str) -> str:
    """A value in its unit: a share, a count, seconds, hours, bytes or a plain number. A dash if there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if kind == "share":
        return percent(value, 1)
    if kind == "seconds":
        return duration(value)
    if kind == "hours":
        return f"{value:.2g}" if value < 1 else f"{value:,.1f}" if value < 100 else number(round(value))
    if kind == "bytes":
        return size(value)
    return number(round(value)) if kind == "count" else number(value)


def plural(count: float, one: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number(count)} {one if count == 1 else one + 's'}"


@cache
def _languages() -> dict[str, str]:
    text = (files("winnow.tasks.report") / "templates" / "languages.txt").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines())


def language_name(code: str) -> str:
    """English name of a language code; empty if none is known."""
    return _languages().get(code, "")


def prose(text: str) -> str:
    """Foreign text for Markdown: one line, nothing in it is markup or ends a table's cell."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", " ".join(escaped.split()))


def code(text: str) -> str:
    """Foreign text for Markdown as code, also inside a table's cell."""
    return "`" + (" ".join(str(text).replace("`", "'").split()).replace("|", "\\|") or " ") + "`"
