"""``winnow doctor``: is this machine fit to run?"""

PANEL = "Operate"
FAILED = 1


def command() -> int:
    """Check this machine: libraries, models, disk, Prefect. The exit status is 1 if anything is not well."""
    from winnow.cli.doctor import examine

    lines, healthy = examine()
    print("\n".join(lines))
    return 0 if healthy else FAILED
