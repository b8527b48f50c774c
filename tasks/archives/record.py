"""One record of an archive, or one damaged stretch, as the reader hands it out."""

from dataclasses import dataclass


@dataclass(slots=True)
class Record:
    """One record, or one damaged stretch (``type`` is then ``damaged``).

    ``offset`` and ``length`` are bytes of the file: of the gzip member if the record is alone in it (then inflating them gives exactly the
    record), of the record with its closing blank lines in an uncompressed file. Where a member holds several records, or a record runs over
    several members, they count in the inflated bytes of the whole file. A damaged stretch without any inflated byte is measured in the file.
    ``problem`` is None if framing and block digest (where there is one) hold, else one of ``block_digest_mismatch``, ``content_length``
    (missing, unreadable or wrong, and no digest to prove the block whole), ``bad_header``, ``garbage``, ``truncated``, ``oversized``,
    ``gzip_crc``, ``gzip_data``.
    """

    offset: int
    length: int
    type: str
    record_id: str
    uri: str
    date: str
    content_type: str
    payload_digest: str
    headers: dict[str, str]
    block: bytes
    problem: str | None

    @classmethod
    def of(cls, offset: int, length: int, kind: str, fields: dict[str, str], problem: str | None) -> "Record":
        """A record without a block, what the header fields say filled in."""
        get = fields.get
        return cls(
            offset,
            length,
            kind or get("warc-type", "").lower() or "unknown",
            get("warc-record-id", "").strip("<> "),
            get("warc-target-uri", "").strip("<> "),
            get("warc-date", ""),
            get("content-type", ""),
            get("warc-payload-digest", ""),
            fields,
            b"",
            problem,
        )
