"""Where an element of a page keeps the LaTeX of a formula: the first source that yields wins, and renderings of the same formula are dropped.

The sources are the union of those of OpenWebMath (Paster et al. 2023), MegaMath (Zhou et al. 2025), and what MathJax, KaTeX, MediaWiki, WordPress,
Stack Exchange, GitHub, GitLab, Sphinx, pandoc, Moodle, Canvas and Zhihu write. A walker of pages asks ``role`` for each element, from its name and
attributes alone, and hands in what may be a formula; nothing here knows a parser.
"""

import html
import json
import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple
from urllib.parse import unquote, unquote_plus

from winnow.tasks.extract.math.asciimath import asciimath_to_latex
from winnow.tasks.extract.math.cleaning import OWN_DISPLAY, clean, undelimited
from winnow.tasks.extract.math.commands import LATEX_COMMAND
from winnow.tasks.extract.math.mathml.node import ATTRIBUTE
from winnow.tasks.extract.math.mathml.to_latex import to_latex
from winnow.tasks.extract.math.renderings import chtml_to_mathml, katex_html_to_latex, svg_to_mathml


class Formula(NamedTuple):
    """LaTeX without delimiters, whether it stands on lines of its own, and which kind of source it comes from."""

    latex: str
    display: bool
    source: str

    def written(self) -> str:
        r"""With delimiters: ``\(..\)`` in a line, ``\[..\]`` on its own, none around an environment that is a display by itself."""
        if OWN_DISPLAY.match(self.latex):
            return self.latex
        return rf"\[{self.latex}\]" if self.display else rf"\({self.latex}\)"


Role = Literal["formula", "rendering", ""]

MATH_SCRIPT = re.compile(r"\s*math/(tex|latex|asciimath|mml)\s*(?:;\s*mode\s*=\s*(display)?)?", re.IGNORECASE)
ANNOTATION = re.compile(r"<((?:\w+:)?annotation)\b([^<>]*)>", re.IGNORECASE)
TEX_ENCODING = re.compile(r"encoding\s*=\s*[\"']?\s*(?:application/x-(?:tex|latex)|(?:la)?tex|text/x-latex)\b", re.IGNORECASE)
SAYS_DISPLAY = re.compile(r"<(?:\w+:)?math\b[^>]*\s(?:display\s*=\s*[\"']?block|mode\s*=\s*[\"']?display)")
MATH_ELEMENT = re.compile(r"<(?:\w+:)?math\b", re.IGNORECASE)
MATH_START = re.compile(r"<((?:\w+:)?math)\b((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>", re.IGNORECASE)
START_TAG = re.compile(r"\s*<([a-zA-Z][\w:-]*+)(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
ANY_TAG = re.compile(r"<(?:/?[a-zA-Z]|!--)(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
BREAK = re.compile(r"<(?:br|/p|/div)\b[^<>]*>", re.IGNORECASE)
ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
DATA_MATHML = re.compile(r"\bdata-mathml\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)')")
# MathType writes MathML with other characters for those of markup.
SAFE_MARKUP = str.maketrans("«»¨§`", "<>\"&'")
# The number that Sphinx sets beside an equation, and the link to it.
EQUATION_NUMBER = re.compile(r"<span\s[^<>]*\bclass=\"eqno\"[^<>]*>[^<]*+(?:<a\b[^<>]*>[^<]*+</a>)?[^<]*+</span>")
DATA_LATEX = re.compile(r"\bdata-latex\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)')")
QUERY = re.compile(r"[?&](?:latex|tex|math|formula|chl|from|eq|equation)=([^&]*)", re.IGNORECASE)
HASHES = re.compile(r"#([^#]+)#")
COMMAND_WITH_ARGUMENT = re.compile(r"\\[a-zA-Z]{2,}\s*[{(_^]")
COMMAND = re.compile(r"\\[a-zA-Z]{2,}")
FORMULA_SIGN = re.compile(r"[\\^_=<>+/]|\A\$+[A-Za-z]'?\$+\Z")
SCRIPT_SIGN = re.compile(r"[\^_][{\w]")
WORD = re.compile(r"[a-zA-Z]{3,}")
PREVIEW = re.compile(r"\[?\s*(?:math(?: processing error)?|loading.*)\s*\]?\Z", re.IGNORECASE)

DATA_ATTRIBUTES = (
    "data-expr",
    "data-tex",
    "data-latex",
    "data-math",
    "data-equation",
    "data-equation-content",
    "data-katex",
    "data-formula",
    "data-image-latex",
    "data-original-latex",
    "data-tex-content",
)
MATH_CLASSES = frozenset(
    "katex katex-display katex-error math-container wp-katex-eq texerror mathjax mathjax_display mathjax_preview mathjax_svg mathjax_svg_display "
    "mathjax_chtml mathjax_mathml mathjax_processing mjx-chtml mjxc-display mjx_assistive_mathml mwe-math-element arithmatex math-inline math-block "
    "js-inline-math js-display-math js-render-math ql-formula latex-rendered ztext-math math-display language-math".split()
)
IMAGE_CLASSES = frozenset(
    "latex tex latexcenter latexdisplay latexblock latexblockcenter quicklatex-auto-format ql-img-inline-formula ql-img-displayed-equation "
    "equation_image texrender math-tex teximage".split()
)
DISPLAY_IMAGE_CLASSES = frozenset(
    "latexcenter latexdisplay latexblock latexblockcenter ql-img-displayed-equation mwe-math-fallback-image-display".split()
)
DISPLAY_CLASSES = frozenset(
    "katex-display mathjax_display mathjax_svg_display mjxc-display math-block math-display js-display-math display mwe-math-element-block "
    "mathjax_display".split()
)
QUERY_IMAGES = ("codecogs.com", "mimetex", "mathtex.cgi", "texrendr.com", "quicklatex.com/latex")
PARAMETER_IMAGES = ("/latex.php", "/equation?", "chart?cht=tx", "/render/math", "math.now.sh", "/tex.cgi", "/latex?", "/cgi-bin/tex")
PATH_IMAGES = ("i.upmath.me/", "tex.s2cms.ru/")
ALT_IMAGES = (
    "latex.php",
    "/images/math/codecogs",
    "/media/math/render/",
    "/images/math/",
    "/imgmath/",
    "_images/math/",
    "filter/tex/pix.php",
    "/latex/",
)
ROLE_GIVING_CLASSES = tuple(b"katex math tex mjx formula".split())
ROLE_GIVING_DATA = re.compile(rb"\sdata-(?:expr|tex|latex|math|equation|katex|formula|image-latex|original-latex|value)")


def page_has_math_scripts(page: bytes) -> bool:
    """Whether the formulas of a page stand in scripts, so that what MathJax made of them is a rendering only."""
    return b"math/tex" in page or b"math/mml" in page or b"math/asciimath" in page


def may_have_role(written: bytes) -> bool:
    """Whether attributes as a parser writes them may give an element a role whatever its name is: far cheaper than ``role``."""
    begin = written.find(b' class="') + len(b' class="')
    if begin >= len(b' class="'):
        classes = written[begin : written.find(b'"', begin)].lower()
        if any(word in classes for word in ROLE_GIVING_CLASSES):
            return True
    return b" data-" in written and ROLE_GIVING_DATA.search(written) is not None


def role(tag: str, attributes: Mapping[str, str], math_scripts: bool = False) -> Role:
    """What an element is to formulas, by its name and attributes alone: cheap, for every element of a page.

    ``formula``: hand it to ``formula``; if that gives one, it stands for the whole element, or else the walk goes on inside. ``rendering``: skip
    the element, its source stands beside it (``math_scripts`` says that the page has scripts of formulas). "" is any other element.
    """
    if tag == "math" or tag.endswith(":math"):
        return "formula"
    if tag == "script":
        return "formula" if attributes.get("type", "").lstrip()[:5].lower() == "math/" else ""
    if tag == "img":
        return "formula" if "data-mathml" in attributes or _is_image_of_formula(attributes) else ""
    if tag in ("mjx-container", "mathjax", "math-renderer", "la-tex", "katex-element", "tex-math"):
        return "rendering" if tag == "mjx-container" and math_scripts else "formula"
    if tag == "mjx-assistive-mml":
        return "formula"
    if tag in ("html", "body", "main", "article"):
        return ""
    classes = attributes.get("class", "")
    if classes:
        lowered = classes.lower()
        if "katex" in lowered or "math" in lowered or "tex" in lowered or "mjx" in lowered or "formula" in lowered:
            found = _class_role(tag, set(lowered.split()), math_scripts)
            if found:
                return found
    for name in attributes:
        if name.startswith("data-") and (name in DATA_ATTRIBUTES or (name == "data-value" and "formula" in classes)):
            return "formula" if _is_latex_value(name, attributes[name]) else ""
        if name == "data-math-style" or name == "data-mathml":
            return "formula"
    return ""


def _class_role(tag: str, classes: set[str], math_scripts: bool) -> Role:
    if "mathjax_preview" in classes:
        return "rendering"
    if "katex-html" in classes:
        return "formula"
    if any(name.startswith(("mathjax", "mjx-chtml", "mjxc-display")) for name in classes):
        if math_scripts and not classes & {"mathjax_ignore", "mathjax_process", "mathjax-content"}:
            return "rendering" if classes & MATH_CLASSES else ""
        return "formula" if classes & MATH_CLASSES else ""
    if classes & MATH_CLASSES:
        return "formula"
    if "math" in classes and tag in ("span", "div", "code", "pre", "p", "eq", "eqn"):
        return "formula"
    return ""


def formula(tag: str, attributes: Mapping[str, str], markup: str) -> Formula | None:
    """The formula of an element, or None if it has none.

    ``tag`` in lower case, ``attributes`` with their entities decoded, ``markup`` the element as HTML, with or without its own tags (of a script: its text).
    Pure, total, linear in the markup.
    """
    for source, find in SOURCES:
        found = find(tag, attributes, markup)
        if found is None:
            continue
        latex, display = found
        latex, delimited = undelimited(latex.strip())
        latex = clean(latex)
        if _says_something(latex):
            own = OWN_DISPLAY.match(latex) is not None
            return Formula(latex, own or (display if delimited is None or display else delimited), source)
    return None


Found = tuple[str, bool] | None


def _says_something(latex: str) -> bool:
    return latex not in ("", "null", "undefined", "{}", "\\", "&nbsp;", "LaTeX", "latex", "tex") and PREVIEW.match(latex) is None


def _inner(tag: str, markup: str) -> str:
    """Markup inside of the element's own tags."""
    match = START_TAG.match(markup)
    if match is None or match[1].lower() != tag:
        return markup
    end = markup.rfind("</")
    return markup[match.end() : end] if end >= match.end() else markup[match.end() :]


def _plain(markup: str) -> str:
    """Text of markup; a break of the line is a line feed."""
    return html.unescape(ANY_TAG.sub("", BREAK.sub("\n", markup)))


def _classes(attributes: Mapping[str, str]) -> set[str]:
    return set(attributes.get("class", "").lower().split())


def _is_display(attributes: Mapping[str, str], markup: str = "") -> bool:
    if attributes.get("display", "").lower() in ("block", "true") or attributes.get("mode", "").lower() == "display":
        return True
    if attributes.get("data-display", "").lower() == "true" or attributes.get("data-math-style", "").lower() == "display":
        return True
    if attributes.get("data-displaymode", "").lower() == "true" or attributes.get("data-type", "").lower() in ("block-math", "math-block"):
        return True
    if _classes(attributes) & DISPLAY_CLASSES:
        return True
    head = markup[:4000]
    return "katex-display" in head or (("block" in head or "mode" in head) and SAYS_DISPLAY.search(head) is not None)


# Sources, in their order


def _script(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    if tag != "script":
        return None
    match = MATH_SCRIPT.match(attributes.get("type", ""))
    if match is None:
        return None
    text = _inner(tag, markup)
    kind = match[1].lower()
    display = match[2] is not None
    if kind == "asciimath":
        return asciimath_to_latex(html.unescape(text)), display
    if kind == "mml":
        return _mathml_of("math", {}, text) or None
    return text, display


def _annotation(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    first = markup.lower().find("annotation")
    if first < 0:
        return None
    # The expression is slow in what has no annotation, and a formula has one, at its end.
    for match in ANNOTATION.finditer(markup, max(0, markup.rfind("<", 0, first))):
        if TEX_ENCODING.search(match[2]):
            end = markup.find(f"</{match[1]}", match.end())
            text = markup[match.end() : end if end >= 0 else len(markup)].strip().removeprefix("<![CDATA[").removesuffix("]]>")
            if text:
                return html.unescape(text), _is_display(attributes, markup)
    return None


def _alttext(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    alttext = attributes.get("alttext", "")
    if not alttext and "alttext" in markup and (start := MATH_START.search(markup)):
        alttext = _attributes(start[2]).get("alttext", "")
    return (alttext, _is_display(attributes, markup)) if alttext.strip() else None


def _attributes(raw: str) -> dict[str, str]:
    return {key.lower(): html.unescape(double or single or bare) for key, double, single, bare in ATTRIBUTE.findall(raw)}


def _is_latex_value(name: str, value: str) -> bool:
    """Attributes of these names also hold flags and ids."""
    value = value.strip()
    if not value or value.lower() in ("true", "false", "inline", "display", "block", "0", "1", "latex", "tex", "math"):
        return False
    if name in ("data-math", "data-formula", "data-equation", "data-value") and value[0] in "{[" and '"' in value:
        return False
    return "://" not in value


def _data(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    if "latex-rendered" in attributes.get("class", "") and (expression := _persistent(attributes.get("data-attrs", ""))):
        return expression, True
    for name in (*DATA_ATTRIBUTES, "data-value"):
        value = attributes.get(name, "")
        if value and (name != "data-value" or "formula" in attributes.get("class", "")) and _is_latex_value(name, value):
            return (unquote(value) if ESCAPED.search(value) and "\\" not in value else value), _is_display(attributes, markup)
    if tag in ("mjx-container", "span", "div") and "data-latex" in markup and ("mjx-" in markup or "MathJax" in markup):
        match = DATA_LATEX.search(markup)  # MathJax 4 writes it at the root, and again at every part
        if match:
            return html.unescape(match[1] or match[2] or ""), _is_display(attributes, markup)
    return None


def _persistent(state: str) -> str:
    """The LaTeX in the state of Substack's block of it."""
    try:
        found = json.loads(state)
    except (ValueError, RecursionError):
        return ""
    expression = found.get("persistentExpression") if isinstance(found, dict) else None
    return expression if isinstance(expression, str) else ""


def _image(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    if tag != "img" or not _is_image_of_formula(attributes):
        return None
    source = html.unescape(attributes.get("src") or attributes.get("data-src") or attributes.get("data-lazy-src") or "")
    alt = attributes.get("alt", "").strip()
    display = bool(_classes(attributes) & DISPLAY_IMAGE_CLASSES) or "displaystyle" in attributes.get("class", "")
    latex = ""
    if any(host in source for host in QUERY_IMAGES):
        latex = _query(source)
    elif any(part in source for part in PARAMETER_IMAGES) and (match := QUERY.search(source)):
        latex = unquote_plus(match[1])
    elif any(host in source for host in PATH_IMAGES):
        latex = unquote(source.partition("/svg/")[2] or source.partition("/png/")[2])
    alt = alt.removeprefix("LaTeX:").strip()
    if alt and ESCAPED.search(alt) and " " not in alt:
        alt = unquote(alt)
    if not alt.isascii() and "\\" not in alt and latex:
        alt = ""
    # The alternative text is what the author typed; the address has been through an encoder, and may have lost its backslashes before.
    if alt and (not latex or (len(alt) >= 0.5 * len(latex) and any(sign in alt for sign in "\\^_"))):
        latex = alt
    return (latex, display) if latex else None


def _query(source: str) -> str:
    query = source.partition("?")[2]
    if not query:
        query = source.rpartition("/")[2]
    latex = query.replace("+", "%2B")
    latex = unquote(latex).replace("&space;", " ").replace("&plus;", "+").replace("&amp;", "&")
    latex = re.sub(r"\A(?:\s*\\(?:dpi|bg|fn|fg)(?:_|\s*\{)[A-Za-z0-9]+\}?\s*|\s*\\inline(?![a-zA-Z])\s*)+", "", latex)
    return re.sub(r"\A\s*\\(?:large|small|normalsize|huge|Large|LARGE|Huge|tiny|footnotesize)(?![a-zA-Z])\s*", "", latex)


def _is_image_of_formula(attributes: Mapping[str, str]) -> bool:
    classes = attributes.get("class", "").lower()
    if classes and ("mwe-math-fallback-image" in classes or "x-ck12" in classes or IMAGE_CLASSES & set(classes.split())):
        return True
    source = attributes.get("src") or attributes.get("data-src") or attributes.get("data-lazy-src") or ""
    if any(part in source for group in (QUERY_IMAGES, PARAMETER_IMAGES, PATH_IMAGES) for part in group):
        return True
    if any(name in attributes for name in DATA_ATTRIBUTES):
        return True
    alt = attributes.get("alt", "")
    if not alt:
        return False
    if any(part in source for part in ALT_IMAGES) or ("math" in classes.split() and not source.endswith((".jpg", ".jpeg"))):
        return True
    if undelimited(alt.strip())[1] is not None and FORMULA_SIGN.search(alt):
        return True  # latex2html writes what it drew between dollar signs
    return "\\" in alt and (LATEX_COMMAND.search(alt) is not None or COMMAND_WITH_ARGUMENT.search(alt) is not None)


def _texts(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    """Elements whose text is LaTeX, by their class or name."""
    classes = _classes(attributes)
    display = _is_display(attributes)
    if "texerror" in classes:
        text = _plain(_inner(tag, markup))
        begin, end = text.find("{"), text.rfind("}")
        return (text[begin + 1 : end], display) if 0 <= begin < end else None
    if tag == "mathjax":
        text = _plain(_inner(tag, markup))
        if "#" in text:
            return HASHES.sub(lambda match: asciimath_to_latex(match[1]), text), display
        return text, display
    if tag in ("la-tex", "math-renderer", "tex-math") or classes & {
        "wp-katex-eq",
        "math-container",
        "katex-error",
        "arithmatex",
        "js-render-math",
    }:
        return _text_of(tag, markup, display or tag == "pre")
    if classes & {"js-inline-math", "js-display-math", "math-inline", "math-block", "math-display", "language-math", "latex-rendered"}:
        return _text_of(tag, markup, display or tag == "pre")
    if classes & {"mathjax", "mathjax_preview"} and tag in ("span", "div", "p", "script") and "<" not in _inner(tag, markup):
        return _text_of(tag, markup, display)
    if "math" in classes and tag in ("span", "div", "code", "pre", "eq", "eqn", "p"):
        return _math_class(tag, classes, markup, display)
    return None


def _text_of(tag: str, markup: str, display: bool) -> Found:
    inner = _inner(tag, markup)
    if MATH_ELEMENT.search(inner) or "katex-html" in inner or "<script" in inner or "mjx-" in inner or "<img" in inner:
        return None
    text = _plain(inner).strip()
    return None if _has_several(text) else (text, display)


def _has_several(text: str) -> bool:
    """Whether a text has formulas in delimiters among other text: then it is not one formula, and the delimiters tell."""
    if undelimited(text)[1] is not None:
        return False
    dollars = text.replace("\\$", "").count("$") > 1 and "\\text{" not in text
    return dollars or "\\(" in text or text.startswith("\\[")


def _math_class(tag: str, classes: set[str], markup: str, display: bool) -> Found:
    """``class="math"`` of pandoc, Sphinx and Discourse: LaTeX in delimiters or bare; of others it's a section of a page."""
    inner = _inner(tag, markup)
    if "eqno" in inner:
        inner = EQUATION_NUMBER.sub("", inner, count=1)
    if (
        len(inner) > 20_000
        or "<p" in inner
        or "<div" in inner
        or "<math" in inner
        or "<img" in inner
        or "katex" in inner
        or "<script" in inner
    ):
        return None
    text = _plain(inner).strip()
    _, delimited = undelimited(text)
    if delimited is None and not (_looks_like_latex(text) or classes & {"inline", "display"} or tag in ("eq", "eqn")):
        return None
    if _has_several(text):
        return None
    return text, display or (delimited is None and tag in ("div", "pre"))


def _looks_like_latex(text: str) -> bool:
    if COMMAND.search(text):
        return True
    return SCRIPT_SIGN.search(text) is not None and len(WORD.findall(text)) < 3


def _mathml(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    mathml = attributes.get("data-mathml", "")
    if mathml:
        return _mathml_of("math", attributes, mathml.translate(SAFE_MARKUP) if mathml.startswith("«") else mathml)
    return _mathml_of(tag, attributes, markup)


def _mathml_of(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    if tag.rpartition(":")[2] == "math":
        return to_latex(markup), _is_display(attributes, markup)
    start = MATH_START.search(markup)
    if "data-mathml" in markup and (written := DATA_MATHML.search(markup)):  # MathJax 2 notes at its root what it shows
        return to_latex(html.unescape(written[1] or written[2] or "")), _is_display(attributes, markup)
    if start is None:
        return None
    end = markup.find(f"</{start[1]}", start.end())
    inside = markup[start.start() : end if end >= 0 else len(markup)]
    return to_latex(inside), _is_display(attributes, markup)


def _rendering(tag: str, attributes: Mapping[str, str], markup: str) -> Found:
    """What only a rendering is left of: the elements of MathJax and KaTeX say what they stand for."""
    if "katex-html" in markup or "katex-html" in attributes.get("class", ""):
        return katex_html_to_latex(markup), _is_display(attributes, markup)
    if "data-mml-node" in markup:
        return to_latex(svg_to_mathml(markup)), _is_display(attributes, markup)
    if "<mjx-" in markup:
        return to_latex(chtml_to_mathml(markup)), _is_display(attributes, markup)
    return None


SOURCES: tuple[tuple[str, Callable[[str, Mapping[str, str], str], Found]], ...] = (
    ("script", _script),
    ("annotation", _annotation),
    ("alttext", _alttext),
    ("data", _data),
    ("image", _image),
    ("text", _texts),
    ("mathml", _mathml),
    ("rendering", _rendering),
)
"""The order of OpenWebMath and MegaMath; what its author wrote comes before what a program made of it."""
