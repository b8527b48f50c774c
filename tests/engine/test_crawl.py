"""Files of other listings beside a crawl: which of them a part of the crawl needs, and how they are grouped."""

import pytest

from winnow.tasks.engine.crawl import ALL_BESIDE, Crawl, SourceFile, beside


def files(folder, n, segments=4):
    return [SourceFile(i, f"crawl-data/X/segments/{i % segments}.0/{folder}/{i:05d}.warc.gz", str(i)) for i in range(n)]


PAGES = files("warc", 8)


@pytest.mark.parametrize("n", [0, 1, 17, ALL_BESIDE])
def test_a_short_listing_is_read_whole(n):
    shards = beside("robotstxt", files("robotstxt", n), PAGES[:1])
    assert sum(len(s.files) for s in shards) == n
    assert len(shards) == -(-n // 16)
    assert {s.kind for s in shards} <= {"robotstxt"}


def test_of_a_long_listing_the_segments_of_the_chosen_files_are_read():
    listed = files("robotstxt", ALL_BESIDE + 1)
    shards = beside("robotstxt", listed, [PAGES[1], PAGES[5]])
    assert {f.path.split("/")[3] for s in shards for f in s.files} == {"1.0"}
    every = beside("robotstxt", listed, PAGES)
    assert sum(len(s.files) for s in every) == len(listed)


def test_a_sample_of_a_crawl_has_what_its_files_need():
    crawl = Crawl("X", "warc", tuple(PAGES), beside=beside("robotstxt", files("robotstxt", ALL_BESIDE + 1), PAGES))
    sample = crawl.sample(1, seed=0)
    [page] = sample.files
    assert {f.path.split("/")[3] for s in sample.beside for f in s.files} == {page.path.split("/")[3]}
    assert crawl.sample(8, seed=0).beside == crawl.beside
