"""What a student is to learn, from what a user calls its head: a shipped head, a head's file, or a plain name for what the labels of a file say."""

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.heads import NAME, head, heads, shipped_heads
from winnow.tasks.models.classify.labelled import Question


def question(spec: str, *, multi_label: bool = False) -> Question:
    """A name that no shipped head has stands for the labels that the examples have.

    Raises:
        BadInput: a file that is no head, a head that is asked about lines, several heads, or a name that cannot begin the name of a column.
    """
    shipped = shipped_heads()
    if spec in shipped or spec in {h.group for h in shipped.values() if h.group} or spec.endswith((".yaml", ".yml")):
        if len(heads(spec)) > 1:
            raise BadInput(
                f"{spec} is a group of heads, and a student learns one: {', '.join(h.name for h in heads(spec))}. Name one of them."
            )
        found = head(spec)
        if found.of_lines:
            raise BadInput(
                f"The head {found.name} is asked about lines, and this student learns of whole documents. `winnow train lines` learns of lines."
            )
        kind = "scale" if found.scale is not None else "multi" if multi_label else "single"
        return Question(found.name, kind, found.names, found.digest)
    if not NAME.fullmatch(spec):
        raise BadInput(
            f"The head {spec!r} names columns of tables: use lower-case letters, digits and _ only, a letter first; or give the path of a head's file."
        )
    return Question(spec, "multi" if multi_label else "single")
