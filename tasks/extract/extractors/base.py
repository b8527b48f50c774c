"""What every extractor is: a frozen value with its library's version in it, bounded by the size and nesting of the page, never by a clock."""

import re
from codecs import readbuffer_encode
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar, Self

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.blocks.block import Span
from winnow.tasks.extract.extractors.nesting import MOST_ATTRIBUTES, nesting

STRUCTURES = ("plain", "markdown")
TRAILING_SPACE = re.compile(r"[ \t\xa0]+(?=\n)")
# The options of one <select> take a parser time that grows with the square of their number; none is text of the page.
MOST_OPTIONS = 500
SMALL_BYTES = 20_000
# Text with tags that open nothing between its words is copied at each of them: by a page of 8 MB for minutes. Of 4,040 real pages none has one copy per byte.
MOST_COPIED_BYTES, MOST_COPIES = 3 * 10**8, 64
# And so do the attributes of a tag.
ATTRIBUTE = re.compile(r"""[\s/]*+[^\s=>/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+""")
START_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+(?:{ATTRIBUTE.pattern})*+")
OPTIONS = re.compile(r"<option\b[^<>]*+>[^<]*+(?:</option\s*+>)?", re.IGNORECASE)
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

    version: ClassVar[str] = "3"
    tells_blocks: ClassVar[bool] = False
    """Whether it knows the blocks of a text, and where they stand in it."""
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
            ExtractionFailed: ``too_large``, ``too_deep``, ``text_in_pieces``, or a reason of the library's.
        """
        return self.text_of(self.bounded(html))

    def extract_with_spans(self, html: str) -> tuple[str, Sequence[Span]]:
        """As ``extract``, and where each block of the page stands in the text, in order; nothing where it tells no blocks. Raises ExtractionFailed."""
        return self.extract(html), ()

    def writing(self, structure: str) -> Self:
        """The same extractor, which writes this structure (``plain`` or ``markdown``). Raises BadInput if it cannot."""
        if structure == "plain":
            return self
        raise BadInput(
            f"The extractor {type(self).__name__} writes plain text only, so there is no `structure: {structure}` with it. Use learned_blocks.LearnedBlocks for Markdown."
        )

    def bounded(self, html: str) -> str:
        """The page in valid Unicode. Raises ExtractionFailed for what is larger or deeper than the bounds."""
        if len(html) > self.max_html_chars:
            raise ExtractionFailed("too_large")
        html, raw = _encodable(html)
        # A page can only be deep with many tags, and slow with many options or long tags, so nearly all small pages are spared the count.
        if len(raw) > SMALL_BYTES or raw.count(b"<") > self.max_depth:
            depth, attributes, options, copied = nesting(raw, self.max_depth)
            if depth > self.max_depth:
                raise ExtractionFailed("too_deep")
            if copied > max(MOST_COPIED_BYTES, MOST_COPIES * len(raw)):
                raise ExtractionFailed("text_in_pieces")
            if attributes > MOST_ATTRIBUTES:
                html = START_TAG.sub(_with_few_attributes, html)
            if options > MOST_OPTIONS:
                html = OPTIONS.sub("", html)
        return html

    def check(self) -> None:
        """Extract a page, so that what is missing fails before the first shard."""
        self.extract("<html><body><p>A page to see that the extractor works.</p></body></html>")

    def text_of(self, html: str) -> str:
        """What becomes of a page within the bounds, as `tidy` leaves it but for white space in code."""
        raise NotImplementedError


def _with_few_attributes(tag: re.Match[str]) -> str:
    """A start tag with its first ``MOST_ATTRIBUTES`` attributes."""
    whole = tag[0]
    if len(whole) <= MOST_ATTRIBUTES:
        return whole
    end = 0
    for attribute, _ in zip(ATTRIBUTE.finditer(whole, 1), range(MOST_ATTRIBUTES + 1), strict=False):  # the first is the name
        end = attribute.end()
    return whole[:end]


def _encodable(html: str) -> tuple[str, bytes]:
    """A page without lone surrogates, and its UTF-8. A string keeps the UTF-8 that it is read by as a buffer, so that a parser need not make it again."""
    try:
        return html, readbuffer_encode(html)[0]
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
