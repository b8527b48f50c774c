"""``winnow doctor``: is this machine fit to run?"""

from winnow.cli.options import JsonOption, print_json

PANEL = "Operate"
FAILED = 1


def command(*, json: JsonOption = False) -> int:
    """Check this machine: libraries, models, disk, Prefect. The exit status is 1 if anything is not well."""
    from winnow.cli.doctor import examine

    lines, healthy = examine()
    if json:
        print_json([{"ok": line.startswith("ok"), "said": line[4:].strip()} for line in lines])
    else:
        print("\n".join(lines))
    return 0 if healthy else FAILED
