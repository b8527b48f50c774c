"""The Hugging Face Hub: ``hf://datasets/owner/name``, a folder or file of it, or a pattern."""

from typing import ClassVar

from winnow.tasks.sources.base import Found, Listing, Wanted
from winnow.tasks.sources.folder import plain_files
from winnow.tasks.sources.glob import is_pattern, matcher, root_of
from winnow.tasks.transport.hub import hub_find
from winnow.tasks.transport.politeness import NotFound
from winnow.tasks.transport.uri import scheme


class Hub(Listing):
    """Files of a data set on the Hub."""

    name: ClassVar[str] = "hub"
    about: ClassVar[str] = "a data set such as hf://datasets/owner/name"
    order: ClassVar[int] = 30

    def find(self, wanted: Wanted) -> Found | None:
        if scheme(wanted.spec) != "hf":
            return None
        root, fits = (wanted.spec.rstrip("/"), None) if not is_pattern(wanted.spec) else root_of(wanted.spec)
        found = hub_find(root, wanted.options, wanted.transport)
        if "" in found:  # one file
            root, _, name = root.rpartition("/")
            found = {name: found[""]}
        if fits:
            pattern = matcher(fits)
            found = {p: f for p, f in found.items() if pattern.match(p)}
        if not found:
            raise NotFound(f"There is no file {wanted.spec}. Check the name, and the branch (owner/name@branch).")
        return plain_files(wanted, root, sorted(found), wanted.options, found)
