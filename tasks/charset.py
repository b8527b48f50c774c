"""STUB charset"""
from typing import NamedTuple

from resiliparse.parse.encoding import bytes_to_str, detect_encoding


class Decoded(NamedTuple):
    text: str
    encoding: str
    evidence: str
def decode(payload, content_type):
    e = detect_encoding(payload, from_html_meta=True) or "utf-8"
    return Decoded(bytes_to_str(payload, e), e, "detected")
