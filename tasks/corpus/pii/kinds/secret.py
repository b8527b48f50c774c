"""Secrets: private keys, access tokens and passwords inside addresses, by the prefixes and lengths that their issuers publish.

Examples of manuals (``AKIAIOSFODNN7EXAMPLE``, ``sk-xxxxxxxx``) are no secrets: what repeats few characters or says that it is one is left alone.
"""

import re

from winnow.tasks.corpus.pii.kind import Kind

# Prefixes, and what follows each. A prefix is looked for as it is, and the pattern is tried where one stands.
PREFIXED = tuple(
    (prefixes.split(), re.compile(rf"{pattern}(?![A-Za-z0-9_])"))
    for prefixes, pattern in (
        ("AKIA ASIA", r"[A-Z2-7]{16}"),
        ("ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,251}"),
        ("github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
        ("glpat-", r"[A-Za-z0-9_\-]{20,64}"),
        ("xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs-", r"[A-Za-z0-9-]{10,250}"),
        ("sk-", r"(?:ant-|proj-|svcacct-)?[A-Za-z0-9_\-]{20,200}"),
        ("sk_live_ sk_test_ rk_live_ rk_test_", r"[A-Za-z0-9]{16,99}"),
        ("AIza", r"[A-Za-z0-9_\-]{35}"),
        ("ya29.", r"[A-Za-z0-9_\-]{20,400}"),
        ("SG.", r"[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43}"),
        ("npm_", r"[A-Za-z0-9]{36}"),
        ("hf_", r"[A-Za-z]{34}"),
        ("dop_v1_", r"[a-f0-9]{64}"),
        ("shpat_", r"[a-fA-F0-9]{32}"),
        ("dapi", r"[a-f0-9]{32}"),
        ("pypi-AgE", r"[A-Za-z0-9_\-]{50,250}"),
        ("eyJ", r"[A-Za-z0-9_\-]{10,2000}\.eyJ[A-Za-z0-9_\-]{10,4000}\.[A-Za-z0-9_\-]{20,1000}"),
    )
)
# What has to be in a text before a pattern is tried, and the pattern.
OTHERS = (
    (
        "PRIVATE KEY",
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?P<value>)(?:[A-Za-z0-9+/=\s:,.\\()]|-(?!----)){40,8192}"
            r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        ),
    ),
    (":AA", re.compile(r"(?<![0-9A-Za-z])(?P<value>\d{8,10}:AA[A-Za-z0-9_\-]{33})(?![A-Za-z0-9_\-])")),  # bots of Telegram
    (
        "secret",
        re.compile(
            r"secret[_ -]?(?:access)?[_ -]?key[\"']?\s{0,4}[:=]{1,2}>?\s{0,4}[\"']?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
            re.IGNORECASE,
        ),
    ),
    ("://", re.compile(r"://[A-Za-z0-9_.%\-]{1,64}:(?P<value>[^\s:/@\"'<>$\{\}\[\]*]{3,64})@(?=[A-Za-z0-9\[])")),
)
EXAMPLE = re.compile(
    r"example|sample|dummy|placeholder|redacted|changeme|your[_-]?|xxxx|0000|1234567|abcdef|\.\.\.|\A(?:pass(?:word)?|pwd|passwd|secret|token|key|user)\d{0,3}\Z",
    re.IGNORECASE,
)
FEWEST_CHARACTERS = 8


def _find(text: str) -> list[tuple[int, int]]:
    found = []
    for prefixes, pattern in PREFIXED:
        for prefix in prefixes:
            at = text.find(prefix)
            while at >= 0:
                inside = text[at - 1 : at].isalnum() and text[at - 1].isascii()
                match = None if inside else pattern.match(text, at + len(prefix))
                if match and _is_secret(match.group()):
                    found.append((at, match.end()))
                at = text.find(prefix, match.end() if match else at + 1)
    for hint, pattern in OTHERS:
        if hint in text or hint.upper() in text or hint.capitalize() in text:
            for match in pattern.finditer(text):
                value = match.group("value")
                if not value:  # a key between its first and its last line
                    found.append(match.span())
                elif _is_secret(value) or (hint == "://" and not EXAMPLE.search(value)):
                    found.append(match.span("value"))
    return _apart(sorted(found))


def _is_secret(value: str) -> bool:
    varied = len(set(value)) >= FEWEST_CHARACTERS and (
        any(map(str.isdigit, value)) or (value.lower() != value != value.upper() and "-" not in value)
    )
    return varied and not EXAMPLE.search(value)


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


KIND = Kind("secret", "private keys, access tokens and passwords in addresses", _find, str.strip, rank=10)
