"""STUB resiliparse"""
from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text

from tasks.extractors.base import Extractor


@dataclass(frozen=True)
class ResiliparseText(Extractor):
    def extract(self, html: str) -> str:
        return extract_plain_text(html, main_content=True, preserve_formatting=True, noscript=True)
