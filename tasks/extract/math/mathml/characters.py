"""Characters as LaTeX, and pieces of LaTeX put side by side."""

import re

from winnow.tasks.extract.math.symbols import INVISIBLE, SPACES, SYMBOLS, styled, unstyled

COMMAND_AT_END = re.compile(r"\\[a-zA-Z]+\Z")


def characters(text: str, variant: str = "") -> str:
    """Characters as LaTeX; neighbours of the same style share one command."""
    out: list[str] = []
    run = ""
    style = ""

    def flush() -> None:
        nonlocal run
        if run:
            append(out, styled(run, style) if style else run)
            run = ""

    for char in text:
        if char in INVISIBLE:
            continue
        if char.isascii() and char.isalnum():
            plain, own = char, variant
        else:
            plain, own = unstyled(char)
            own = variant if own in ("", "italic") else own  # letters are italic in a formula anyway
        if plain.isascii() and plain.isalnum():
            if own != style:
                flush()
                style = own
            run += plain
            continue
        flush()
        style = ""
        space = SPACES.get(plain)
        latex = space if space is not None else SYMBOLS.get(plain, plain)
        if plain == "\u0338":
            append(out, r"\not")
            if len(out) > 1:
                out[-1], out[-2] = out[-2], out[-1] + " "
            continue
        append(out, styled(latex, own, greek=True) if own and latex.startswith("\\") else latex)
    flush()
    return "".join(out)


def append(out: list[str], latex: str) -> None:
    """Add to a row; a command and a letter after it are kept apart."""
    if latex:
        if out and (latex[0].isalpha() or latex[0] == " ") and COMMAND_AT_END.search(out[-1][-24:]):
            latex = " " + latex.lstrip(" ")
        out.append(latex)
