"""Unicode characters of mathematics as LaTeX: symbols, named functions, accents, and the styled letters of the Mathematical Alphanumeric block.

Names are those of unicode-math and amssymb. Of several names for a character the one that pages write most often is taken (``\\to`` rather than
``\\rightarrow``, ``\\leq`` rather than ``\\le``).
"""

import unicodedata

_PAIRS = r"""
α \alpha β \beta γ \gamma δ \delta ε \varepsilon ϵ \epsilon ζ \zeta η \eta θ \theta ϑ \vartheta ι \iota κ \kappa ϰ \varkappa λ \lambda μ \mu µ \mu
ν \nu ξ \xi ο o π \pi ϖ \varpi ρ \rho ϱ \varrho σ \sigma ς \varsigma τ \tau υ \upsilon φ \varphi ϕ \phi χ \chi ψ \psi ω \omega ϝ \digamma
Γ \Gamma Δ \Delta Θ \Theta Λ \Lambda Ξ \Xi Π \Pi Σ \Sigma Υ \Upsilon ϒ \Upsilon Φ \Phi Ψ \Psi Ω \Omega Ω \Omega ℧ \mho
Α A Β B Ε E Ζ Z Η H Ι I Κ K Μ M Ν N Ο O Ρ P Τ T Χ X ∆ \Delta
ı \imath ȷ \jmath 𝚤 \imath 𝚥 \jmath ℓ \ell ℎ h ℏ \hbar ħ \hbar ℘ \wp ℑ \Im ℜ \Re ℵ \aleph ℶ \beth ℷ \gimel ℸ \daleth ð \eth ∂ \partial ∇ \nabla ∞ \infty
∅ \emptyset ⌀ \varnothing ∀ \forall ∃ \exists ∄ \nexists ¬ \neg ∁ \complement ∠ \angle ∡ \measuredangle ∢ \sphericalangle ⊤ \top ⊥ \bot ♭ \flat ♮ \natural ♯ \sharp
♣ \clubsuit ♢ \diamondsuit ♡ \heartsuit ♠ \spadesuit ★ \bigstar ⋆ \star ✓ \checkmark ✠ \maltese § \S ¶ \P © \copyright ® \circledR £ \pounds ¥ \yen € \text{€}
− - ± \pm ∓ \mp × \times ÷ \div · \cdot ⋅ \cdot ∙ \bullet • \bullet ∘ \circ ∗ * ⁎ * ∕ / ⁄ / ∖ \setminus ⧵ \setminus ⊕ \oplus ⊖ \ominus ⊗ \otimes ⊘ \oslash ⊙ \odot
⊚ \circledcirc ⊛ \circledast ⊝ \circleddash ⊞ \boxplus ⊟ \boxminus ⊠ \boxtimes ⊡ \boxdot ∧ \land ∨ \lor ∩ \cap ∪ \cup ⊎ \uplus ⊓ \sqcap ⊔ \sqcup ⋒ \Cap ⋓ \Cup
⊼ \barwedge ⊻ \veebar ⋏ \curlywedge ⋎ \curlyvee † \dagger ‡ \ddagger ≀ \wr ⨿ \amalg ⋄ \diamond ◇ \Diamond ⋉ \ltimes ⋊ \rtimes ⋋ \leftthreetimes ⋌ \rightthreetimes
⊺ \intercal ∔ \dotplus ⋇ \divideontimes ◁ \triangleleft ▷ \triangleright △ \triangle ▽ \bigtriangledown ▵ \vartriangle ▿ \triangledown ◃ \triangleleft ▹ \triangleright
□ \Box ◻ \square ▢ \square ■ \blacksquare ◼ \blacksquare ▪ \blacksquare ◯ \bigcirc ○ \bigcirc ● \bullet ◊ \lozenge ⧫ \blacklozenge ▲ \blacktriangle ▼ \blacktriangledown ∎ \blacksquare
≤ \leq ≥ \geq ≦ \leqq ≧ \geqq ⩽ \leqslant ⩾ \geqslant ≪ \ll ≫ \gg ⋘ \lll ⋙ \ggg ≠ \neq ≡ \equiv ≢ \not\equiv ≈ \approx ≉ \not\approx ≃ \simeq ≄ \not\simeq ≅ \cong ≇ \ncong
∼ \sim ≁ \nsim ∽ \backsim ≊ \approxeq ≍ \asymp ≐ \doteq ≑ \doteqdot ≒ \fallingdotseq ≓ \risingdotseq ≔ := ≕ =: ≖ \eqcirc ≗ \circeq ≜ \triangleq ≝ \overset{\text{def}}{=} ≟ \overset{?}{=}
≎ \Bumpeq ≏ \bumpeq ∝ \propto ⋈ \bowtie ⊨ \models ⊢ \vdash ⊣ \dashv ⊩ \Vdash ⊪ \Vvdash ⊬ \nvdash ⊭ \nvDash ⊮ \nVdash ⊯ \nVDash ≺ \prec ≻ \succ ≼ \preccurlyeq ≽ \succcurlyeq ⪯ \preceq ⪰ \succeq
≾ \precsim ≿ \succsim ⋞ \curlyeqprec ⋟ \curlyeqsucc ⊀ \nprec ⊁ \nsucc ≮ \nless ≯ \ngtr ≰ \nleq ≱ \ngeq ≨ \lneqq ≩ \gneqq ⪇ \lneq ⪈ \gneq ⋦ \lnsim ⋧ \gnsim ≲ \lesssim ≳ \gtrsim ≶ \lessgtr ≷ \gtrless
⪅ \lessapprox ⪆ \gtrapprox ⋖ \lessdot ⋗ \gtrdot ⋚ \lesseqgtr ⋛ \gtreqless ⊂ \subset ⊃ \supset ⊆ \subseteq ⊇ \supseteq ⊄ \not\subset ⊅ \not\supset ⊈ \nsubseteq ⊉ \nsupseteq ⊊ \subsetneq ⊋ \supsetneq
⫅ \subseteqq ⫆ \supseteqq ⋐ \Subset ⋑ \Supset ⊏ \sqsubset ⊐ \sqsupset ⊑ \sqsubseteq ⊒ \sqsupseteq ∈ \in ∉ \notin ∋ \ni ∌ \not\ni ϵ \epsilon ∣ \mid ∤ \nmid ∥ \parallel ∦ \nparallel
⌣ \smile ⌢ \frown ⊲ \vartriangleleft ⊳ \vartriangleright ⊴ \trianglelefteq ⊵ \trianglerighteq ⋪ \ntriangleleft ⋫ \ntriangleright ⋔ \pitchfork ∴ \therefore ∵ \because ∷ :: ⊸ \multimap ∶ :
→ \to ← \leftarrow ↔ \leftrightarrow ⇒ \Rightarrow ⇐ \Leftarrow ⇔ \Leftrightarrow ⟶ \longrightarrow ⟵ \longleftarrow ⟷ \longleftrightarrow ⟹ \implies ⟸ \impliedby ⟺ \iff ↦ \mapsto ⟼ \longmapsto
↪ \hookrightarrow ↩ \hookleftarrow ⇀ \rightharpoonup ⇁ \rightharpoondown ↼ \leftharpoonup ↽ \leftharpoondown ⇌ \rightleftharpoons ⇋ \leftrightharpoons ↑ \uparrow ↓ \downarrow ↕ \updownarrow
⇑ \Uparrow ⇓ \Downarrow ⇕ \Updownarrow ↗ \nearrow ↘ \searrow ↙ \swarrow ↖ \nwarrow ⇝ \rightsquigarrow ↝ \leadsto ↭ \leftrightsquigarrow ↠ \twoheadrightarrow ↞ \twoheadleftarrow ↣ \rightarrowtail
↢ \leftarrowtail ⇄ \rightleftarrows ⇆ \leftrightarrows ⇉ \rightrightarrows ⇇ \leftleftarrows ⇈ \upuparrows ⇊ \downdownarrows ↛ \nrightarrow ↚ \nleftarrow ↮ \nleftrightarrow ⇏ \nRightarrow
⇍ \nLeftarrow ⇎ \nLeftrightarrow ⇛ \Rrightarrow ⇚ \Lleftarrow ↶ \curvearrowleft ↷ \curvearrowright ↺ \circlearrowleft ↻ \circlearrowright ↰ \Lsh ↱ \Rsh ↫ \looparrowleft ↬ \looparrowright
↾ \upharpoonright ↿ \upharpoonleft ⇂ \downharpoonright ⇃ \downharpoonleft ⤳ \leadsto ⟿ \leadsto
∑ \sum ∏ \prod ∐ \coprod ∫ \int ∬ \iint ∭ \iiint ⨌ \iiiint ∮ \oint ∯ \oiint ∰ \oiiint ⋂ \bigcap ⋃ \bigcup ⋀ \bigwedge ⋁ \bigvee ⨁ \bigoplus ⨂ \bigotimes ⨀ \bigodot ⨆ \bigsqcup ⨄ \biguplus √ \surd
⟨ \langle ⟩ \rangle 〈 \langle 〉 \rangle 〈 \langle 〉 \rangle ⌊ \lfloor ⌋ \rfloor ⌈ \lceil ⌉ \rceil ‖ \| ⟦ \llbracket ⟧ \rrbracket ⟮ \lgroup ⟯ \rgroup ⎰ \lmoustache ⎱ \rmoustache
⌜ \ulcorner ⌝ \urcorner ⌞ \llcorner ⌟ \lrcorner
… \ldots ⋯ \cdots ⋮ \vdots ⋱ \ddots ⋰ \iddots ′ ' ″ '' ‴ ''' ⁗ '''' ‵ \backprime ° ^{\circ} ⏎ \hookleftarrow
² ^{2} ³ ^{3} ¹ ^{1} ⁰ ^{0} ⁴ ^{4} ⁵ ^{5} ⁶ ^{6} ⁷ ^{7} ⁸ ^{8} ⁹ ^{9} ⁺ ^{+} ⁻ ^{-} ⁿ ^{n}
₀ _{0} ₁ _{1} ₂ _{2} ₃ _{3} ₄ _{4} ₅ _{5} ₆ _{6} ₇ _{7} ₈ _{8} ₉ _{9} ₊ _{+} ₋ _{-}
½ \frac{1}{2} ⅓ \frac{1}{3} ⅔ \frac{2}{3} ¼ \frac{1}{4} ¾ \frac{3}{4} ⅛ \frac{1}{8}
‐ - ‑ - – - — - ― - ‒ - ‘ ` ’ ' “ `` ” '' ∶ : ： : ， , （ ( ） ) ＝ = ＋ + － - ｜ |
Å \mathring{A} ℃ ^{\circ}\mathrm{C} ℉ ^{\circ}\mathrm{F} K K ⊧ \models ⦵ \ominus ⩵ == ⩴ ::= ⊹ \dotplus ≙ \overset{\wedge}{=} ≞ \overset{m}{=} ⩲ \overset{+}{\sim} ␣ \sqcup
"""

_words = _PAIRS.split()
SYMBOLS: dict[str, str] = dict(zip(_words[::2], _words[1::2], strict=True)) | {
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "#": r"\#",
    "$": r"\$",
    "&": r"\&",
    "_": r"\_",
    "\\": r"\backslash",
    "^": r"\hat{}",
    "~": r"\sim",
    "‖": r"\|",
}
"""LaTeX of each character that does not stand for itself in a formula."""

INVISIBLE = frozenset("\u2061\u2062\u2063\u2064\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u034f\ufe00\ufe01\ufe0e\ufe0f")
"""Function application, invisible times, separators, joiners: they are written as nothing."""

SPACES = {
    " ": " ",
    "\u00a0": "\\ ",
    "\u2002": "\\enspace ",
    "\u2003": "\\quad ",
    "\u2004": "\\;",
    "\u2005": "\\:",
    "\u2006": "\\,",
    "\u2009": "\\,",
    "\u200a": "\\,",
    "\u202f": "\\,",
    "\u205f": "\\:",
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "\f": " ",
}

FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim ln log max min Pr sec sin sinh sup tan tanh".split()
)
"""Functions that have a command of their own in LaTeX."""

LIMITS = frozenset(f"\\{name}" for name in "det gcd inf lim liminf limsup max min Pr sup injlim projlim".split())
"""Commands of functions that take limits below them."""

BIG_OPERATORS = frozenset("∑∏∐∫∬∭⨌∮∯∰⋂⋃⋀⋁⨁⨂⨀⨆⨄")

ACCENTS: dict[str, tuple[str, str]] = {
    "^": (r"\hat", r"\widehat"),
    "ˆ": (r"\hat", r"\widehat"),
    "\u0302": (r"\hat", r"\widehat"),
    "~": (r"\tilde", r"\widetilde"),
    "˜": (r"\tilde", r"\widetilde"),
    "∼": (r"\tilde", r"\widetilde"),
    "\u0303": (r"\tilde", r"\widetilde"),
    "¯": (r"\bar", r"\overline"),
    "ˉ": (r"\bar", r"\overline"),
    "\u0304": (r"\bar", r"\overline"),
    "\u0305": (r"\overline", r"\overline"),
    "‾": (r"\overline", r"\overline"),
    "―": (r"\overline", r"\overline"),
    "−": (r"\bar", r"\overline"),
    "_": (r"\bar", r"\overline"),
    "-": (r"\bar", r"\overline"),
    "→": (r"\vec", r"\overrightarrow"),
    "⃗": (r"\vec", r"\overrightarrow"),
    "⇀": (r"\vec", r"\overrightharpoon"),
    "⃑": (r"\vec", r"\overrightharpoon"),
    "←": (r"\overleftarrow", r"\overleftarrow"),
    "⃖": (r"\overleftarrow", r"\overleftarrow"),
    "↔": (r"\overleftrightarrow", r"\overleftrightarrow"),
    "⃡": (r"\overleftrightarrow", r"\overleftrightarrow"),
    "˙": (r"\dot", r"\dot"),
    "\u0307": (r"\dot", r"\dot"),
    ".": (r"\dot", r"\dot"),
    "⋅": (r"\dot", r"\dot"),
    "¨": (r"\ddot", r"\ddot"),
    "\u0308": (r"\ddot", r"\ddot"),
    "..": (r"\ddot", r"\ddot"),
    "⃛": (r"\dddot", r"\dddot"),
    "...": (r"\dddot", r"\dddot"),
    "⃜": (r"\ddddot", r"\ddddot"),
    "ˇ": (r"\check", r"\widecheck"),
    "\u030c": (r"\check", r"\widecheck"),
    "˘": (r"\breve", r"\breve"),
    "\u0306": (r"\breve", r"\breve"),
    "´": (r"\acute", r"\acute"),
    "ˊ": (r"\acute", r"\acute"),
    "\u0301": (r"\acute", r"\acute"),
    "`": (r"\grave", r"\grave"),
    "ˋ": (r"\grave", r"\grave"),
    "\u0300": (r"\grave", r"\grave"),
    "˚": (r"\mathring", r"\mathring"),
    "\u030a": (r"\mathring", r"\mathring"),
    "⏞": (r"\overbrace", r"\overbrace"),
    "︷": (r"\overbrace", r"\overbrace"),
    "⏠": (r"\overgroup", r"\overgroup"),
    "⎴": (r"\overbracket", r"\overbracket"),
    "⌢": (r"\overset{\frown}", r"\overset{\frown}"),
}
"""What stands over a base, and its commands: narrow and wide."""

UNDER_ACCENTS: dict[str, str] = {
    "⏟": r"\underbrace",
    "︸": r"\underbrace",
    "_": r"\underline",
    "\u0332": r"\underline",
    "‾": r"\underline",
    "¯": r"\underline",
    "―": r"\underline",
    "⎵": r"\underbracket",
    "⏡": r"\undergroup",
    "→": r"\underrightarrow",
    "←": r"\underleftarrow",
    "↔": r"\underleftrightarrow",
    "\u0330": r"\utilde",
}

ARROWS: dict[str, str] = {
    "→": r"\xrightarrow",
    "⟶": r"\xrightarrow",
    "←": r"\xleftarrow",
    "⟵": r"\xleftarrow",
    "↔": r"\xleftrightarrow",
    "⇒": r"\xRightarrow",
    "⟹": r"\xRightarrow",
    "⇐": r"\xLeftarrow",
    "↦": r"\xmapsto",
    "↪": r"\xhookrightarrow",
    "⇌": r"\xrightleftharpoons",
}
"""Arrows that stretch below their label."""

OPENING = frozenset("([{⟨〈〈⌊⌈⟦⟮|∣‖∥")
CLOSING = frozenset(")]}⟩〉〉⌋⌉⟧⟯|∣‖∥")

_STYLES = (
    ("MATHEMATICAL SANS-SERIF BOLD ITALIC ", "sans-serif-bold-italic"),
    ("MATHEMATICAL SANS-SERIF BOLD ", "bold-sans-serif"),
    ("MATHEMATICAL SANS-SERIF ITALIC ", "sans-serif-italic"),
    ("MATHEMATICAL SANS-SERIF ", "sans-serif"),
    ("MATHEMATICAL BOLD ITALIC ", "bold-italic"),
    ("MATHEMATICAL BOLD SCRIPT ", "bold-script"),
    ("MATHEMATICAL BOLD FRAKTUR ", "bold-fraktur"),
    ("MATHEMATICAL BOLD ", "bold"),
    ("MATHEMATICAL ITALIC ", "italic"),
    ("MATHEMATICAL SCRIPT ", "script"),
    ("MATHEMATICAL FRAKTUR ", "fraktur"),
    ("MATHEMATICAL DOUBLE-STRUCK ", "double-struck"),
    ("MATHEMATICAL MONOSPACE ", "monospace"),
    ("DOUBLE-STRUCK ", "double-struck"),
    ("BLACK-LETTER ", "fraktur"),
    ("SCRIPT ", "script"),
)

VARIANTS: dict[str, str] = {
    "normal": r"\mathrm",
    "bold": r"\mathbf",
    "italic": r"\mathit",
    "bold-italic": r"\boldsymbol",
    "double-struck": r"\mathbb",
    "script": r"\mathcal",
    "bold-script": r"\boldsymbol{\mathcal",
    "fraktur": r"\mathfrak",
    "bold-fraktur": r"\boldsymbol{\mathfrak",
    "sans-serif": r"\mathsf",
    "bold-sans-serif": r"\boldsymbol{\mathsf",
    "sans-serif-italic": r"\mathsf",
    "sans-serif-bold-italic": r"\boldsymbol{\mathsf",
    "monospace": r"\mathtt",
}
"""The command of each value of ``mathvariant``."""


def unstyled(char: str) -> tuple[str, str]:
    """A styled letter or digit as its plain character and the value of ``mathvariant`` that gives it its style ("" if it has none)."""
    if char < "\u2102" or not (char >= "\U0001d400" or char <= "\u214f"):
        return char, ""
    if char in SYMBOLS:
        return char, ""
    name = unicodedata.name(char, "")
    for prefix, variant in _STYLES:
        if name.startswith(prefix):
            plain = unicodedata.normalize("NFKC", char)
            return (plain, variant) if len(plain) == 1 else (char, "")
    return char, ""


def styled(latex: str, variant: str, greek: bool = False) -> str:
    """LaTeX of plain letters in a style. ``greek`` for letters and symbols of which the plain commands have no bold form."""
    if variant in ("", "normal", "italic") and greek:
        return latex
    command = VARIANTS.get(variant)
    if command is None:
        return latex
    if greek:
        return rf"\boldsymbol{{{latex}}}" if variant.startswith("bold") or "bold" in variant else latex
    return f"{command}{{{latex}}}" + ("}" if "{" in command else "")
