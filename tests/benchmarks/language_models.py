"""Speed of perplexity: Winnow's filter against the same libraries called the way cc_net's published code calls them.

    python -m tests.benchmarks.language_models [--documents N] [--texts FILE.parquet] [--train FILE.txt.gz]

One process, CPU time, the same documents and models in one run, best of three. The model is trained from a few megabytes, so the figures say
little about one of a gigabyte, whose look-ups miss the caches. Also prints what training took.
"""

import argparse
import gzip
import re
import resource
import sys
import tempfile
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.utils.perplexity import KenlmModel
from datatrove.utils.perplexity import SentencePiece as Pieces

from tests.shared import DATA
from winnow.tasks.models.files import ModelFile, file_sha256, locate
from winnow.tasks.models.ngram import cc_net
from winnow.tasks.models.ngram.score import NgramModel, load_ngrams, load_pieces
from winnow.tasks.models.ngram.train import LmOptions, train_ngrams, train_pieces
from winnow.tasks.signals.filters.perplexity import ParagraphPerplexity, Perplexity
from winnow.tasks.signals.text import Document

CONTROL = re.compile(f"[{''.join(map(chr, [*range(32), *range(127, 160)]))}]")


def naive_normalise(text):
    """One pass per rule and a generator per character, as published."""
    text = text.strip().lower()
    text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    text = re.sub(r"\d", "0", text)
    return CONTROL.sub("", "".join(cc_net.PUNCTUATION.get(c, c) for c in text))


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(what, documents):
    """CPU seconds for all documents, best of three, and the values."""
    best, values = float("inf"), []
    for _ in range(3):
        begin = cpu_s()
        values = [what(d) for d in documents]
        best = min(best, cpu_s() - begin)
    return best, values


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--texts", type=Path, default=DATA / "dedup" / "documents.parquet")
    parser.add_argument("--train", type=Path, default=DATA / "labels" / "plaintext-lm" / "en.txt.gz")
    args = parser.parse_args()
    if not args.texts.exists() or not args.train.exists():
        sys.exit("Give --texts (Parquet with columns lang and text) and --train (text, a line each, .gz).")
    table = pq.read_table(args.texts, columns=["lang", "text"]).to_pylist()
    documents = [r["text"] for r in table if r["lang"] == "en" and cc_net.normalise(r["text"])][: args.documents]

    options = LmOptions("en", prune=(0,))
    with gzip.open(args.train, "rt", encoding="utf-8") as lines:
        begin = cpu_s()
        sentences = [s for line in lines if (s := cc_net.normalise(line, spaced=True))]
    read_s, begin = cpu_s() - begin, cpu_s()
    pieces = train_pieces(sentences, options)
    pieces_s, begin = cpu_s() - begin, cpu_s()
    trained = train_ngrams(sentences, pieces, options)
    ngrams_s = cpu_s() - begin

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for part in ("kenlm", "sentencepiece"):
            path = Path(folder, part)
            path.write_bytes(getattr(trained, part))
            files.append(ModelFile(part, file_sha256(path), str(path)))
        model = NgramModel("en", *files)
        processor, kenlm = load_pieces(locate(files[1])), load_ngrams(locate(files[0]))

        def naive(text):
            tokens = " ".join(processor.encode_as_pieces(naive_normalise(text)))
            return round(10.0 ** (-kenlm.score(tokens) / (len(tokens.split()) + 1)), 1)

        trove = KenlmModel("", "en")
        trove._model, trove._tokenizer = kenlm, Pieces("", "en")
        trove._tokenizer._model = processor

        parity, paragraphs = Perplexity(models=(model,), cc_net=True), ParagraphPerplexity(models=(model,))
        rows = {
            "cc_net's way": timed(lambda t: naive("\n".join(line.strip() for line in t.split("\n") if line.strip())), documents),
            "datatrove's KenlmModel": timed(lambda t: trove.get_perplexity(cc_net.content(t)), documents),
            "Perplexity, cc_net: true": timed(lambda t: parity.measure(Document(t, language="en"))["perplexity"], documents),
            "ParagraphPerplexity": timed(lambda t: paragraphs.measure(Document(t, language="en")), documents),
            "of which SentencePiece": timed(lambda t: processor.encode_as_pieces(cc_net.normalise(t)), documents),
            "of which normalising": timed(cc_net.normalise, documents),
            "normalising, cc_net's way": timed(naive_normalise, documents),
        }
    values = [rows[name][1] for name in ("cc_net's way", "Perplexity, cc_net: true")]
    assert values[0] == values[1], "the two do not agree"
    same = sum(a == b for a, b in zip(values[0], rows["datatrove's KenlmModel"][1], strict=True))
    chars = sum(map(len, documents))
    print(f"{len(documents)} documents, {chars / 1e6:.1f} M characters; values agree (datatrove's: {same} of them)\n")
    print("| | CPU s | documents per core-second | M characters per core-second |\n|---|--:|--:|--:|")
    for name, (seconds, _) in rows.items():
        print(f"| {name} | {seconds:.2f} | {len(documents) / seconds:.0f} | {chars / 1e6 / seconds:.2f} |")
    print(
        f"\ntraining: {trained.figures['characters'] / 1e6:.1f} M characters, {trained.figures['tokens']:,} tokens: reading and normalising {read_s:.1f} s, "
        f"SentencePiece {pieces_s:.1f} s, tokens, n-grams and binary {ngrams_s:.1f} s ({sum(trained.figures['ngrams']):,} n-grams, {len(trained.kenlm) / 1e6:.0f} MB)"
    )


if __name__ == "__main__":
    main()
