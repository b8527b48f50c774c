"""A stream read ahead: the same bytes, the same error at the same place, and nothing left running."""

import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.transport import read_ahead
from winnow.tasks.transport.read_ahead import BLOCKS, ReadAhead


class Told(io.BytesIO):
    """Counts reads; tells when as many blocks were asked for as may wait, and one more; breaks at ``breaks_at``."""

    def __init__(self, data: bytes, breaks_at: int | None = None) -> None:
        super().__init__(data)
        self.reads, self.breaks_at, self.full = 0, breaks_at, threading.Event()

    def read(self, n: int | None = -1) -> bytes:
        if self.reads == self.breaks_at:
            raise ConnectionError("the line broke")
        self.reads += 1
        if self.reads == BLOCKS + 1:
            self.full.set()
        return super().read(n)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(read_ahead, "BLOCK_BYTES", 7)


@given(st.binary(max_size=200), st.lists(st.integers(0, 50), max_size=20))
def test_the_same_bytes(data, sizes):
    with io.BufferedReader(ReadAhead(io.BytesIO(data)), 16) as stream:
        parts = [stream.read(n) for n in sizes]
        assert b"".join([*parts, stream.read()]) == data
        assert stream.read(1) == b""


def test_it_reads_before_it_is_asked_and_no_further_than_it_may():
    source = Told(bytes(1000))
    stream = ReadAhead(source)
    assert source.full.wait(30)
    assert source.reads == BLOCKS + 1
    stream.close()
    assert source.closed
    assert not stream._thread.is_alive()


def test_an_error_comes_where_it_happened_and_again():
    stream = ReadAhead(Told(bytes(range(100)), breaks_at=2))
    assert stream.read(7) + stream.read(7) == bytes(range(14))
    for _ in range(2):
        with pytest.raises(ConnectionError, match="broke"):
            stream.read(1)
    stream.close()
