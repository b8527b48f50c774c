"""Where the shared data lies (``../shared/data``, or ``$WINNOW_DATA`` for a worktree elsewhere), for benchmarks and tests that skip without it."""

import os
from pathlib import Path

DATA = Path(os.environ.get("WINNOW_DATA") or Path(__file__).parents[2] / "shared" / "data")
