"""The kinds of failure a step or a command may end in. What a broken *record* is called belongs to the step that reads it."""


class WinnowError(Exception):
    """Something the user can put right. The message is one paragraph that says what to do next; the command exits with 2."""


class BadInput(WinnowError):
    """A source, recipe, option or model that cannot be used as given."""


class DamagedArtifact(WinnowError):
    """A stored artifact is missing, truncated or not what its report says."""


class Transient(Exception):
    """A failure the same call may not meet again: throttling, a dropped connection. Retried with backoff, never reported as final."""


class ShardKilled(WinnowError):
    """Making one shard ended its worker again and again. The other shards can go on without it."""
