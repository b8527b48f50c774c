"""Main content by trafilatura (Barbaresi 2021), the extractor of RefinedWeb and FineWeb, with settings that depend on the page alone.

``deduplicate`` stays off: it keeps state between pages, so that output depends on their order (docs/design.md).
"""

from dataclasses import dataclass
from typing import ClassVar

from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor, tidy

CONTROL = dict.fromkeys(c for c in range(32) if c not in (9, 10, 13))


@stable("extractor/trafilatura")
@dataclass(frozen=True)
class TrafilaturaText(Extractor):
    """``favour_precision`` as FineWeb; ``comments`` keeps what readers wrote below an article."""

    distribution: ClassVar[str] = "trafilatura"
    extra: ClassVar[str] = "trafilatura"

    favour_precision: bool = True
    comments: bool = False

    def text_of(self, html: str) -> str:
        import trafilatura

        clean = html.translate(CONTROL)  # lxml refuses NUL and other control characters
        try:
            text = trafilatura.extract(
                clean,
                favor_precision=self.favour_precision,
                include_comments=self.comments,
                include_images=False,
                deduplicate=False,
                with_metadata=False,
            )
        except (ValueError, TypeError, AttributeError, RecursionError, AssertionError) as e:
            raise ExtractionFailed(f"parse_error_{type(e).__name__}") from None
        return tidy(text or "")
