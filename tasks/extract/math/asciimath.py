"""AsciiMath as LaTeX: the grammar of http://asciimath.org, read in one pass.

Total: what the grammar doesn't know stands for itself, a bracket that is never closed is closed at the end, and below ``MAX_DEPTH`` brackets are
plain signs.
"""

import re

MAX_DEPTH = 60

_SYMBOLS = r"""
+- \pm -+ \mp *** \star ** \ast * \cdot // / \\ \backslash setminus \setminus xx \times |>< \ltimes ><| \rtimes |><| \bowtie -: \div divide \div @ \circ o+ \oplus
ox \otimes o. \odot sum \sum prod \prod ^^ \wedge ^^^ \bigwedge vv \vee vvv \bigvee nn \cap nnn \bigcap uu \cup uuu \bigcup
!= \neq := := lt < <= \leq le \leq lt= \leq gt > mlt \ll mgt \gg >= \geq ge \geq gt= \geq -< \prec -lt \prec >- \succ -<= \preceq >-= \succeq in \in !in \notin sub \subset
sup \supset sube \subseteq supe \supseteq -= \equiv ~= \cong ~~ \approx ~ \sim prop \propto and AND or OR not \neg => \Rightarrow if IF <=> \Leftrightarrow iff \iff
AA \forall EE \exists _|_ \bot TT \top |-- \vdash |== \models int \int oint \oint del \partial grad \nabla +- \pm O/ \emptyset oo \infty aleph \aleph
... \ldots :. \therefore :' \because /_ \angle /_\ \triangle \  \  frown \frown quad \quad qquad \qquad cdots \cdots vdots \vdots ddots \ddots diamond \diamond square \square
|__ \lfloor __| \rfloor |~ \lceil ~| \rceil CC \mathbb{C} NN \mathbb{N} QQ \mathbb{Q} RR \mathbb{R} ZZ \mathbb{Z}
uarr \uparrow darr \downarrow rarr \rightarrow -> \to >-> \rightarrowtail ->> \twoheadrightarrow >->> \twoheadrightarrow |-> \mapsto larr \leftarrow harr \leftrightarrow rArr \Rightarrow lArr \Leftarrow hArr \Leftrightarrow
sin \sin cos \cos tan \tan sinh \sinh cosh \cosh tanh \tanh cot \cot sec \sec csc \csc arcsin \arcsin arccos \arccos arctan \arctan coth \coth sech \operatorname{sech} csch \operatorname{csch}
exp \exp log \log ln \ln det \det dim \dim lim \lim mod \bmod gcd \gcd lcm \operatorname{lcm} min \min max \max Lim \lim lub \operatorname{lub} glb \operatorname{glb}
alpha \alpha beta \beta chi \chi delta \delta Delta \Delta epsi \epsilon epsilon \epsilon varepsilon \varepsilon eta \eta gamma \gamma Gamma \Gamma iota \iota kappa \kappa lambda \lambda Lambda \Lambda
mu \mu nu \nu omega \omega Omega \Omega phi \phi varphi \varphi Phi \Phi pi \pi Pi \Pi psi \psi Psi \Psi rho \rho sigma \sigma Sigma \Sigma tau \tau theta \theta vartheta \vartheta Theta \Theta
times \times cdot \cdot ast \ast star \star circ \circ oplus \oplus ominus \ominus otimes \otimes odot \odot prop \propto
ldots \ldots dots \ldots infty \infty to \to mapsto \mapsto rightarrow \rightarrow leftarrow \leftarrow leftrightarrow \leftrightarrow Rightarrow \Rightarrow
Leftarrow \Leftarrow Leftrightarrow \Leftrightarrow forall \forall exists \exists partial \partial emptyset \emptyset ne \neq leq \leq geq \geq neq \neq approx \approx
equiv \equiv cong \cong sub \subset subset \subset supset \supset subseteq \subseteq supseteq \supseteq notin \notin cap \cap cup \cup wedge \wedge vee \vee
bigcap \bigcap bigcup \bigcup bigwedge \bigwedge bigvee \bigvee neg \neg bot \bot top \top therefore \therefore because \because angle \angle triangle \triangle
lfloor \lfloor rfloor \rfloor lceil \lceil rceil \rceil pm \pm mp \mp implies \Rightarrow uparrow \uparrow downarrow \downarrow
upsilon \upsilon xi \xi Xi \Xi zeta \zeta prime ' dx dx dy dy dz dz dt dt hbar \hbar ell \ell
"""
_UNARY = r"""
sqrt \sqrt hat \hat bar \overline vec \vec dot \dot ddot \ddot ul \underline tilde \tilde cancel \cancel overarc \overparen ubrace \underbrace obrace \overbrace
bb \mathbf mathbf \mathbf bbb \mathbb mathbb \mathbb cc \mathcal mathcal \mathcal tt \mathtt mathtt \mathtt fr \mathfrak mathfrak \mathfrak sf \mathsf mathsf \mathsf
overline \overline underline \underline widehat \widehat
"""
_FENCED_UNARY = {
    "abs": (r"\left|", r"\right|"),
    "norm": (r"\left\|", r"\right\|"),
    "floor": (r"\lfloor ", r"\rfloor"),
    "ceil": (r"\lceil ", r"\rceil"),
}
_BINARY = {"frac": r"\frac", "root": r"\sqrt", "stackrel": r"\overset", "overset": r"\overset", "underset": r"\underset", "color": ""}
_TEXTS = frozenset(("text", "mbox"))


def _table(pairs: str) -> dict[str, str]:
    words = pairs.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SYMBOLS = _table(_SYMBOLS.replace("\\  \\ ", "")) | {"and": r"\text{ and }", "or": r"\text{ or }", "if": r"\text{if }", "\\ ": "\\ "}
UNARY = _table(_UNARY)
OPEN = {"(": "(", "[": "[", "{": r"\{", "(:": r"\langle ", "<<": r"\langle ", "langle": r"\langle ", "{:": "."}
CLOSE = {")": ")", "]": "]", "}": r"\}", ":)": r"\rangle ", ">>": r"\rangle ", "rangle": r"\rangle ", ":}": "."}
KEYS = sorted({*SYMBOLS, *UNARY, *_FENCED_UNARY, *_BINARY, *_TEXTS, *OPEN, *CLOSE}, key=len, reverse=True)
NAMES = frozenset(KEYS)
TOKEN = re.compile(r"\s*(?:(\"[^\"]*\")|(\d+(?:\.\d+)?)|(" + "|".join(re.escape(key) for key in KEYS) + r")|(\\[a-zA-Z]+)|(\S))")
TEXT_ARGUMENT = re.compile(r"\s*(?:\(([^()]*)\)|\{([^{}]*)\}|\[([^\[\]]*)\])")
LONG_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{4,}")
QUOTED = re.compile(r"\"[^\"]*\"|\b(?:text|mbox)\s*[({\[][^)}\]]*[)}\]]")
ESCAPES = {"%": r"\%", "#": r"\#", "$": r"\$", "&": r"\&", "\\": r"\backslash "}
LETTER_END = re.compile(r"\\[a-zA-Z]+\Z")


def asciimath_to_latex(asciimath: str) -> str:
    """LaTeX of an AsciiMath expression, without delimiters; "" for "" (and for space)."""
    latex = _Parser(asciimath).expression(0, None)
    begin, end = 0, len(latex)
    while latex.startswith("\\ ", begin):
        begin += 2
    while end - begin >= 2 and latex.endswith("\\ ", begin, end):
        end -= 2
    return latex[begin:end].strip()


def is_asciimath(text: str) -> bool:
    """Whether a text can be an AsciiMath expression: not if it has three long words or more that are neither its symbols nor quoted."""
    words = LONG_WORD.findall(QUOTED.sub(" ", text))
    return sum(word not in NAMES for word in words) < 3


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while match := TOKEN.match(text, at):
            quoted, number, key, command, other = match.groups()
            at = match.end()
            if key in _TEXTS:
                inside = TEXT_ARGUMENT.match(text, at)
                if inside:
                    at = inside.end()
                    self.tokens.append(("text", inside[1] or inside[2] or inside[3] or ""))
                    continue
            if command and command[1:] in NAMES:
                key, command = command[1:], None
            kind = "text" if quoted else "number" if number else "key" if key else "command" if command else "other"
            self.tokens.append((kind, quoted[1:-1] if quoted else number or key or command or other or ""))
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def expression(self, depth: int, closing: str | None) -> str:
        """Parts until the closing bracket of this one (which is left), or the end."""
        out: list[str] = []
        while True:
            kind, text = self.peek()
            if kind == "end" or (kind == "key" and text in CLOSE and closing is not None):
                break
            part = self.intermediate(depth)
            if self.peek() in (("other", "/"), ("key", "/")):
                self.at += 1
                below = _unfenced(self.intermediate(depth))
                part = rf"\frac{{{_unfenced(part)}}}{{{below}}}"
            if out and part and part[0].isalpha() and LETTER_END.search(out[-1][-20:]):
                part = " " + part
            out.append(part)
        return "".join(out)

    def intermediate(self, depth: int) -> str:
        base = self.simple(depth)
        for sign in ("_", "^"):
            kind, text = self.peek()
            if kind == "other" and text == sign:
                self.at += 1
                base += f"{sign}{{{_unfenced(self.simple(depth))}}}"
        kind, text = self.peek()
        if kind == "other" and text == "_":  # x^2_i
            self.at += 1
            base += f"_{{{_unfenced(self.simple(depth))}}}"
        return base

    def simple(self, depth: int) -> str:
        kind, text = self.peek()
        if kind == "end":
            return ""
        self.at += 1
        if kind == "text":
            return rf"\text{{{text}}}"
        if kind != "key":
            return ESCAPES.get(text, text)
        if text in OPEN and depth < MAX_DEPTH:
            return self.group(text, depth)
        if text in UNARY and depth < MAX_DEPTH:
            return f"{UNARY[text]}{{{_unfenced(self.simple(depth + 1))}}}"
        if text in _FENCED_UNARY and depth < MAX_DEPTH:
            left, right = _FENCED_UNARY[text]
            return f"{left}{_unfenced(self.simple(depth + 1))}{right}"
        if text in _BINARY and depth < MAX_DEPTH:
            first, second = _unfenced(self.simple(depth + 1)), _unfenced(self.simple(depth + 1))
            if text == "root":
                return rf"\sqrt[{first}]{{{second}}}"
            return f"{_BINARY[text]}{{{first}}}{{{second}}}" if _BINARY[text] else second
        return SYMBOLS.get(text) or OPEN.get(text) or CLOSE.get(text) or text

    def group(self, opening: str, depth: int) -> str:
        start = self.at
        inside = self.expression(depth + 1, opening)
        kind, closing = self.peek()
        right = "."
        if kind == "key" and closing in CLOSE:
            self.at += 1
            right = CLOSE[closing]
        left = OPEN[opening]
        matrix = self.matrix(start, left, right, depth)
        if matrix is not None:
            return matrix
        if left == "." and right == ".":
            return f"{{{inside}}}"
        return rf"\left{left}{inside}\right{right}"

    def matrix(self, start: int, left: str, right: str, depth: int) -> str | None:
        """``[[a,b],[c,d]]``: rows in brackets, all of the same width."""
        tokens = self.tokens[start : self.at - 1]
        if not tokens or tokens[0] not in (("key", "["), ("key", "(")) or depth > 2:
            return None
        rows: list[list[str]] = []
        level = 0
        cell = begin = 0
        for index, (kind, text) in enumerate(tokens):
            if kind == "key" and text in OPEN:
                level += 1
                if level == 1:
                    rows.append([])
                    cell = begin = index + 1
            elif kind == "key" and text in CLOSE:
                level -= 1
                if level == 0:
                    rows[-1].append(self._cell(tokens[cell:index]))
            elif level == 1 and text == ",":
                rows[-1].append(self._cell(tokens[cell:index]))
                cell = index + 1
            elif level == 0 and text != ",":
                return None
        if len(rows) < 2 or len({len(row) for row in rows}) != 1 or level or not begin:
            return None
        body = r" \\ ".join(" & ".join(row) for row in rows)
        name = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", (r"\{", "."): "cases"}.get((left, right))
        if name:
            return rf"\begin{{{name}}}{body}\end{{{name}}}"
        return rf"\left{left}\begin{{matrix}}{body}\end{{matrix}}\right{right}"

    def _cell(self, tokens: list[tuple[str, str]]) -> str:
        parser = _Parser("")
        parser.tokens = tokens
        return parser.expression(3, None)


def _unfenced(latex: str) -> str:
    """A group without its brackets, which AsciiMath takes as those of an argument."""
    for left, right in ((r"\left(", r"\right)"), (r"\left[", r"\right]"), (r"\left\{", r"\right\}"), ("{", "}")):
        if latex.startswith(left) and latex.endswith(right) and latex.count(left) == 1:
            return latex[len(left) : -len(right)]
    if latex.startswith(r"\left(") and latex.endswith(r"\right)"):
        depth = 0
        for match in re.finditer(r"\\left(?![a-zA-Z])|\\right(?![a-zA-Z])", latex):
            depth += 1 if match[0] == r"\left" else -1
            if depth == 0:
                return latex[6:-7] if match.end() == len(latex) - 1 else latex
    return latex
