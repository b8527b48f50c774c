"""Patterns of file names, the same on disk, on S3 and elsewhere: ``*``, ``?`` and ``[...]`` within a folder, ``**`` for any folders.

They are matched here against a listing: the globs of fsspec know no ``**`` inside a part of a path, and those of stores differ.
"""

import re

_MAGIC = re.compile(r"[*?\[]")


def is_pattern(path: str) -> bool:
    """Whether a path holds a wildcard."""
    return bool(_MAGIC.search(path))


def root_of(pattern: str) -> tuple[str, str]:
    """The longest folder before the first wildcard, and the pattern below it."""
    folder, slash, _ = _MAGIC.split(pattern, maxsplit=1)[0].rpartition("/")
    return folder, pattern[len(folder + slash) :]


def matcher(pattern: str) -> re.Pattern[str]:
    """What the paths below the root must match, wholly."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:[^/]+/)*", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] == "?":
            out, at = out + "[^/]", at + 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inner = pattern[at + 1 : end].replace("\\", "\\\\")
            inner = "^" + inner[1:] if inner.startswith("!") else inner
            out, at = f"{out}[{inner}]", end + 1
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return re.compile(out + r"\Z")
