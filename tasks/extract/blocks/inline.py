"""The runs of a paragraph: superscripts, readings of characters, quotations, code and formulas inside a line of text."""

import re
from collections.abc import Iterable, Sequence

from winnow.tasks.extract.blocks.block import Run, RunKind, Runs
from winnow.tasks.extract.blocks.formulas import BEGIN, with_formulas
from winnow.tasks.extract.blocks.markup import name_of, pieces
from winnow.tasks.extract.extractors.page_blocks import MARKS, SKIPPED
from winnow.tasks.extract.math.sources import Formula

SUP, SUB, CODE, RT, RP, RUBY, STRONG, EMPHASIS, QUOTE = range(9)
# Marks that change the text itself; the others only change Markdown.
TEXT_MARKS = 1 << SUP | 1 << SUB | 1 << RT | 1 << RP | 1 << RUBY | 1 << QUOTE
MARK_ENDS = {"/" + name: mark for name, mark in MARKS.items()}
# Tags that part words.
PARTING = frozenset("br p li div td /br /p /li /div /td".split())
# Raised letters that are part of a word: 1st, 2e, Mme, nº, ™.
RAISED_LETTERS = re.compile(
    r"(?:st|nd|rd|th|er|[eè]re|[eèé]me|e|es|ers|o|os|a|as|me|mes|mlle|lle|gr|tm|sm|r|™|®|©|℠|º|ª)\.?", re.IGNORECASE
)
# XXe (a Roman number), no 5, Dr, Mr.
RAISED_ENDS = {"e": re.compile(r"[IVXLCDM]"), "o": re.compile(r"[nN]"), "r": re.compile(r"[DMJS]"), "a": re.compile(r"[MD]")}
# A note's number behind the end of a phrase; a fraction of a raised and a lowered number.
NOTE, ENDS = re.compile(r"\d{1,3}(?:\s*[,–-]\s*\d{1,3})*|[a-z]"), frozenset(".,;:!?\u201d\u2019\u00bb\u3002\uff0c")
FRACTION = re.compile(r"(\w?)<sup(?:\s[^>]*)?>(\d{1,4})</sup>(\s?[/\u2044\u2215]\s?)<sub(?:\s[^>]*)?>(\d{1,4})</sub>")
# A link to a note, by its names or by where it goes, is a number that is not raised: of Substack, EPUB, word processors.
MOST_NOTE_CHARS = 3
NOTE_LINK = re.compile(
    r'\s(?:class|role|rel|type|epub:type|data-component-name)="[^"]*(?:note|anchor-?ref|cite)|\shref="[^"]*#_?(?:ftn|sdfootnote|edn|fn|footnote|note|endnote|cite)[^"]*"',
    re.IGNORECASE,
)
EXPONENT = re.compile(r"[-+−–]?[0-9]+(?:[.,/][0-9]+)?|[-+−–*∗†‡′]")
SCRIPT = re.compile(r"[^\s\[\](){}]{1,12}")
BASE = re.compile(r"[\w)\]}|'′∂∑∏∫%°]")

Piece = tuple[RunKind, str]


def script(mark: int, base: str, content: str, *, linked: bool) -> str:
    """A superscript or subscript as text, so that base and exponent stay apart: ``10^23``, ``H_2``, ``x^{n+1}``.

    Ordinals and the like stay words (1st), a number that links somewhere is a note's and stands in brackets.
    """
    bare = content.strip()
    if not bare or not base:
        return content
    if mark == SUP and base in ENDS and NOTE.fullmatch(bare):
        return f"[{bare}]"
    if not BASE.match(base):
        return content
    if linked:
        return f"[{bare}]" if bare.isdigit() else content
    sign = "^" if mark == SUP else "_"
    if EXPONENT.fullmatch(bare):
        return sign + bare
    if mark == SUP and RAISED_LETTERS.fullmatch(bare) and (base.isdigit() or len(bare) > 1 or not bare.isascii()):
        return content
    if mark == SUP and bare in RAISED_ENDS and RAISED_ENDS[bare].match(base):
        return content
    if SCRIPT.fullmatch(bare):
        return sign + (bare if len(bare) == 1 else "{" + bare + "}")
    return content


def read(markup: str, open_marks: int, formulas: Sequence[Formula], wanted: int) -> Runs:
    """The runs of a piece of markup inside one block. ``open_marks``: bits of the marks open where it begins; ``wanted``: bits of the marks to tell."""
    out: list[Piece] = []
    opened: list[tuple[int, int, list[bool]]] = []  # mark, pieces before it, whether a link is in it
    counts = [open_marks >> mark & 1 for mark in range(9)]
    link = -1  # pieces before the link that is open
    note = -1  # and before one to a note
    skipped, skipping = 0, ""
    readings: list[str] = []
    if "</sup>" in markup and "</sub>" in markup:
        markup = FRACTION.sub(_fraction, markup)
    kind = _kind(counts, wanted)
    is_text = kind == "text"
    is_tag = True
    for piece in pieces(markup):
        is_tag = not is_tag
        if not is_tag:
            if skipped or not piece:
                continue
            if not counts[RUBY] or not (counts[RP] or counts[RT]):
                out.append((kind, piece))
            elif not counts[RP]:
                readings.append(piece)
            continue
        name = name_of(piece)
        if skipped:
            if name == skipping:
                skipped += 1
            elif name == "/" + skipping:
                skipped -= 1
            continue
        if name in SKIPPED:
            skipped, skipping = 1, name
        elif name in PARTING:
            out.append(("text", " "))
        elif name == "a":
            link = len(out)
            note = link if NOTE_LINK.search(piece) else -1
            for _, _, linked in opened:
                linked[0] = True
        elif name == "/a":
            if note > 0:
                _close_note(note, out)
            link = note = -1
        elif (mark := MARKS.get(name)) is not None:
            counts[mark] += 1
            if mark in (SUP, SUB):
                opened.append((mark, len(out), [link == len(out)]))
            elif mark == QUOTE:
                out.append(("text", "“"))
            kind = _kind(counts, wanted)
            is_text &= kind == "text"
        elif (mark := MARK_ENDS.get(name)) is not None and counts[mark]:
            counts[mark] -= 1
            if mark in (SUP, SUB):
                _close_script(mark, opened, out)
            elif mark == QUOTE:
                out.append(("text", "”"))
            elif mark == RUBY and not counts[RUBY]:
                _close_ruby(readings, out)
            kind = _kind(counts, wanted)
    _close_ruby(readings, out)
    return plain("".join([text for _, text in out]), formulas) if is_text else collapsed(with_formulas(out, formulas))


def _fraction(match: re.Match[str]) -> str:
    """A fraction apart from the number before it: 3 1/2 is not 31/2."""
    before, above, sign, below = match.groups()
    return f"{before}{' ' if before else ''}{above}{sign.strip()}{below}"


def _kind(counts: list[int], wanted: int) -> RunKind:
    if counts[CODE] and wanted >> CODE & 1:
        return "code"
    if counts[STRONG] and wanted >> STRONG & 1:
        return "strong"
    return "emphasis" if counts[EMPHASIS] and wanted >> EMPHASIS & 1 else "text"


def _close_script(mark: int, opened: list[tuple[int, int, list[bool]]], out: list[Piece]) -> None:
    for k in range(len(opened) - 1, -1, -1):
        if opened[k][0] == mark:
            _, first, linked = opened.pop(k)
            break
    else:
        return
    inside = out[first:]
    content = "".join([text for _, text in inside])
    base = out[first - 1][1][-1:] if first else ""
    if inside and BEGIN not in content:
        out[first:] = [(inside[0][0], script(mark, base, content, linked=linked[0]))]


def _close_note(first: int, out: list[Piece]) -> None:
    """A note's number that stands at the end of a word in brackets, as a raised one."""
    number, base = "".join([text for _, text in out[first:]]).strip(), out[first - 1][1][-1:]
    if len(number) <= MOST_NOTE_CHARS and number.isdecimal() and (base in ENDS or BASE.match(base)):
        out[first:] = [(out[first][0], f"[{number}]")]


def _close_ruby(readings: list[str], out: list[Piece]) -> None:
    """The readings of a word behind it, in brackets. Also of a word whose characters are read one by one."""
    reading = "".join(readings).strip()
    readings.clear()
    if reading:
        out.append(("text", f"（{reading}）" if not reading.isascii() else f" ({reading})"))


def plain(text: str, formulas: Sequence[Formula]) -> Runs:
    """The runs of a text without marks."""
    if BEGIN not in text:
        bare = " ".join(text.split())
        return (Run("text", bare),) if bare else ()
    return collapsed(with_formulas([("text", text)], formulas))


def _shown(text: str) -> str:
    """A text with each white space as one space."""
    bare = " ".join(text.split())
    if not bare:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + bare + (" " if text[-1].isspace() else "")


def collapsed(pieces: Iterable[tuple[RunKind, str]]) -> Runs:
    """Neighbours of a kind as one run, white space as a browser shows it: one space, none at the ends."""
    out: list[tuple[RunKind, list[str]]] = []
    spaced = True
    for kind, text in pieces:
        if kind in ("formula", "display"):
            out.append((kind, [text]))
            spaced = False
            continue
        shown = _shown(text)
        if spaced and shown.startswith(" "):
            shown = shown[1:]
        if not shown:
            continue
        spaced = shown.endswith(" ")
        if out and out[-1][0] == kind:
            out[-1][1].append(shown)
        else:
            out.append((kind, [shown]))
    runs = [Run(kind, "".join(parts)) for kind, parts in out]
    while runs and runs[-1].kind not in ("formula", "display"):
        last = runs.pop()
        if last.text.rstrip():
            runs.append(Run(last.kind, last.text.rstrip()))
            break
    return tuple(runs)
