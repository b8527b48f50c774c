"""Addresses of cryptocurrencies: base58check (Bitcoin, Litecoin, Dogecoin, Dash), Bech32 (BIP 173 and 350) by their checksums, and Ethereum's.

Four bytes of a double SHA-256 or thirty bits of a BCH code leave nothing to chance. An address of Ethereum has a checksum in its capitals only
(EIP-55), which many writers drop: it needs a word near by instead.
"""

import hashlib
import re
from collections.abc import Iterator

from winnow.tasks.corpus.pii.kind import Kind, around, words

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE58_CHECK = re.compile(r"[13ADLMX9](?<![A-Za-z0-9].)[1-9A-HJ-NP-Za-km-z]{25,34}(?![A-Za-z0-9])")
VERSIONS = frozenset((0, 5, 16, 22, 30, 48, 50, 76))  # pay to public key hash, to script hash
BECH32 = re.compile(r"(?<![A-Za-z0-9])(bc|ltc|tb)1([02-9ac-hj-np-z]{11,87})(?![A-Za-z0-9])", re.IGNORECASE)
BECH32_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
CONSTANTS = (1, 0x2BC830A3)  # Bech32, Bech32m
ETHEREUM = re.compile(r"(?<![A-Za-z0-9])0x[0-9A-Fa-f]{40}(?![A-Za-z0-9])")
WALLET = words(
    r"eth(?:er|ereum)?",
    "erc-?20",
    r"wallets?",
    r"donat\w*",
    r"addr(?:ess)?(?:es)?",
    "send",
    "tips?",
    "usdt",
    "usdc",
    "bnb",
    "bsc",
    "polygon",
    "metamask",
    "deposit",
    "кошел\\w*",
    "spenden",
    "cartera",
    "адрес",
)


def _find(text: str) -> Iterator[tuple[int, int]]:
    found = [match.span() for match in BASE58_CHECK.finditer(text) if _base58check(match.group())]
    if any(prefix in text for prefix in ("bc1", "tc1", "tb1", "BC1", "TC1", "TB1")):
        found += [match.span() for match in BECH32.finditer(text) if _bech32(match.group(1), match.group(2))]
    if "0x" in text:
        found += [match.span() for match in ETHEREUM.finditer(text) if WALLET.search(around(text, *match.span()))]
    yield from sorted(found)


def _base58check(value: str) -> bool:
    number = 0
    for c in value:
        number = number * 58 + BASE58.index(c)
    if number.bit_length() > 200:
        return False
    raw = number.to_bytes(25, "big")
    return raw[0] in VERSIONS and hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _bech32(prefix: str, data: str) -> bool:
    if not (prefix + data).islower() and not (prefix + data).isupper():
        return False
    prefix, data = prefix.lower(), data.lower()
    check = 1
    for value in [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *map(BECH32_ALPHABET.index, data)]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(GENERATOR):
            check ^= generator if top >> i & 1 else 0
    return check in CONSTANTS


def _normal(value: str) -> str:
    return value.lower() if value[:2] == "0x" or value.isupper() else value


KIND = Kind("crypto", "addresses of cryptocurrencies", _find, _normal, rank=15)
