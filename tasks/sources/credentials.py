"""With which options a place is read: decided once, while planning, as a worker that asks again might find other credentials."""

from winnow.tasks.sources.base import Wanted
from winnow.tasks.transport.politeness import Options
from winnow.tasks.transport.s3 import has_s3_credentials
from winnow.tasks.transport.uri import scheme


def options_for(root: str, wanted: Wanted) -> Options:
    """fsspec options for a root: on S3 those given, and whether to read anonymously; none elsewhere."""
    if scheme(root) != "s3":
        return ()
    given = dict(wanted.options)
    if wanted.anonymous is not None:
        given["anon"] = wanted.anonymous
    elif not given.keys() & {"anon", "key", "profile", "token", "session"}:
        given["anon"] = not has_s3_credentials()
    return tuple(given.items())
