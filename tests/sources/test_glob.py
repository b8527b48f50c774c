"""Patterns of names, the same wherever the files lie."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.glob import is_pattern, matcher, root_of
from winnow.tasks.sources.resolve import resolve

CASES = [
    ("*.parquet", "a.parquet", True),
    ("*.parquet", "sub/a.parquet", False),
    ("**/*.parquet", "a.parquet", True),
    ("**/*.parquet", "sub/deep/a.parquet", True),
    ("data/**", "data/x/y", True),
    ("a?.jsonl", "ab.jsonl", True),
    ("a?.jsonl", "a/.jsonl", False),
    ("[ab]*.jsonl", "b1.jsonl", True),
    ("[!ab]*.jsonl", "b1.jsonl", False),
    ("a.jsonl", "a_jsonl", False),
    ("00[0-4].warc.gz", "003.warc.gz", True),
]


@pytest.mark.parametrize(("pattern", "path", "matches"), CASES)
def test_matching(pattern, path, matches):
    assert bool(matcher(pattern).match(path)) is matches


@settings(deadline=None)
@given(st.text(alphabet="ab/.*?[]!-", max_size=12), st.text(alphabet="ab/.", max_size=12))
def test_total(pattern, path):
    if is_pattern(pattern):
        root, below = root_of(pattern)
        assert not is_pattern(root)
        assert is_pattern(below)


def test_a_pattern_of_files(tmp_path: Path):
    for name in ("a.jsonl", "b.jsonl", "notes.txt", "sub/c.jsonl", "sub/d.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'{"text": "a"}')
    for pattern, paths in (("*.jsonl", ["a.jsonl", "b.jsonl"]), ("**/*.jsonl", ["a.jsonl", "b.jsonl", "sub/c.jsonl"])):
        assert [f.path for f in resolve(f"{tmp_path}/{pattern}")[0].files] == paths
    assert [f.path for f in resolve(f"{tmp_path}/su*/c.*")[0].files] == ["sub/c.jsonl"]
    assert resolve(f"{tmp_path}/s*/c.*")[0].shards[0].key == resolve(f"{tmp_path}/*/c.jsonl")[0].shards[0].key
    with pytest.raises(BadInput, match="No file matches"):
        resolve(f"{tmp_path}/*.warc")


def test_notes_beside_archives_are_no_documents(tmp_path: Path):
    (tmp_path / "a.warc").write_bytes(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    (tmp_path / "README.txt").write_text("About these files.")
    assert [f.path for f in resolve(str(tmp_path))[0].files] == ["a.warc"]
    (tmp_path / "a.warc").unlink()
    assert resolve(str(tmp_path))[0].kind == "documents"
