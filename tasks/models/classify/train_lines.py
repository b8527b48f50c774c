"""Training a model of lines from pages whose lines people or a large model have judged, and its figures on pages and on languages that it has not seen."""

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.models.boosting import Settings, boosted
from winnow.tasks.models.classify.calibration import calibration_error, platt
from winnow.tasks.models.classify.evaluate import auc
from winnow.tasks.models.classify.line_model import LineFile, chances, features, looked
from winnow.tasks.models.files import versions
from winnow.tasks.models.trees import from_json

FOLDS = 5
SETTINGS = Settings(groups_share=0.8)
CLEAN = {"1", "clean", "true", "yes"}
FEWEST = 20
LENGTHS = (10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 100, 120, 150)
TRAINER = 2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Page:
    """The lines of a page, and of each whether it is content; None where nobody judged."""

    lines: tuple[str, ...]
    clean: tuple[bool | None, ...]
    language: str = ""


def pages(path: Path) -> Iterator[Page]:
    """The pages of a JSONL file: ``text``, a list of lines or a text with line feeds, ``labels``, as many of them (1 or clean for content, anything else for noise, null for neither),
    and ``lang`` or ``language``.

    Raises:
        BadInput: a file that cannot be read, or a page with another number of labels than lines.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    row = parsed(line)
                    lines = row["text"].split("\n") if isinstance(row["text"], str) else [x.replace("\n", " ") for x in row["text"]]
                    labels = row["labels"]
                    if len(lines) != len(labels):
                        raise BadInput(
                            f"{path}, line {number}: {len(lines)} lines and {len(labels)} labels. Give a label for every line, null for a blank one."
                        )
                    clean = tuple(None if x is None else str(x).strip().casefold() in CLEAN for x in labels)
                    yield Page(tuple(lines), clean, str(row.get("language") or row.get("lang") or ""))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise BadInput(f"{path} cannot be read ({type(e).__name__}: {e}). Give JSONL with text, labels and lang in each row.") from None


@dataclass(frozen=True)
class _Lines:
    """Features x judged lines, and what belongs to each line. ``fold`` is the part of the pages that a model leaves out."""

    matrix: npt.NDArray[np.float32]
    clean: Bools
    languages: npt.NDArray[np.object_]
    page: Ints
    fold: Ints
    chars: Ints

    @classmethod
    def of(cls, given: Iterable[Page]) -> "_Lines":
        from winnow.tasks.models.classify.line_kernels import NAMES

        found = [np.empty((len(NAMES), 0), np.float32)]
        clean, languages, page, fold, chars = [], [], [], [], []
        keyed = {xxhash.xxh3_64_intdigest("\n".join(each.lines).encode("utf-8", "replace")): each for each in given}
        for number, (key, each) in enumerate(sorted(keyed.items(), key=lambda kv: kv[0])):  # whatever the order of the files
            text = looked("\n".join(each.lines))
            said = [each.clean[line] for line in text.lines.tolist()]
            judged = np.flatnonzero([x is not None for x in said])
            found.append(features(text)[:, judged])
            clean += [bool(x) for x in said if x is not None]
            languages += [each.language] * len(judged)
            page += [number] * len(judged)
            fold += [key % FOLDS] * len(judged)
            chars += text.chars[judged].tolist()
        return cls(
            np.concatenate(found, axis=1),
            np.array(clean, bool),
            np.array(languages, object),
            np.array(page, np.int64),
            np.array(fold, np.int64),
            np.array(chars, np.int64),
        )

    def fit(self, numbers: Ints) -> dict[str, Any]:
        """Trees, as plain data. Each language and kind weighs the same, as the share of noise is a matter of the language's annotators; within them a line of a long page
        weighs less, by the square root of the page's lines."""
        from winnow.tasks.models.classify.line_kernels import NAMES

        clean, languages, page = self.clean[numbers], self.languages[numbers], self.page[numbers]
        weights = 1 / np.sqrt(np.bincount(page)[page])
        for language in sorted(set(languages.tolist())):
            for kind in (True, False):
                mine = (languages == language) & (clean == kind)
                weights[mine] /= max(1e-9, weights[mine].sum())
        return boosted(np.ascontiguousarray(self.matrix[:, numbers]), NAMES, clean, weights, page, SETTINGS)

    def decide(self, numbers: Ints, plain: dict[str, Any]) -> Floats:
        """Log-odds by these trees."""
        from winnow.tasks.models.classify.line_kernels import NAMES

        trees = from_json(plain)
        return np.asarray(trees.sums(NAMES, np.ascontiguousarray(self.matrix[:, numbers])) / trees.leaf_unit, np.float64)

    def crossed(self, numbers: Ints, groups: npt.NDArray[Any]) -> Floats:
        """Decisions about each group by a model that has not seen it."""
        found = np.zeros(len(numbers))
        for group in sorted(set(groups.tolist())):
            mine = groups == group
            found[mine] = self.decide(numbers[mine], self.fit(numbers[~mine]))
        return found


def training_digest(sources: Sequence[Mapping[str, Any]], run: str = "") -> str:
    """Digest of everything that the model depends on; ``run`` has the texts of tables of judgements."""
    return digest({"sources": [dict(s) for s in sources], "lines": TRAINER, **({"run": run} if run else {}), **versions("numpy")})


def train_lines(given: Iterable[Page]) -> tuple[bytes, dict[str, Any]]:
    """The file of the model, and its figures.

    Raises:
        BadInput: too few lines of either kind, or pages.
    """
    lines = _Lines.of(given)
    kinds = int(lines.clean.sum()), int((~lines.clean).sum())
    if min(kinds) < FEWEST or len(set(lines.fold.tolist())) < 2:
        raise BadInput(
            f"There are {kinds[0]} lines of content and {kinds[1]} of noise, of too few pages; {FEWEST} of each are needed. Judge more pages."
        )
    every = np.arange(len(lines.clean))
    by_page = lines.crossed(every, lines.fold)
    slope, offset = platt(by_page, lines.clean)
    plain = lines.fit(every)
    figures = {
        "lines": len(every),
        "noise_share": round(float((~lines.clean).mean()), 4),
        "by_page": _figures(chances(by_page, slope, offset), lines.clean, lines.chars),
        "left_out": _left_out(lines),
    }
    languages = sorted({x for x in lines.languages.tolist() if x})
    return LineFile({"languages": languages}, plain, slope, offset).data(), figures


def _left_out(lines: _Lines) -> dict[str, Any]:
    """Leave-one-language-out: each language is judged by a model of the others, with the cut and the length rule that are best for these."""
    known = sorted({x for x in lines.languages.tolist() if x})
    if len(known) < 3:
        return {}
    chance, said, rule = np.zeros(len(lines.clean)), np.zeros(len(lines.clean), bool), np.zeros(len(lines.clean), bool)
    found: dict[str, Any] = {}
    for language in known:
        mine = lines.languages == language
        others, own = np.flatnonzero(~mine), np.flatnonzero(mine)
        part = {name: n % FOLDS for n, name in enumerate(sorted(set(lines.languages[others].tolist())))}
        crossed = lines.crossed(others, np.array([part[x] for x in lines.languages[others].tolist()]))
        slope, offset = platt(crossed, lines.clean[others])
        theirs = chances(crossed, slope, offset)
        cut = max(np.linspace(0.2, 0.9, 36).tolist(), key=lambda t: _f1(theirs < t, ~lines.clean[others]))
        length = max(LENGTHS, key=lambda n: _f1(lines.chars[others] < n, ~lines.clean[others]))
        chance[own] = chances(lines.decide(own, lines.fit(others)), slope, offset)
        said[own], rule[own] = chance[own] < cut, lines.chars[own] < length
        found[language] = {
            "lines": len(own), "noise_f1": _f1(said[own], ~lines.clean[own]), "length_rule_f1": _f1(rule[own], ~lines.clean[own]),
            "calibration_error": round(calibration_error(chance[own], lines.clean[own]), 4), "auc": round(auc(chance[own], lines.clean[own]), 4), "length_auc": round(auc(lines.chars[own].astype(float), lines.clean[own]), 4),
        }  # fmt: skip
    mine = lines.languages != ""
    total = {
        "noise_f1": _f1(said[mine], ~lines.clean[mine]),
        "length_rule_f1": _f1(rule[mine], ~lines.clean[mine]),
        "calibration_error": round(calibration_error(chance[mine], lines.clean[mine]), 4),
    }
    return total | {"languages": found}


def _figures(chance: Floats, clean: Bools, chars: Ints) -> dict[str, Any]:
    return {
        "auc": round(auc(chance, clean), 4),
        "noise_f1_at_half": _f1(chance < 0.5, ~clean),
        "noise_f1_best": max(_f1(chance < t, ~clean) for t in np.linspace(0.2, 0.9, 36).tolist()),
        "length_rule_f1_best": max(_f1(chars < n, ~clean) for n in LENGTHS),
        "calibration_error": round(calibration_error(chance, clean), 4),
    }


def _f1(said: Bools, truth: Bools) -> float:
    return round(2 * int((said & truth).sum()) / max(1, int(said.sum() + truth.sum())), 4)
