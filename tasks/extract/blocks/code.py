"""Code as a page shows it: every line, tab and blank line, but no line numbers, buttons or marked prompts; and its language.

The names are those of the highlighters in use: Pygments, Rouge, Chroma, highlight.js, Prism, Shiki, SyntaxHighlighter, CodeMirror, Crayon, GitHub.
"""

import re
from functools import lru_cache

from winnow.tasks.extract.blocks.markup import STYLE_THAT_HIDES, VOID, attributes, name_of, pieces

# Line numbers, by class. "blob-num" and the like are of GitHub.
GUTTER = re.compile(
    r"(?:^|[\s_])(?:lineno|linenos|line-?numbers?(?:-rows)?|line_numbers?|linenums?|gutter|rouge-gutter|gl|hljs-ln-n|hljs-ln-numbers|hljs-ln-line-number|blob-num"
    r"|crayon-nums?|crayon-num|CodeMirror-gutter(?:-wrapper|s)?|CodeMirror-linenumber|lnt|ln|ec-line-number|ace_gutter|token-line-number|code-line-number"
    r"|react-syntax-highlighter-line-number|linenr|codeLineNumber\S*|line-num|diff-line-num|num-line)(?=\s|$)",
)
# What is beside the code: buttons to copy it, its file's name, its language.
BESIDE = re.compile(
    r"(?:^|\s)(?:copy(?:-\S+|btn|button)?|btn|btn-\S+|clipboard\S*|\S*copy-?(?:btn|button|code)\S*|toolbar|code-?(?:block)?_*-?(?:header|toolbar|title|lang|actions)\S*"
    r"|\S*code__(?:header|copy)\S*|filename|sr-only|visually-hidden|hljs-copy\S*|rehype-pretty-copy|snippet-clipboard-content-copy)(?=\s|$)",
    re.IGNORECASE,
)
PROMPT = re.compile(r"(?:^|[\s_])(?:prompt_?|shell-prompt|command-prompt|hljs-prompt)(?=\s|$)")
PYGMENTS_PROMPT = re.compile(r"(?:^|\s)gp(?=\s|$)")
LINE = re.compile(
    r"(?:^|\s)(?:line|code-line|token-line|gatsby-highlight-code-line|highlighted-line|view-line|cl|hljs-ln-line|CodeMirror-line|crayon-line|ace_line|highlight-line|js-file-line|ec-line|react-code-line)(?=\s|$)"
)
LANGUAGE = re.compile(
    r"(?:^|\s)(?:language|lang|highlight-source|highlight-text|mw-highlight-lang|sourceCode|brush:)[-:]?\s*([\w+#.-]+)", re.IGNORECASE
)
HIGHLIGHTED = re.compile(r"(?:^|\s)highlight-([\w+#]+)(?=\s|$)")  # Sphinx; others have names of parts there
HIGHLIGHTER = re.compile(r"(?:^|\s)(?:hljs|prism|highlight|sourceCode|prettyprint|brush:|codehilite|src|syntaxhighlighter|code)(?=\s|$)")
BRUSH = re.compile(r"\bbrush:\s*([\w+#.-]+)")
NAMED = re.compile(r"[A-Za-z][\w+#.-]{0,19}")
NOT_A_LANGUAGE = frozenset(
    "none nohighlight no-highlight undefined auto plaintext plain text default null hljs highlight highlighter-rouge prettyprint prettyprinted linenums code src line-numbers"
    " numbers block inline wrap copy copyable".split()
)
SHELLS = frozenset("bash sh shell console shell-session zsh terminal fish powershell ps1con doscon cmd bat".split())
BLOCKS = frozenset("div p li tr ol ul table tbody figure section pre".split())
SHELLS_OF_LINES = frozenset("table thead tbody tr ol ul".split())
WHOLE = frozenset("pre code table tbody figure".split())
# An anchor that is nothing but its line's number.
NUMBER_ANCHOR = re.compile(r"<a(?=[^>]*\s(?:href=\"[^\"]*#|id=|name=))[^>]*>\s*\d+\s*</a>")
# Marks of a list of remarks behind the code, with the sign of a comment before them: of Asciidoctor, of DocBook, and of Material for MkDocs, which has them instead
# of a comment that is nothing else.
COMMENT_OPENS = r"(?:(?:#|//|--|;;|%)|&lt;!--|/\*)[ \t]*"
COMMENT_CLOSES = r"(?:[ \t]*(?:--(?:>|&gt;)|\*/))?"
CALLOUT = re.compile(
    rf'(?<![ \t])[ \t]*(?:(?:(?<=[\s>]){COMMENT_OPENS})?<b class="conum">\(?\d+\)?</b>{COMMENT_CLOSES}'
    rf'|(?:<span class="c[m1]?">{COMMENT_OPENS}</span>)?(?:<a class="co"[^>]*></a>)?'
    r'(?:<i class="conum"[^>]*></i>(?:<b>\(?\d+\)?</b>)?|<b class="conum">\(?\d+\)?</b>|<span class="callout">\d+</span>))'
)
ANNOTATION = re.compile(rf'(?<![ \t])[ \t]*<span class="c[m1]?">{COMMENT_OPENS}\(\d+\)!{COMMENT_CLOSES}</span>')
# Lines that make an example whole, which mdBook and rustdoc show on request only.
UNSHOWN = ' class="boring"'
GUTTERED = "\ufdd2"  # a noncharacter of Unicode: a line's number stood here
SKIPPED = frozenset("button svg select input template noscript script style title".split())
FEED_AT_END = re.compile(r"\A[ \t]*\n[ \t\n]*|[ \t]*\n[ \t\n]*\Z")
BLANK_LINE = re.compile(r"^ +$", re.MULTILINE)
SPACES = re.compile(r"  +")
FEED_WITHIN = re.compile(r"[ \t]*\n[ \t\n]*")
MOST_KNOWN_CHARS = 300
# What a tag does to code.
NOTHING, BREAKS, CLOSES, SKIPS, LEFT_OUT, OPENS_LINE, OPENS = range(7)
UNSELECTABLE = re.compile(r"user-select:\s*none")


def is_gutter(names: str) -> bool:
    """Whether an element of this class holds line numbers."""
    return GUTTER.search(names) is not None


def language_of(written: str, tag: str = "") -> str | None:
    """As ``_language_of``; what short attributes say is kept, as pages have many blocks of code and few ways to set them."""
    return _language_of(written, tag) if len(written) <= MOST_KNOWN_CHARS else _language_of.__wrapped__(written, tag)


@lru_cache(maxsize=2048)
def _language_of(written: str, tag: str) -> str | None:
    """The language that an element's attributes name: ``class="language-python"``, ``data-lang``, ``brush: js`` and the like; of a ``pre`` or ``code`` also a
    class or ``lang`` that is a language's name and nothing else."""
    found = attributes(written)
    for name in NAMING:
        if found.get(name) and (named := _language(found[name])):
            return named
    if (brush := BRUSH.search(found.get("data-syntaxhighlighter-params", ""))) and (named := _language(brush[1])):
        return named
    names = found.get("class", "")
    for match in LANGUAGE.finditer(names):
        if named := _language(match[1]):
            return named
    for match in HIGHLIGHTED.finditer(names):
        if match[1].lower() in KNOWN_LANGUAGES:
            return match[1].lower()
    if HIGHLIGHTER.search(names):
        words = [w for w in names.split() if NAMED.fullmatch(w) and w.lower() in KNOWN_LANGUAGES]
        if words:
            return words[0].lower()
    if tag in ("pre", "code"):
        alone = names.strip().lower()
        first = alone.partition(" ")[0]
        # rustdoc has the language first, and then a name that begins with it or says that this is a declaration.
        if alone.startswith((f"{first} {first}-", f"{first} item-decl")):
            alone = first
        for name in (alone, found.get("lang", "").strip().lower()):
            if name in KNOWN_LANGUAGES and name not in TONGUES:
                return name
    return None


NAMING = ("data-lang", "data-language", "data-code-language", "data-programming-language", "data-enlighter-language", "lang-code")
# Languages of programs that share their code with one that people speak, or with a common word.
TONGUES = frozenset("cs hs http less console terminal".split())
KNOWN_LANGUAGES = frozenset(
    "python py python3 pycon javascript js jsx typescript ts tsx java c cpp c++ csharp cs c# go golang rust ruby rb php perl swift kotlin scala r julia lua"
    " haskell hs elixir erlang clojure dart bash sh shell console zsh powershell sql mysql pgsql html xml css scss sass less json yaml yml toml ini diff"
    " makefile dockerfile markdown md latex tex matlab octave groovy objectivec objc fortran vb vbnet fsharp ocaml scheme lisp nginx apache graphql vim"
    " wasm asm nasm http java-properties properties protobuf terraform hcl svelte vue solidity zig nim crystal".split()
)


def _language(word: str) -> str | None:
    word = word.strip().lower().removeprefix("language-").removeprefix("lang-").strip(";,")
    if word.endswith("-basic") or not NAMED.fullmatch(word) or word in NOT_A_LANGUAGE:
        word = word.removesuffix("-basic")
    return word if NAMED.fullmatch(word) and word not in NOT_A_LANGUAGE else None


class _Lines:
    """The text of code as it grows; where lines are elements, each ends once."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.last = "\n"  # the last character written; a line begins at the start
        self.line_closed = False  # a line's element has just ended without a line feed of its own

    def add(self, text: str) -> None:
        if self.line_closed:
            if not text.startswith("\n") and text.strip(" \t\r\n"):
                self.parts.append("\n")
            self.line_closed = not text.strip(" \t") and "\n" not in text
        self.parts.append(text)
        self.last = text[-1]

    def line_begins(self) -> None:
        if self.line_closed or self.last != "\n":
            self.parts.append("\n")
            self.last = "\n"
        self.line_closed = False


def code_text(markup: str, language: str | None, *, preformatted: bool = True) -> str:
    """The code in a piece of markup. ``preformatted``: line feeds of the markup are lines of the code; else they are what an editor of HTML put
    between its tags. Total, linear."""
    if "conum" in markup or 'class="callout"' in markup:
        markup = CALLOUT.sub("", markup)
    if ")!" in markup:
        markup = ANNOTATION.sub("", markup)
    lines = _Lines()
    shell = language in SHELLS
    skipped, skipping = 0, ""
    opened: list[tuple[str, bool, int]] = []  # name, whether it is a line, how many parts were there
    parts = pieces(markup)
    for k, piece in enumerate(parts):
        if k % 2 == 0:
            if not piece or skipped:
                continue
            if opened and opened[-1][0] in SHELLS_OF_LINES and not piece.strip():
                continue
            text = piece.replace("\r\n", "\n").replace("\r", "\n") if "\r" in piece else piece
            if not preformatted and "\n" in text:
                text = FEED_WITHIN.sub(" ", FEED_AT_END.sub("", text))
            if "\xa0" in text:
                # Who writes no-break spaces to indent lets a browser see two other spaces as one.
                text = text if preformatted else SPACES.sub(" ", text)
                text = text.replace("\xa0", " ")
            if text:
                lines.add(text)
            continue
        if skipped:
            name = name_of(piece)
            if name == skipping:
                skipped += 1
            elif name == "/" + skipping:
                skipped -= 1
            continue
        effect, name = _effect(piece, shell) if len(piece) <= MOST_KNOWN_CHARS else _effect.__wrapped__(piece, shell)
        if effect == LEFT_OUT or (
            name == "a" and effect in (OPENS, OPENS_LINE) and NUMBER_ANCHOR.match("".join(parts[k : k + 3])) and _begins_line(lines)
        ):
            if _begins_line(lines):
                lines.parts.append(GUTTERED)
            skipped, skipping = 1, name
        elif effect == OPENS:
            opened.append((name, False, len(lines.parts)))
        elif effect == CLOSES:
            if opened and opened[-1][0] == name and not opened[-1][1]:
                opened.pop()
            else:
                _close(name, opened, lines)
        elif effect == OPENS_LINE:
            lines.line_begins()
            opened.append((name, True, len(lines.parts)))
        elif effect == BREAKS:
            lines.line_closed = False
            lines.parts.append("\n")
            lines.last = "\n"
        elif effect == SKIPS:
            skipped, skipping = 1, name
    text = "".join(lines.parts)
    # Where spaces are written one by one, a blank line is one of them.
    text = _without_gutter(text) if GUTTERED in text else text
    return _trimmed(text if preformatted else BLANK_LINE.sub("", text))


def _begins_line(lines: _Lines) -> bool:
    return lines.last == "\n" or lines.line_closed


def _without_gutter(text: str) -> str:
    """Code without the marks of its line numbers; a space behind each of them was the gutter's."""
    lines = text.split("\n")
    behind = [line.partition(GUTTERED)[2] for line in lines if GUTTERED in line]
    spaced = len(behind) > 1 and all(line.startswith(" ") or not line for line in behind) and any(behind)
    if spaced:
        lines = [line.replace(GUTTERED + " ", "", 1) if GUTTERED in line else line for line in lines]
    return "\n".join(lines).replace(GUTTERED, "")


def _close(name: str, opened: list[tuple[str, bool, int]], lines: _Lines) -> None:
    for _ in range(len(opened)):
        opened_name, is_line, before = opened.pop()
        if is_line:
            empty = len(lines.parts) == before
            if empty or lines.last != "\n":
                # An empty line is one, unless it was only the shell of the lines inside.
                lines.line_closed = True
        if opened_name == name:
            return


@lru_cache(maxsize=2048)
def _effect(piece: str, shell: bool) -> tuple[int, str]:
    """What a tag does, and its name. Highlighted code has thousands of elements and few classes."""
    name = name_of(piece)
    bare = name.removeprefix("/")
    if bare == "br":
        return BREAKS, bare
    if not name or bare in VOID:
        return NOTHING, bare
    if name != bare:
        return CLOSES, bare
    if name in SKIPPED:
        return SKIPS, name
    written = piece[len(name) + 1 : -1]
    if written == UNSHOWN:
        return SKIPS, name
    if written and _left_out(name, written, shell):
        return LEFT_OUT, name
    return OPENS_LINE if name in BLOCKS or (written and _is_line(written)) else OPENS, name


def _is_line(written: str) -> bool:
    return " data-line=" in written or (" class=" in written and LINE.search(attributes(written).get("class", "")) is not None)


def _left_out(name: str, written: str, shell: bool) -> bool:
    found = attributes(written)
    names = found.get("class", "")
    if name == "ol" and "linenums" in names.split():
        return False  # of Google's Prettify: the lines themselves
    if names and name not in WHOLE and (is_gutter(names) or BESIDE.search(names) or PROMPT.search(names)):
        return True
    if names and shell and PYGMENTS_PROMPT.search(names):
        return True
    if "data-line-number" in found and name == "td":
        return True
    if "hidden" in found or "data-copy" in found or "copy" in found.get("onclick", "").lower():
        return True
    style = found.get("style", "")
    if style and UNSELECTABLE.search(style):
        return True
    return bool(style) and STYLE_THAT_HIDES.search(style) is not None


def _trimmed(text: str) -> str:
    """Without blank lines at both ends and white space behind the last line."""
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines).rstrip()
