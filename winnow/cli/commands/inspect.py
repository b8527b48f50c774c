"""``winnow inspect``: the records of an archive file."""

from pathlib import Path

from winnow.cli.options import print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Curate"
FAILED = 1


def command(file: Path, /, *, json: bool = False) -> int:
    """Every record that the reader gets out of an archive file, and every damage. The exit status is 1 if there is any.

    Args:
        file: A WARC, ARC or WET file, compressed or not.
        json: Print one JSON object per line.
    """
    from winnow.tasks.archives.inspect import inspect

    if file.is_dir():
        raise BadInput(f"{file} is a folder. Give the path of one WARC, ARC or WET file in it.")
    if not file.is_file():
        raise BadInput(f"There is no file {file}. Give the path of a WARC, ARC or WET file.")
    damaged = False
    with file.open("rb") as stream:
        for line in inspect(stream):
            if json:
                print_json(line)
            elif "records" in line:
                print(
                    f"{line['records']} records, {line['intact']} intact, {line['damaged']} damaged, {line['skipped_bytes']} bytes skipped"
                    + (f". {line['problem']}" if "problem" in line else "")
                )
            else:
                print(f"{line['offset']:>12} {line['length']:>10}  {line['type']:<10} {line['problem'] or 'ok':<24} {line['uri']}")
            damaged = bool(line.get("damaged") or ("problem" in line and "records" in line))
    return FAILED if damaged else 0
