"""Where the repository and the shared data lie (``../shared/data``, or ``$WINNOW_DATA`` for a worktree elsewhere), for benchmarks and tests that skip without it."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("WINNOW_DATA") or ROOT.parent / "shared" / "data")
