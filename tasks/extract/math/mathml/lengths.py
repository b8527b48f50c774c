"""Lengths of MathML, in em."""

import re

LENGTH = re.compile(r"\s*([-+]?\d*\.?\d+)\s*([a-z%]*)")
NAMED_SPACES = {
    "veryverythinmathspace": 1 / 18,
    "verythinmathspace": 2 / 18,
    "thinmathspace": 3 / 18,
    "mediummathspace": 4 / 18,
    "thickmathspace": 5 / 18,
    "verythickmathspace": 6 / 18,
    "veryverythickmathspace": 7 / 18,
    "negativethinmathspace": -3 / 18,
    "negativemediummathspace": -4 / 18,
    "negativethickmathspace": -5 / 18,
}
EM_PER_UNIT = {
    "em": 1.0,
    "": 1.0,
    "ex": 0.43,
    "px": 1 / 16,
    "pt": 0.1,
    "mu": 1 / 18,
    "cm": 2.8,
    "mm": 0.28,
    "in": 7.2,
    "rem": 1.0,
    "%": 0.01,
}


def in_em(length: str) -> float:
    named = NAMED_SPACES.get(length.strip())
    if named is not None:
        return named
    match = LENGTH.match(length)
    return float(match[1]) * EM_PER_UNIT.get(match[2], 0.0) if match else 0.0
