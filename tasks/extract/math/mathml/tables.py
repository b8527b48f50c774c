"""Tables: the environments that they are."""

import re

from winnow.tasks.extract.math.mathml.node import Node

GLUE = re.compile(r"mtr-glue|mml-eqn-num")  # cells in which KaTeX keeps space and room for a number
MATRICES = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("{", "}"): "Bmatrix", ("|", "|"): "vmatrix", (r"\|", r"\|"): "Vmatrix"}


def cells_of(row: Node) -> list[str]:
    return [cell.latex.strip().removeprefix("{}").strip() for cell in row.children if cell.tag == "mtd" and not GLUE.search(cell.raw)]


def _rows(table: Node) -> list[list[str]]:
    rows = []
    for row in table.children:
        if row.tag == "mlabeledtr":
            rows.append(cells_of(row)[1:])
        elif row.tag == "mtr":
            rows.append(cells_of(row))
        elif row.latex:
            rows.append([row.latex])
    return rows


def lines_of(table: Node) -> str:
    return r" \\ ".join(" & ".join(row) for row in _rows(table))


def _alignments(table: Node, width: int) -> list[str]:
    """How each column is aligned, by the table, or by the cells of its widest row."""
    said = table.get("columnalign").lower().split()
    if not said:
        for row in table.children:
            cells = [cell for cell in row.children if cell.tag == "mtd" and not GLUE.search(cell.raw)]
            if len(cells) == width:
                said = [(cell.get("columnalign") or _text_align(cell) or "center").lower() for cell in cells]
                break
    return (said + said[-1:] * width)[:width] if said else ["center"] * width


def _shown_large(table: Node) -> bool:
    """Whether the first cell is set in the style of displays."""
    cell = table.children[0].children[0] if table.children and table.children[0].children else None
    return cell is not None and len(cell.children) == 1 and cell.children[0].get("displaystyle") == "true"


def _text_align(cell: Node) -> str:
    found = re.search(r"text-align:\s*(?:-webkit-)?(left|right|center)", cell.get("style"))
    return found[1] if found else ""


def environment(table: Node, name: str = "") -> str:
    """A table as an environment: the named one, or the one that its alignment tells."""
    rows = _rows(table)
    if not rows:
        return ""
    if (tagged := _equation_tag(table, rows)) and not name:
        return tagged
    width = max(map(len, rows))
    aligned = _alignments(table, width)
    options = ""
    if not name:
        if width >= 2 and aligned[:2] == ["right", "left"]:
            name = "aligned"
        elif width == 1 and (table.get("displaystyle") == "true" or _shown_large(table)) and aligned[0] == "center":
            name = "gathered"
        elif any(line in table.raw for line in ("columnlines", "rowlines")) or any(side != "center" for side in aligned):
            name = "array"
            lines = table.get("columnlines").split()
            options = (
                "{" + "".join(side[:1] + ("|" if i < len(lines) and lines[i] != "none" else "") for i, side in enumerate(aligned)) + "}"
            )
        else:
            name = "matrix"
    body = r" \\ ".join(_aligned_line(row) for row in rows) if name == "aligned" else r" \\ ".join(" & ".join(row).strip() for row in rows)
    return rf"\begin{{{name}}}{options}{body}\end{{{name}}}"


def _aligned_line(row: list[str]) -> str:
    """Cells of an alignment, an ``&`` before each second one and between pairs; empty ends are left out."""
    while row and not row[-1]:
        row = row[:-1]
    return "&".join(row)


def _equation_tag(table: Node, rows: list[list[str]]) -> str:
    """The table that KaTeX makes of a numbered equation: space, the equation, space, the number."""
    if table.get("width") == "100%" and len(rows) == 1 and len(rows[0]) == 4 and not rows[0][0] and not rows[0][2]:
        number = re.sub(r"\\text\{|[(){}\s]", "", rows[0][3])
        return rf"{rows[0][1]} \tag{{{number}}}"
    if (
        len(table.children) == 1
        and table.children[0].tag == "mlabeledtr"
        and len(rows[0]) == 1
        and (label := table.children[0].children[0].latex)
    ):
        number = re.sub(r"\\text\{|[(){}\s]", "", label)
        return rf"{rows[0][0]} \tag{{{number}}}"
    return ""
