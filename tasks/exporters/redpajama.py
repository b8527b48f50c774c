"""The format ``redpajama-v2``: a run in the files of RedPajama-V2 (Weber et al. 2024): documents, quality signals, duplicates.

    documents/2024-22/0000/en_head.json.gz                      the text and what CCNet says of it
    quality_signals/2024-22/0000/en_head.signals.json.gz        id, metadata, signals as lists of [start, end, score]
    duplicates/2024-22/0000/en_head.duplicates.parquet          exact copies of an earlier document

One folder of four digits per shard, one file per language and bucket, in crawl order. Spans count characters of ``raw_content``.
"""

import base64
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.corpus.redact import BUCKET
from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.exporters.base import Exporter, File, RunTables
from winnow.tasks.signals.filters.redpajama import lines_of

BUCKETS = {"head": 0.0, "middle": 1.0, "tail": 2.0}
CCNET = {
    "ccnet_length": "ccnet_length",
    "ccnet_original_length": "ccnet_original_length",
    "ccnet_nlines": "ccnet_nlines",
    "ccnet_original_nlines": "ccnet_original_nlines",
    "ccnet_language_score": "language_score",
    "ccnet_perplexity": "perplexity",
    "ccnet_bucket": "perplexity_bucket",
}
LINES = (
    "rps_lines_ending_with_terminal_punctution_mark",
    "rps_lines_javascript_counts",
    "rps_lines_num_words",
    "rps_lines_numerical_chars_fraction",
    "rps_lines_start_with_bulletpoint",
    "rps_lines_uppercase_letter_fraction",
)
DOCUMENT = (
    *(f"rps_doc_{n}" for n in ("curly_bracket", "ldnoobw_words", "lorem_ipsum", "stop_word_fraction", "ut1_blacklist")),
    *(
        f"rps_doc_{n}"
        for n in (
            "frac_all_caps_words",
            "frac_lines_end_with_ellipsis",
            "frac_no_alph_words",
            "frac_unique_words",
            "mean_word_length",
            "num_sentences",
            "symbol_to_word_ratio",
            "unigram_entropy",
            "word_count",
        )
    ),
    *(f"rps_doc_frac_chars_dupe_{n}grams" for n in range(5, 11)),
    *(f"rps_doc_frac_chars_top_{n}gram" for n in (2, 3, 4)),
    *(f"rps_doc_ml_{n}_score" for n in ("palm", "wikipedia", "wikiref")),
    *(f"rps_doc_{n}_importance{c}" for n in ("books", "openwebtext", "wikipedia") for c in ("", "_length_correction")),
)
DUPLICATES = pa.schema([pa.field(name, pa.string()) for name in ("shard_id", "doc_id", "digest")])


@dataclass(frozen=True)
class RedPajamaV2(Exporter):
    """Every kept document of a run, as RedPajama-V2 publishes its own."""

    name: ClassVar[str] = "redpajama-v2"
    about: ClassVar[str] = "documents, quality signals and duplicates of RedPajama-V2"

    def files(self, run: RunTables) -> Iterator[File]:
        """Three files per shard, language and bucket. Raises BadInput: the recipe edited the text after it was measured."""
        for number, shard in enumerate(run.entry["shards"]):
            yield from _shard(run, shard, f"{_snapshot(run)}/{number:04d}")

    def remarks(self, run: RunTables) -> Sequence[str]:
        missing = missing_signals(run)
        return [f"null, since the run has no such signal: {', '.join(missing)}"] if missing else []


def missing_signals(run: RunTables) -> list[str]:
    """Published signals that the run did not measure; they are null in the export."""
    shards = run.entry["shards"]
    columns = set(run.read(run.entry["tables"]["signals"], shards[0]).column_names) if shards else set()
    columns |= {"perplexity_bucket"} if run.has("bucket") else set()
    return [name for name in (*CCNET, *DOCUMENT, *LINES) if CCNET.get(name, name) not in columns]


def _snapshot(run: RunTables) -> str:
    """``2024-22`` of CC-MAIN-2024-22; the name of other crawls as it is."""
    name = str(run.entry["snapshot"])
    match = re.search(r"\d{4}-\d{2}$", name)
    return match.group(0) if match else name


def _shard(run: RunTables, shard: str, place: str) -> Iterator[File]:
    kept = run.read(run.address("redact"), shard)
    signals = {row["id"]: row for row in run.read(run.entry["tables"]["signals"], shard).to_pylist()}
    hosts = run.read(run.entry["tables"]["documents"], shard, ["id", "host"]).to_pydict()
    host_of = dict(zip(hosts["id"], hosts["host"], strict=True))
    decisions = run.read(run.entry["tables"]["decisions"], shard)
    copies: set[str] = set()
    if "text_cluster_rank" in decisions.column_names:
        ranks = decisions["text_cluster_rank"].to_pylist()
        copies = {i for i, rank in zip(decisions["id"].to_pylist(), ranks, strict=True) if rank}
    partitions: dict[str, list[dict[str, Any]]] = {}
    for row in kept.to_pylist():
        partitions.setdefault(row["partition"], []).append(row)
    for partition, rows in partitions.items():
        language, _, bucket = partition.partition(BUCKET)
        name = f"{place}/{language}_{bucket or 'all'}"
        documents, measured, repeated = [], [], []
        for n, row in enumerate(rows):
            identity, digest = f"{name}.json.gz/{n}", _digest(row["text"])
            values = {**signals[row["id"]], "perplexity_bucket": bucket or None}
            documents.append(_document(row, values, host_of[row["id"]], digest, bucket))
            measured.append(
                {
                    "id": identity,
                    "id_int": int.from_bytes(hashlib.sha1(identity.encode(), usedforsecurity=False).digest()[:8], "little"),
                    "metadata": {
                        "cc_segment": row["source_file"],
                        "cc_net_source": f"{name}.json.gz",
                        "url": row["url"],
                        "source_domain": host_of[row["id"]],
                        "language": language,
                        "snapshot_id": place.split("/")[0],
                    },
                    "quality_signals": quality_signals(row["text"], values),
                }
            )
            if row["id"] in copies:
                repeated.append({"shard_id": f"{name}.json.gz", "doc_id": identity, "digest": digest})
        tokens = estimated_tokens([len(row["text"]) for row in rows], [row["language"] for row in rows]).sum()
        yield File(f"documents/{name}.json.gz", _lines(documents), {"documents": len(rows), "tokens": round(tokens)})
        yield File(f"quality_signals/{name}.signals.json.gz", _lines(measured))
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(repeated, schema=DUPLICATES), sink, compression="zstd")
        yield File(f"duplicates/{name}.duplicates.parquet", sink.getvalue(), {"duplicates": len(repeated)})


def _document(row: Mapping[str, Any], values: Mapping[str, Any], host: str, digest: str, bucket: str) -> dict[str, Any]:
    return {
        "url": row["url"],
        "date_download": row["date"],
        "digest": f"sha1:{digest}",
        "length": values.get("ccnet_length"),
        "nlines": values.get("ccnet_nlines"),
        "source_domain": host,
        "title": "",
        "raw_content": row["text"],
        "cc_segment": row["source_file"],
        "original_nlines": values.get("ccnet_original_nlines"),
        "original_length": values.get("ccnet_original_length"),
        "language": row["language"],
        "language_score": row["language_score"],
        "perplexity": values.get("perplexity"),
        "bucket": bucket or "all",
    }


def quality_signals(text: str, values: Mapping[str, Any]) -> dict[str, list[list[float | None]]]:
    """The published signals of a document as lists of [start, end, score]: one per line of ``text``, or one over all of it.

    Raises:
        BadInput: the text has other lines than when it was measured.
    """
    total = len(text)
    whole = {name: values.get(source) for name, source in CCNET.items()}
    whole["ccnet_bucket"] = BUCKETS.get(whole["ccnet_bucket"] or "")
    whole |= {name: values.get(name) for name in DOCUMENT}
    found: dict[str, list[list[float | None]]] = {n: [[0, total, None if v is None else float(v)]] for n, v in whole.items()}
    spans = _spans(text)
    for name in LINES:
        scores = values.get(name)
        if scores is not None and len(scores) != len(spans):
            raise BadInput(
                "The text has other lines than when its signals were measured: the recipe edits text after that (deduplicate by paragraph or "
                "substring, redact). Measure the final text (`paragraphs:`, and filters with `text: corrected`), or leave the edit out."
            )
        found[name] = [[0, total, None]] if scores is None else [[a, b, s] for (a, b), s in zip(spans, scores, strict=True)]
    return found


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each line begins and ends, its line feed included."""
    spans, at = [], 0
    for line in lines_of(text):
        end = min(at + len(line) + 1, len(text))
        spans.append((at, end))
        at = end
    return spans


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return gzip.compress("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(), mtime=0)
