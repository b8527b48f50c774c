"""``python -m winnow``: the command line."""

import sys

from winnow.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
