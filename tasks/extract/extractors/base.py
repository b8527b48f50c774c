"""What every extractor is: a frozen value with its library's version in it, bounded by the size and nesting of the page, never by a clock."""

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.extractors.nesting import nesting

TRAILING_SPACE = re.compile(r"[ \t\xa0]+(?=\n)")
MANY_BREAKS = re.compile(r"\n{3,}")


class ExtractionFailed(Exception):
    """A page that gives no text; ``reason`` is a short stable word that becomes the drop's reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Extractor:
    """``library`` is the version of the library behind it: another one gives other addresses, for it may give other texts.

    Pages of more than ``max_html_chars``, or nested deeper than ``max_depth``, are refused before they are parsed: Resiliparse needs 70 bytes
    of memory per character, and time that grows with the square of the depth (100,000 open elements: over a minute).

    Raises:
        BadInput: the library is not installed. ``extra`` is the extra of Winnow that brings it.
    """

    version: ClassVar[str] = "1"
    distribution: ClassVar[str] = ""
    extra: ClassVar[str] = ""

    library: str = ""
    max_html_chars: int = 8_000_000
    max_depth: int = 400

    def __post_init__(self) -> None:
        if not self.library:
            try:
                object.__setattr__(self, "library", version(self.distribution))
            except PackageNotFoundError:
                needed = f"winnow[{self.extra}]" if self.extra else self.distribution
                raise BadInput(
                    f"The extractor {type(self).__name__} needs the package {self.distribution}, which is not installed: `pip install '{needed}'`."
                ) from None

    def extract(self, html: str) -> str:
        """Text of a page. Deterministic, total.

        Raises:
            ExtractionFailed: ``too_large``, ``too_deep``, or a reason of the library's.
        """
        if len(html) > self.max_html_chars:
            raise ExtractionFailed("too_large")
        html, raw = _encodable(html)
        # A page can only be deep with many tags, so nearly all pages are spared the count.
        if raw.count(b"<") > self.max_depth and nesting(raw, self.max_depth) > self.max_depth:
            raise ExtractionFailed("too_deep")
        return tidy(self.text_of(html))

    def check(self) -> None:
        """Extract a page, so that what is missing fails before the first shard."""
        self.extract("<html><body><p>A page to see that the extractor works.</p></body></html>")

    def text_of(self, html: str) -> str:
        """What the library makes of a page within the bounds."""
        raise NotImplementedError


def _encodable(html: str) -> tuple[str, bytes]:
    """A page without lone surrogates, and its UTF-8."""
    try:
        return html, html.encode()
    except UnicodeEncodeError:
        raw = html.encode("utf-8", "replace")
        return raw.decode(), raw


def tidy(text: str) -> str:
    """Line feeds only, no space at the ends of lines, at most one blank line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Most texts have none of these, and looking for a string is much faster than a regular expression.
    if " \n" in text or "\t\n" in text or "\xa0\n" in text:
        text = TRAILING_SPACE.sub("", text)
    if "\n\n\n" in text:
        text = MANY_BREAKS.sub("\n\n", text)
    return text.strip()
