"""A model of n-grams as ARPA text, which other tools read: what the binary files are compared with."""

from collections.abc import Iterator, Sequence

from winnow.tasks.models.ngram.kneser_ney import Grams


def arpa(grams: Sequence[Grams], vocabulary: Sequence[str]) -> Iterator[str]:
    """The model as lines of ARPA text."""
    yield "\\data\\\n"
    yield from (f"ngram {n}={len(g)}\n" for n, g in enumerate(grams, start=1))
    texts: list[str] = []
    for n, g in enumerate(grams, start=1):
        yield f"\n\\{n}-grams:\n"
        words = [vocabulary[w] for w in g.word.tolist()]
        texts = [f"{texts[c]} {w}" for c, w in zip(g.context.tolist(), words, strict=True)] if n > 1 else words
        for text, p, b in zip(texts, g.log_probability.tolist(), g.log_backoff.tolist(), strict=True):
            yield f"{p:.9g}\t{text}\t{b:.9g}\n" if n < len(grams) else f"{p:.9g}\t{text}\n"
    yield "\n\\end\\\n"
