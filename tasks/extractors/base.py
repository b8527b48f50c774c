"""STUB base"""
from dataclasses import dataclass
from typing import ClassVar


class ExtractionFailed(Exception):
    def __init__(self, reason): super().__init__(reason); self.reason = reason
@dataclass(frozen=True)
class Extractor:
    version: ClassVar[str] = "1"
    def extract(self, html: str) -> str: raise NotImplementedError
