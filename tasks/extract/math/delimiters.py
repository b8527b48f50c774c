"""Formulas that stand in the text of a page between delimiters, by the page's own configuration of MathJax, KaTeX or AsciiMath.

``page_delimiters`` reads the configuration from the source of a page; ``split`` divides a run of text (a paragraph, without what is code) into text and
formulas. OpenWebMath's defaults are kept (Paster et al. 2023, ``get_math_config``), but not its two faults: it takes ``\\(..\\)`` for displays and ``\\[..\\]`` for
inline formulas, and every pair of dollar signs for a formula. Pure, total, linear: each pair of delimiters has a budget of what it may read in vain.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from winnow.tasks.extract.math.asciimath import asciimath_to_latex, is_asciimath
from winnow.tasks.extract.math.cleaning import clean
from winnow.tasks.extract.math.commands import LATEX_COMMAND
from winnow.tasks.extract.math.sources import Formula

# In lower case. Looking for a string is far faster than a regular expression, and pages have megabytes.
RENDERERS = "mathjax katex asciimath mathml.js mathquill tex2jax rendermathinelement latexit".split()
ASCIIMATH = "asciimath am_htmlormml -am- -am_ _am- _am_".split()
CONFIGURED = re.compile(r"(inlineMath|displayMath|delimiters)\b[\"']?\s*[:=]\s*(?:\{\s*[\"']?\[\+\][\"']?\s*:\s*)?\[")
STRING = re.compile(
    r"\"((?:[^\"\\\n]|\\.)*+)\"|'((?:[^'\\\n]|\\.)*+)'|`((?:[^`\\\n]|\\.)*+)`|([\[\]{}])|\b(true|false)\b|\b(left|right|display)\b(?=[\"']?\s*:)"
)
NAMING = ("inlineMath", "displayMath", "delimiters")
"""A page that configures its renderer names its delimiters under one of these keys."""

WORD_END = re.compile(r"\w")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)")
ESCAPES, ESCAPES_OFF = "processescapes", re.compile(r"processescapes[\"']?\s*:\s*(?:false|!1)")
MAX_CONFIGURATION_CHARS = 4_000
MOST_KNOWN_CHARS = 200  # of formulas whose LaTeX is kept
MAX_INLINE_CHARS = 5_000
MAX_DISPLAY_CHARS = 400_000

IN_VAIN = "\\begin"  # what may be read for ends of environments that have none
ENVIRONMENT = re.compile(r"\\begin\s*\{([a-zA-Z]+\*?)\}")
NO_FORMULAS = frozenset(
    "document itemize enumerate description figure table tabular tabularx longtable verbatim lstlisting minted center quote quotation abstract theorem "
    "lemma proof definition corollary proposition remark example tikzpicture minipage thebibliography frame algorithm algorithmic comment flushleft "
    "flushright titlepage block columns column exercise solution problem".split()
)
AMOUNT = re.compile(
    r"\s*[-+~]?\s*\d[\d.,]*\s*(?:[KMBkmb]|bn|million|billion|thousand|trillion|per|to|and|or|a|each|USD|CAD|AUD)?\b(?!\s*[\\^_=<>+*/{}()|-])"
)
WORDS = re.compile(r"(?<![\\a-zA-Z{])[a-zA-Z]{3,}")
MATH_SIGN = re.compile(r"[\\^_=<>+*/|{}∑∫√≤≥≠≈∞∈→α-ωΑ-Ω±×·−]")
VARIABLE = re.compile(
    r"\s*(?:[a-zA-Z]{1,2}['′]*|[a-zA-Z]?\([a-zA-Z0-9,. ]{1,30}\)|[a-zA-Z]\d?|-?\d+(?:[.,]\d+)?%?|\d*[a-zA-Z](?:[-,]\s?[a-zA-Z0-9])*)\s*\Z"
)
BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Pair:
    """An opening and a closing delimiter; ``configured``: the page itself names it."""

    left: str
    right: str
    display: bool = False
    notation: str = "latex"
    configured: bool = False


@dataclass(frozen=True)
class Delimiters:
    """The delimiters of a page, longest first, and whether ``\\$`` is a dollar sign."""

    pairs: tuple[Pair, ...]
    escapes: bool = True

    @cached_property
    def by_left(self) -> dict[str, Pair]:
        """Each pair by what opens it."""
        return {pair.left: pair for pair in self.pairs}

    @cached_property
    def opening(self) -> re.Pattern[str]:
        """What may open a formula, or stands for a delimiter itself."""
        dollar = r"\\\$" if self.escapes else r"(?!)"
        backtick = r"\\`" if "`" in self.by_left else r"(?!)"
        return re.compile("|".join([dollar, backtick, ENVIRONMENT.pattern, *map(re.escape, self.by_left), r"\\\\"]))


DEFAULTS = (
    Pair("$$", "$$", display=True),
    Pair(r"\[", r"\]", display=True),
    Pair("[tex]", "[/tex]", display=True),
    Pair(r"\(", r"\)"),
    Pair("[itex]", "[/itex]"),
    Pair("[math]", "[/math]"),
    Pair("[latex]", "[/latex]"),
    Pair("[texx]", "[/texx]"),
    Pair("<math>", "</math>"),
    Pair("$", "$"),
)


def page_delimiters(page: str) -> Delimiters | None:
    """The delimiters of a page from its HTML; None if it loads no renderer of formulas and has none of the commands of LaTeX: then it has no formulas in text."""
    lowered = page.lower()
    renderer = any(name in lowered for name in RENDERERS)
    if not renderer and ("\\" not in page or LATEX_COMMAND.search(page) is None):
        return None
    pairs = list(DEFAULTS)
    escapes = True
    if renderer:
        asciimath_keys = 0
        for match in CONFIGURED.finditer(page) if any(key in page for key in NAMING) else ():
            if match.start() and WORD_END.match(page, match.start() - 1):
                continue  # the end of another word
            before = page[max(0, match.start() - 300) : match.start()].lower()
            asciimath = before.rfind("asciimath") > max(
                before.rfind("tex2jax"), before.rfind("tex:"), before.rfind("katex"), before.rfind("rendermath")
            )
            asciimath_keys += asciimath
            pairs += _configured(
                page[match.end() - 1 : match.end() + MAX_CONFIGURATION_CHARS], match[1], asciimath and match[1] == "delimiters"
            )
        if not asciimath_keys and any(name in lowered for name in ASCIIMATH):
            pairs.append(Pair("`", "`", notation="asciimath", configured=True))
        escapes = not _turns_escapes_off(lowered)
    return Delimiters(_ordered(pairs), escapes)


def _turns_escapes_off(lowered: str) -> bool:
    at = lowered.find(ESCAPES)
    while at >= 0 and not ESCAPES_OFF.match(lowered, at):
        at = lowered.find(ESCAPES, at + 1)
    return at >= 0


def _ordered(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Each opening delimiter once, as the page says if it says so, longest first."""
    by_left: dict[str, Pair] = {}
    for pair in pairs:
        if pair.left and pair.right and len(pair.left) <= 40 and len(pair.right) <= 40 and not pair.left.isspace():
            by_left[pair.left] = pair
    # In a page that says $$ is inline, or $ a display, the page is right.
    return tuple(sorted(by_left.values(), key=lambda pair: (-len(pair.left), pair.left)))


def _configured(source: str, key: str, asciimath: bool) -> list[Pair]:
    """Pairs of an array of JavaScript: ``[['$', '$'], ..]`` of MathJax, ``[{left: '$', right: '$', display: false}, ..]`` of KaTeX."""
    depth = 0
    strings: list[str] = []
    pairs: list[Pair] = []
    entry: dict[str, str] = {}
    name = ""

    def close() -> None:
        if len(strings) >= 2 and not entry:
            pairs.append(Pair(strings[0], strings[1], key == "displayMath", "asciimath" if asciimath else "latex", True))
        strings.clear()

    for match in STRING.finditer(source):
        double, single, back, bracket, boolean, field = match.groups()
        if bracket in ("[", "{"):
            depth += 1
            if bracket == "{":
                entry.clear()
        elif bracket in ("]", "}"):
            depth -= 1
            if bracket == "}" and entry.get("left") and entry.get("right"):
                pairs.append(Pair(entry["left"], entry["right"], entry.get("display", "") == "true", "latex", True))
                entry.clear()
                strings.clear()
            else:
                close()
            if depth <= 0:
                break
        elif field:
            name = field
        elif boolean:
            if name:
                entry[name] = boolean
            name = ""
        else:
            text = _unescaped(double if double is not None else single if single is not None else back or "")
            if text in ("left", "right", "display") and depth >= 2 and source[match.end() : match.end() + 3].lstrip().startswith(":"):
                name = text
            elif name:
                entry[name] = text
                name = ""
            else:
                strings.append(text)
    return pairs


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda match: chr(int(match[1][1:], 16)) if match[1][0] in "ux" and len(match[1]) > 1 else match[1], text)


def split(text: str, delimiters: Delimiters) -> list[str | Formula]:
    r"""A run of text as what it consists of: text and formulas, in order; text between, with ``\$`` as a dollar sign where the page says so.
    Macros that a page defines between delimiters are left out.

    The run is a whole paragraph or cell (a formula may cross lines, not a blank one inside ``$..$``), with what is code left out by the caller.
    """
    by_left, opening = delimiters.by_left, delimiters.opening
    if not any(left in text for left in by_left) and "\\begin" not in text:
        return [text] if text else []
    budget = dict.fromkeys(by_left, 20 * len(text) + 100_000)
    out: list[str | Formula] = []
    plain: list[str] = []
    at = 0
    position = 0

    def add(latex: str, display: bool, source: str, start: int, end: int) -> None:
        """What stands from ``start`` to ``end``: a formula, or, with nothing left of it, macros that the page defines, which go."""
        nonlocal at, position
        plain.append(text[at:start])
        if joined := "".join(plain):
            out.append(joined)
        plain.clear()
        if latex:
            out.append(Formula(latex, display, source))
        at = position = end

    while match := opening.search(text, position):
        found = match[0]
        position = match.end()
        if found == "\\\\" and found not in by_left:
            continue
        if found in ("\\$", "\\`"):
            plain.append(text[at : match.start()] + found[1])
            at = position
            continue
        if match[1]:
            end = _end_of_environment(text, match, budget)
            if end:
                add(clean(text[match.start() : end]), True, "environment", match.start(), end)
            continue
        pair = by_left[found]
        end = _end(text, match.end(), pair, budget)
        if end < 0:
            continue
        content = text[match.end() : end]
        if not _is_formula(content, pair, text, match.start(), end + len(pair.right)):
            continue
        latex = _latex(content, pair.notation) if len(content) <= MOST_KNOWN_CHARS else _latex.__wrapped__(content, pair.notation)
        add(latex, pair.display, "asciimath" if pair.notation == "asciimath" else "delimiters", match.start(), end + len(pair.right))
    plain.append(text[at:])
    if joined := "".join(plain):
        out.append(joined)
    return out


@lru_cache(maxsize=4096)
def _latex(content: str, notation: str) -> str:
    # Pages have few symbols many times, and each formula is looked at twice: to choose its block, and to write it.
    return asciimath_to_latex(content) if notation == "asciimath" else clean(content)


@lru_cache(maxsize=256)
def _closings(right: str) -> re.Pattern[str]:
    return re.compile(rf"({re.escape(right)})|\\[^\n]|([{{}}])")


def _end(text: str, start: int, pair: Pair, budget: dict[str, int]) -> int:
    """Where the closing delimiter begins: the first outside of braces, as MathJax and KaTeX look for it; -1 if there is none."""
    if budget[pair.left] <= 0 or text.find(pair.right, start) < 0:
        budget[pair.left] = 0
        return -1
    limit = min(len(text), start + (MAX_DISPLAY_CHARS if pair.display else MAX_INLINE_CHARS if pair.left == "$" else MAX_DISPLAY_CHARS))
    depth = 0
    at = start
    for match in _closings(pair.right).finditer(text, start, limit):
        at = match.end()
        if match[2] == "{":
            depth += 1
        elif match[2] == "}":
            depth -= 1
            if depth < 0 and pair.left == "$":
                break
        elif match[1] and depth <= 0:
            return match.start()
    budget[pair.left] -= at - start + 1
    return -1


def _end_of_environment(text: str, match: re.Match[str], budget: dict[str, int]) -> int:
    """The end of an environment of formulas, 0 if it is none or isn't closed; ``budget`` remembers names that are closed nowhere."""
    name = match[1]
    if name.rstrip("*") in NO_FORMULAS or budget.get(f"\\begin{name}", 1) <= 0 or budget.get(IN_VAIN, 1) <= 0:
        return 0
    closing = f"\\end{{{name}}}"
    depth, at = 1, match.end()
    reads = 0
    while depth:
        end = text.find(closing, at)
        if end < 0 or reads > 50:
            budget[f"\\begin{name}"] = 0
            budget[IN_VAIN] = budget.get(IN_VAIN, 20 * len(text) + 100_000) - (len(text) - match.end())
            return 0
        depth += text.count(match[0], at, end) - 1
        at = end + len(closing)
        reads += 1
    return at


def _is_formula(content: str, pair: Pair, text: str, start: int, end: int) -> bool:
    """Whether what stands between two delimiters is a formula: amounts of money and the text between two of them are none."""
    if not content.strip():
        return False
    if pair.notation == "asciimath":
        return len(content) <= MAX_INLINE_CHARS and BLANK_LINE.search(content) is None and is_asciimath(content)
    if pair.left != "$":
        return not (pair.left == "[latex]" or pair.left == "[math]") or len(content) < MAX_INLINE_CHARS
    if BLANK_LINE.search(content):
        return False
    words = len(WORDS.findall(content))
    signs = MATH_SIGN.search(content) is not None
    if content[0].isspace() and content[-1].isspace() and not signs:
        return False
    # As pandoc: no space inside of the delimiters, no digit after the closing one; a configured pair may have space where it says mathematics.
    if text[end : end + 1].isdigit():
        return False
    if (content[0].isspace() or content[-1].isspace()) and not ((signs and "\\" in content) or (pair.configured and signs and words <= 2)):
        return False
    if text[start - 1 : start].isalpha() and text[start - 3 : start].isupper():  # US$, CAD$
        return False
    if AMOUNT.match(content) and (words > 0 or not signs) and "\\" not in content and not VARIABLE.match(content):
        return False
    if words >= 2 and "\\" not in content and text[end : end + 1].isalpha():
        return False
    if words >= 3 and "\\" not in content and not re.search(r"[\^_=]", content):
        return False
    if words > 6 and words > 2 * len(MATH_SIGN.findall(content)):
        return False
    return signs or pair.configured or VARIABLE.match(content) is not None
