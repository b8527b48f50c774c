"""Common Crawl's own servers, or a mirror instead of them: a crawl is named by its id and looked up below a base URL."""

import os
from typing import ClassVar

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.sources.base import Found, Listing, Wanted
from winnow.tasks.sources.crawl_ids import CRAWL_ID, known_ids, like_an_id, near_ids, no_such_crawl, should_be_known
from winnow.tasks.sources.credentials import options_for
from winnow.tasks.sources.mirror import crawl_at, local_path
from winnow.tasks.transport.politeness import NotFound, Unreachable
from winnow.tasks.transport.uri import scheme


class CommonCrawl(Listing):
    """A crawl id. A file or folder of that name goes before it."""

    name: ClassVar[str] = "common-crawl"
    about: ClassVar[str] = "a crawl id such as CC-MAIN-2024-22"
    order: ClassVar[int] = 10

    def find(self, wanted: Wanted) -> Found | None:
        crawl_id = wanted.spec
        if scheme(crawl_id) != "file" or os.path.exists(local_path(crawl_id)) or not like_an_id(crawl_id):
            return None
        if wanted.snapshot not in ("", crawl_id):
            raise BadInput(f"The source is {crawl_id} but --snapshot says {wanted.snapshot}. Leave one of them out.")
        if not CRAWL_ID.fullmatch(crawl_id):
            raise no_such_crawl(crawl_id, wanted.transport)
        root = wanted.base_url if scheme(wanted.base_url) != "file" else local_path(wanted.base_url)
        try:
            return crawl_at(root.rstrip("/"), crawl_id, options_for(root, wanted), wanted)
        except Unreachable as e:
            known, _ = known_ids(wanted.transport)
            doubt = (
                f" (No list names {crawl_id}; near it: {', '.join(near_ids(crawl_id, known))}.)" if should_be_known(crawl_id, known) else ""
            )
            raise Unreachable(f"{e}{doubt}") from None
        except (NotFound, Transient) as e:
            # A bucket that may not be listed answers 403, as to too many requests, where nothing is.
            known, said_by = known_ids(wanted.transport)
            if crawl_id in known and said_by and isinstance(e, NotFound):
                raise BadInput(f"{crawl_id} is a crawl, but {e} If it has no {wanted.kind} files, choose the other kind.") from None
            if isinstance(e, NotFound) or (said_by and crawl_id not in known):
                raise no_such_crawl(crawl_id, wanted.transport, known, said_by) from None
            raise
