"""What a student is to learn, from what a user calls its head: a shipped head, a head's file, or a plain name for what the labels of a file say."""

import re

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.labelled import Question

NAME = re.compile(r"[a-z][a-z0-9_]*")


def question(spec: str, *, multi_label: bool = False) -> Question:
    """Raises BadInput for a name that cannot begin the name of a column."""
    if not NAME.fullmatch(spec):
        raise BadInput(f"The head {spec!r} names columns of tables: use lower-case letters, digits and _ only, a letter first.")
    return Question(spec, "multi" if multi_label else "single")
