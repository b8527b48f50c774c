"""Any filter block of datatrove as a Filter: its per-document method is called unchanged and its verdict recorded. Its executor is not used."""

import contextlib
import importlib
import io
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document


@stable("filter/datatrove-block")
@dataclass(frozen=True)
class DatatroveBlock(Filter):
    """``block`` is the block's path below ``datatrove.pipeline``, ``options`` its arguments by name.

    Its one signal is named for the class in snake case: null where the block keeps the document, else the reason it gives (``dropped``
    where it gives none). Blocks that edit text do so on a private copy: only the verdict counts here.

    Raises:
        BadInput: no such block, an option it does not know, or a package it needs and does not find.
    """

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

    def measure(self, doc: Document) -> dict[str, Value]:
        from datatrove.data import Document as Trove

        block = _built(self.block, self.options)
        private = Trove(text=doc.text, id=doc.id or "0", metadata={"url": doc.url or "http://unknown.invalid/", "language": doc.language})
        try:
            verdict = block.filter(private)
        except ImportError as e:
            raise _missing(self.block, e) from None
        except (ZeroDivisionError, IndexError, ValueError, AssertionError) as e:
            # Blocks divide by the words or lines of texts that have none; datatrove itself would stop the whole task here.
            return {self.signal: f"block_failed_{type(e).__name__}"}
        keep, reason = verdict if isinstance(verdict, tuple) else (verdict, None)
        return {self.signal: None if keep else str(reason or "dropped")}


@cache
def _built(path: str, options: tuple[tuple[str, Any], ...]) -> Any:
    module, _, name = path.rpartition(".")
    try:
        cls = getattr(importlib.import_module(f"datatrove.pipeline.{module}"), name)
    except (ModuleNotFoundError, AttributeError, ValueError) as e:
        raise BadInput(
            f"There is no datatrove block {path!r} ({e}). Write it as below datatrove.pipeline, e.g. filters.gopher_quality_filter.GopherQualityFilter."
        ) from None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return cls(**dict(options))
    except TypeError as e:
        raise BadInput(f"datatrove's {path} refuses its options: {e}.") from None
    except ImportError as e:
        raise _missing(path, e) from None


def _missing(path: str, error: ImportError) -> BadInput:
    """Many blocks look for their tokenizer only when they meet the first document."""
    return BadInput(
        f"datatrove's {path} needs a package that is not installed ({' '.join(str(error).split())}): `pip install 'winnow[datatrove]'`."
    )
