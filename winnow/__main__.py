"""``python -m winnow``: the command line."""

from winnow.cli.main import main

main()
