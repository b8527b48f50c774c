"""``winnow redact``: personal data in a file of texts, replaced."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from winnow.cli.options import JsonOption, print_json

PANEL = "Curate"


def command(
    file: Path,
    /,
    *,
    kinds: Annotated[str, Parameter(help="Kinds of personal data, separated by commas; `all` for every kind.")] = "email,ip,phone",
    key: str = "",
    json: JsonOption = False,
) -> None:
    """Replace personal data in a JSONL file of texts, and print it.

    Args:
        file: One JSON object per line, with `text` and, if it has one, `id`.
        key: The name of an environment variable whose value keys the replacements.
    """
    from winnow.tasks.corpus.pii import registry
    from winnow.tasks.corpus.pii.find import redact
    from winnow.tasks.corpus.pii.redaction import key_from
    from winnow.tasks.sources.jsonl import records

    names = tuple(registry.kinds()) if kinds == "all" else registry.chosen([k.strip() for k in kinds.split(",") if k.strip()], "--kinds")
    secret = key_from(key) if key else b""
    for record in records(file, "text"):
        redacted = redact(record["text"], names, secret)
        if json:
            print_json({"id": record.get("id"), "text": redacted.text, "spans": [span._asdict() for span in redacted.spans]})
        else:
            print(redacted.text.encode("utf-8", "replace").decode())
