"""Main content by Resiliparse (Bevendorff et al. 2018, 2021): rules on the DOM, the fastest extractor of its kind."""

from dataclasses import dataclass
from typing import ClassVar

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor, tidy


def parsed(html: str) -> HTMLTree:
    """The page's tree. Raises ExtractionFailed: ``parse_error_<type of the library's error>``."""
    try:
        return HTMLTree.parse(html)
    except (ValueError, RuntimeError) as e:
        raise ExtractionFailed(f"parse_error_{type(e).__name__}") from None


@stable("extractor/resiliparse")
@dataclass(frozen=True)
class ResiliparseText(Extractor):
    """Options as in ``resiliparse.extract.html2text``; the defaults were chosen on the gold of real pages (docs/performance.md).

    Comments of readers are left out, except where they are the page: if less than ``short_chars`` are left without them, and less than
    ``comment_share`` of what there is with them, as in forums. A page whose main content has fewer than ``min_main_chars`` is taken whole:
    listings and shops, which have no article. ``noscript`` keeps forums that render in the browser.
    """

    distribution: ClassVar[str] = "resiliparse"

    preserve_formatting: bool = True
    list_bullets: bool = True
    alt_texts: bool = False
    links: bool = False
    form_fields: bool = False
    noscript: bool = True
    short_chars: int = 1000
    comment_share: float = 0.3
    min_main_chars: int = 300

    def text_of(self, html: str) -> str:
        tree = parsed(html)
        text = self._plain(tree, main_content=True, comments=False)
        if len(text) < self.short_chars and "comment" in html.lower():
            with_comments = self._plain(tree, main_content=True, comments=True)
            if len(text) < self.comment_share * len(with_comments):
                text = with_comments
        return tidy(text if len(text) >= self.min_main_chars else self._plain(tree, main_content=False, comments=True))

    def _plain(self, tree: HTMLTree, *, main_content: bool, comments: bool) -> str:
        return str(
            extract_plain_text(
                tree,
                main_content=main_content,
                comments=comments,
                preserve_formatting=self.preserve_formatting,
                list_bullets=self.list_bullets,
                alt_texts=self.alt_texts,
                links=self.links,
                form_fields=self.form_fields,
                noscript=self.noscript,
            )
        )
