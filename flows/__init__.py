"""When, how often and in what order: Prefect's flows. Whoever loads one has Prefect's telemetry off, unless the environment asks for it."""

import os

# Before Prefect is imported, which sends its first event then.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
