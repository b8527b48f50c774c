"""Which member of a cluster stays: every keep policy as one number per document, of which the largest wins; ties go by crawl order."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.text_column import TextColumn

PLAIN = ("first", "newest", "longest", "random", "none")
BEST = "best:"


def scores(keep: str, source: Step | TextColumn | None, shard: str, context: ShardContext) -> pa.ChunkedArray | None:
    """One float64 per document, null where the policy has nothing to say of it (it comes last); None if crawl order alone decides.

    ``newest``: seconds since 1970 of the capture, from the documents table ``source``; ``random``: a hash of the id, from the same; ``longest``: the characters of
    the text column ``source``, which is what the corpus gets; ``best:<signal>``: that signal of the signals table ``source``; ``first`` and ``none`` (no member stays) need no source.
    """
    if source is None:
        return None
    if isinstance(source, TextColumn):
        return pc.cast(pc.utf8_length(source.read(shard, context)), pa.float64())
    if keep == "newest":
        dates = context.read(source, shard, ["date"])["date"].to_pylist()
        return pa.chunked_array([pa.array([_seconds(d) for d in dates], pa.float64())])
    if keep == "random":
        draws = [xxhash.xxh3_64_intdigest(i) / 2**64 for i in context.read(source, shard, ["id"])["id"].to_pylist()]
        return pa.chunked_array([pa.array(draws, pa.float64())])
    name = keep.removeprefix(BEST)
    return pc.cast(context.read(source, shard, [name])[name], pa.float64())


def _seconds(date: str | None) -> float | None:
    try:
        moment = datetime.fromisoformat(date or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
