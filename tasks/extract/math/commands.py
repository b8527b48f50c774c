"""The commands of LaTeX by which a page that loads no renderer of formulas shows that it has some (OpenWebMath's list: Paster et al. 2023)."""

import re

LATEX_COMMANDS = tuple(
    r"""\end \begin \ref \frac \label \bf \right \left \rm \alpha \mu \def \it \pi \sigma \sum \lambda \beta \nu \partial \int \delta \rho \phi \gamma
    \omega \over \nonumber \bar \sqrt \theta \tau \em \rangle \hat \tilde \cal \hline \item \psi \vec \langle \epsilon \eta \cdot \in \xi \infty \quad
    \mathcal \times \emph \mathbf \prime \be \mathrm \ee \vspace \pm \chi \ell \text \qquad \noindent \to \varphi \hspace \leq \cos \eqref \overline \sin
    \kappa \hbox \rightarrow \varepsilon \textit \dagger \big \otimes \equiv \zeta \dot \ln""".split()
)
"""84 commands, with the backslash."""

LATEX_COMMAND = re.compile(r"\\(?:" + "|".join(sorted((name[1:] for name in LATEX_COMMANDS), key=len, reverse=True)) + r")(?![a-zA-Z])")
"""One of them, as a whole word."""
