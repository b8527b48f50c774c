"""Digest fields of WARC records: whether they fit the bytes they speak of."""

import base64
import binascii
import hashlib

Buffer = bytes | bytearray | memoryview


def digest_holds(stated: str, *parts: Buffer) -> bool | None:
    """Whether a digest field (``sha1:`` and Base32, or any common algorithm and hex) fits the bytes; None if it cannot be read."""
    name, _, value = stated.partition(":")
    name, value = name.strip().lower().replace("-", ""), value.strip()
    if name not in ("sha1", "sha256", "sha512", "md5"):
        return None
    hasher = hashlib.new(name, usedforsecurity=False)
    try:
        want = bytes.fromhex(value) if len(value) == 2 * hasher.digest_size else base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except (ValueError, binascii.Error):
        return None
    if len(want) != hasher.digest_size:
        return None
    for part in parts:
        hasher.update(part)
    return hasher.digest() == want
