"""A mirror: a root with Common Crawl's layout below it, on disk, over HTTP or on S3, and the crawl that is meant of those it holds."""

import os
import re
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.base import Found, PlaceListing, Wanted, readable, readers
from winnow.tasks.sources.credentials import options_for
from winnow.tasks.sources.fingerprints import some
from winnow.tasks.sources.kinds import kind_by_name
from winnow.tasks.sources.listings import parse_listing
from winnow.tasks.transport.open import read_all
from winnow.tasks.transport.politeness import NotFound, Options
from winnow.tasks.transport.s3 import s3_folders
from winnow.tasks.transport.uri import shown

IMMUTABLE_BY_NAME = ("s3://commoncrawl",)


class Mirror(PlaceListing):
    """The root of a mirror, or its ``crawl-data`` folder, or the folder or listing of one crawl below it."""

    name: ClassVar[str] = "mirror"
    about: ClassVar[str] = "a mirror (a root that holds crawl-data/<id>/warc.paths.gz)"
    order: ClassVar[int] = 20

    def local(self, wanted: Wanted) -> Found | None:
        path = local_path(wanted.spec)
        root, named = _split(path.replace(os.sep, "/"))
        crawls = [] if os.path.isfile(path) and not path.endswith(".paths.gz") else _local_crawls(root)
        if crawls and (named in crawls or not named):
            return crawl_at(root, _choose(wanted, named, crawls, root), (), wanted)
        return None

    def http(self, wanted: Wanted) -> Found | None:
        parts = urlsplit(wanted.spec)
        if kind_by_name(parts.path):
            return None
        path, named = _split(parts.path.rstrip("/"))
        root = urlunsplit(parts._replace(path=path))
        if not (named or wanted.snapshot):
            raise BadInput(
                f"{shown(wanted.spec)} cannot be listed over HTTP. Name the crawl of the mirror with --snapshot, "
                f"or give the address of one file ({readable()})."
            )
        return crawl_at(root, _choose(wanted, named, [], root), (), wanted)

    def s3(self, wanted: Wanted) -> Found | None:
        source = s3_uri(wanted.spec)
        root, named = _split(source.rstrip("/"))
        options = options_for(root, wanted)
        if kind_by_name(source):
            return None
        if named or wanted.snapshot:
            try:
                return crawl_at(root, _choose(wanted, named, [], root), options, wanted)
            except NotFound:
                if named or root.startswith(IMMUTABLE_BY_NAME):
                    raise
        try:
            folders = s3_folders(f"{root}/crawl-data", options, wanted.transport)
        except NotFound:
            folders = []
        return crawl_at(root, _choose(wanted, "", folders, root), options, wanted) if folders else None


def crawl_at(root: str, crawl_id: str, options: Options, wanted: Wanted) -> Found:
    """The files of one crawl below a root. Raises BadInput for a kind that crawls do not have, NotFound for a listing that is not there."""
    listed = [r.kind for r in readers() if r.listed]
    if wanted.kind not in listed:
        raise BadInput(f"A crawl has no files of the kind {wanted.kind}. Choose one of {', '.join(listed)}.")
    where = f"crawl-data/{crawl_id}/{wanted.kind}.paths.gz"
    paths = parse_listing(read_all(root, where, options, wanted.transport), f"{shown(root)}/{where}")
    return Found(root, wanted.kind, paths, crawl_id, options, named=root.startswith(IMMUTABLE_BY_NAME))


def local_path(spec: str) -> str:
    """The absolute path that a spec without a scheme, or with ``file://``, names."""
    return os.path.abspath(os.path.expanduser(urlsplit(spec).path if spec.startswith("file://") else spec))


def s3_uri(spec: str) -> str:
    """``s3a://`` reads as ``s3://``."""
    return "s3://" + spec.partition("://")[2]


def _choose(wanted: Wanted, named: str, crawls: Sequence[str], root: str) -> str:
    chosen = named or wanted.snapshot
    if wanted.snapshot not in ("", chosen):
        raise BadInput(f"The source names {named} but --snapshot says {wanted.snapshot}. Leave one of them out.")
    if crawls and chosen and chosen not in crawls:
        raise BadInput(f"{shown(root)} has no crawl {chosen}. It has: {some(crawls)}.")
    if not chosen and len(crawls) > 1:
        raise BadInput(f"{shown(root)} holds {len(crawls)} crawls: {some(crawls)}. Choose one with --snapshot.")
    return chosen or crawls[0]


def _split(path: str) -> tuple[str, str]:
    """Root and crawl id of a path into a mirror, such as .../crawl-data/CC-MAIN-2024-22; the path itself and '' of any other."""
    found = re.fullmatch(r"(.*)/crawl-data(?:/([^/]+)(?:/[\w-]+\.paths\.gz)?)?", path.rstrip("/"))
    return (found[1], found[2] or "") if found else (path, "")


def _local_crawls(root: str) -> list[str]:
    """Folders of ``root``/crawl-data that hold a listing."""
    try:
        with os.scandir(f"{root}/crawl-data") as entries:
            folders = sorted(e.name for e in entries if e.is_dir())
    except OSError:
        return []
    return [f for f in folders if any(n.endswith(".paths.gz") for n in os.listdir(f"{root}/crawl-data/{f}"))]
