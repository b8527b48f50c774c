"""Any filter block of datatrove as a Filter: its per-document method is called unchanged and its verdict recorded. Its executor is not used."""

import contextlib
import importlib
import inspect
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
import xxhash

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

TRIALS = 16
"""How often the same document is shown to a block, to see whether it decides at random."""


@stable("filter/datatrove-block")
@dataclass(frozen=True)
class DatatroveBlock(Filter):
    """``block`` is the block's path below ``datatrove.pipeline``, ``options`` its arguments by name.

    Its one signal is named for the class in snake case: null where the block keeps the document, else the reason it gives (``dropped``
    where it gives none). Blocks that edit text do so on a private copy: only the verdict counts here.

    Raises:
        BadInput: no such block, an option it does not know, or a package it needs and does not find.
    """

    version: ClassVar[str] = "2"  # a seeded block decides by the document, not by its place
    libraries: ClassVar[tuple[str, ...]] = ("nltk", "spacy", "tokenizers", "trafilatura")

    block: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    library: str = field(default_factory=lambda: version("datatrove"))

    @property
    def signals(self) -> tuple[Signal, ...]:  # type: ignore[override]
        return (
            Signal(
                self.signal,
                "str",
                "reason",
                f"why datatrove's {self.block} would drop the document; null: it would not",
                f"datatrove {self.library}",
            ),
        )

    @property
    def signal(self) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.block.rsplit(".", 1)[-1]).lower()

    def check_options(self) -> None:
        """Whether there is such a block and it takes these options, without building it: no model is loaded. Raises BadInput."""
        _class_of(self.block, self.options)

    def check(self) -> None:
        """Build the block and show it a document, so that whatever can fail fails before the first shard.

        Raises:
            BadInput: it cannot be built, fails on a plain English sentence, wants the network, or says something else of the same document each time.
        """
        doc = Document(
            "A plain English sentence, to see that the filter block works here.", id="check", url="https://example.org/", language="en"
        )
        try:
            verdicts = {str(self._verdict(doc)) for _ in range(TRIALS)}
        except BadInput:
            raise
        except Exception as e:
            raise BadInput(
                f"datatrove's {self.block} fails on a plain English sentence ({type(e).__name__}: {_one_line(e)}). Mend its options, or give it what it "
                "looks for: a block that loads a list or a model from the network needs it here, too."
            ) from None
        if len(verdicts) > 1:
            raise BadInput(
                f"datatrove's {self.block} decides at random: it said {' and '.join(sorted(verdicts))} of the same document, so no two runs would agree. "
                "Leave it out, and sample files with `winnow run --sample-fraction` instead."
            )

    def measure(self, doc: Document) -> dict[str, Value]:
        try:
            verdict = self._verdict(doc)
        except (ZeroDivisionError, IndexError, ValueError, AssertionError) as e:
            # Blocks divide by the words or lines of texts that have none; datatrove itself would stop the whole task here.
            return {self.signal: f"block_failed_{type(e).__name__}"}
        keep, reason = verdict if isinstance(verdict, tuple) else (verdict, None)
        return {self.signal: None if keep else str(reason or "dropped")}

    def _verdict(self, doc: Document) -> Any:
        from datatrove.data import Document as Trove

        block = _built(self.block, self.options)
        private = Trove(text=doc.text, id=doc.id or "0", metadata={"url": doc.url or "http://unknown.invalid/", "language": doc.language})
        _seed(block, doc)
        try:
            return block.filter(private)
        except ImportError as e:
            raise _missing(self.block, e) from None


def _seed(block: Any, doc: Document) -> None:
    """Where a block has a random generator of numpy's, its numbers become a function of the block's seed and the document, so that neither the order of
    documents nor the layout of shards decides."""
    for name, value in list(getattr(block, "__dict__", {}).items()):
        generator = getattr(value, "__self__", value)
        if isinstance(generator, np.random.Generator):
            seeds = block.__dict__.setdefault("_winnow_seeds", {})
            first = seeds.setdefault(name, int(generator.integers(1 << 62)) if name not in seeds else 0)
            fresh = np.random.default_rng([first, xxhash.xxh3_64_intdigest(doc.text.encode("utf-8", "surrogatepass"))])
            setattr(block, name, fresh if generator is value else getattr(fresh, value.__name__))


def _class_of(path: str, options: tuple[tuple[str, Any], ...]) -> Any:
    """The class of a block that takes these options. Raises BadInput."""
    module, _, name = path.rpartition(".")
    try:
        cls = getattr(importlib.import_module(f"datatrove.pipeline.{module}"), name)
    except ModuleNotFoundError as e:
        if e.name and not e.name.startswith("datatrove"):
            raise _missing(path, e) from None
        raise _unknown(path, e) from None
    except (AttributeError, ValueError) as e:
        raise _unknown(path, e) from None
    except ImportError as e:
        raise _missing(path, e) from None
    if not (isinstance(cls, type) and callable(getattr(cls, "filter", None))):
        raise BadInput(
            f"datatrove's {path} is not a filter block: it has no method `filter`. `block:` takes the blocks below datatrove.pipeline.filters; an extractor or "
            "a reader has a key of its own in a recipe (docs/recipes.md)."
        )
    try:
        inspect.signature(cls).bind(**dict(options))
    except TypeError as e:
        known = [n for n in inspect.signature(cls).parameters if n != "exclusion_writer"]
        raise BadInput(f"datatrove's {path} refuses its options: {_one_line(e)}. It takes: {', '.join(known) or 'none'}.") from None
    if _is_unseeded(cls, dict(options)):
        raise BadInput(
            f"datatrove's {path} decides at random and has no seed, so no two runs would agree. Give it one: `options: {{seed: 0}}`."
        )
    return cls


def _is_unseeded(cls: type, options: Mapping[str, Any]) -> bool:
    """Whether the block draws numbers for every document and was given no seed. A block that keeps a fraction of nothing draws for nothing."""
    parameters = inspect.signature(cls).parameters
    shares = [n for n in parameters if n in ("rate", "keep_fraction", "fraction")]
    draws = any(options.get(n, parameters[n].default) not in (0, 0.0, None, inspect.Parameter.empty) for n in shares) or not shares
    return "seed" in parameters and draws and options.get("seed", parameters["seed"].default) is None


@cache
def _built(path: str, options: tuple[tuple[str, Any], ...]) -> Any:
    cls = _class_of(path, options)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return cls(**dict(options))
    except ImportError as e:
        raise _missing(path, e) from None
    except Exception as e:
        raise BadInput(f"datatrove's {path} refuses its options ({type(e).__name__}: {_one_line(e)}).") from None


def _unknown(path: str, error: Exception) -> BadInput:
    return BadInput(
        f"There is no datatrove block {path!r} ({_one_line(error)}). Write it as below datatrove.pipeline, e.g. "
        "filters.gopher_quality_filter.GopherQualityFilter."
    )


def _missing(path: str, error: ImportError) -> BadInput:
    """Many blocks look for their tokenizer only when they meet the first document."""
    return BadInput(f"datatrove's {path} needs a package that is not installed ({_one_line(error)}): `pip install 'winnow[datatrove]'`.")


def _one_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said if len(said) <= 300 else said[:300] + "…"
