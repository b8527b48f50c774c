"""Training a model of lines from pages whose lines people or a large model have judged, and its figures on pages and on languages that it has not seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Bools, Floats, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.models.boosting import Settings, boosted
from winnow.tasks.models.classify.calibration import calibration_error, platt
from winnow.tasks.models.classify.evaluate import auc
from winnow.tasks.models.classify.line_model import LineFile, Scorer, chances, features, looked, slots
from winnow.tasks.models.classify.line_pages import Page, common_words, merged
from winnow.tasks.models.files import versions
from winnow.tasks.models.trees import from_json

FOLDS = 5
PARTS = 6
"""Languages are left out one by one up to this many; of more, some together."""
SETTINGS = Settings(trees=400, shrinkage=0.04, groups_share=0.8, features_share=0.15)
FEWEST = 20
FEWEST_LANGUAGES = 3
LENGTHS = (10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 100, 120, 150)
TRAINER = 3


@dataclass(frozen=True)
class Lines:
    """Features x judged lines, and what belongs to each line. ``fold`` is the part of the pages that a model leaves out; ``common`` has the common words of languages, by their code;
    ``contradicted`` is how many lines are left out as judged in two ways."""

    matrix: npt.NDArray[np.float32]
    clean: Bools
    languages: npt.NDArray[np.object_]
    page: Ints
    fold: Ints
    chars: Ints
    common: dict[str, tuple[int, ...]]
    contradicted: int

    @classmethod
    def of(cls, given: Iterable[Page], texts: Iterable[tuple[str, str]] = ()) -> "Lines":
        """``texts`` are others, with their languages, whose common words are told from them, too."""
        from winnow.tasks.models.classify.line_kernels import NAMES

        found = [np.empty((len(NAMES), 0), np.float32)]
        clean, languages, page, fold, chars = [], [], [], [], []
        ordered, contradicted = merged(given)
        common = common_words(chain(((each.language, "\n".join(each.lines)) for _, each in ordered), texts))
        tables = {code: slots(words) for code, words in common.items()}
        for number, (key, each) in enumerate(ordered):
            text = looked("\n".join(each.lines))
            said = [each.clean[line] for line in text.lines.tolist()]
            judged = np.flatnonzero([x is not None for x in said])
            found.append(features(text, tables.get(folded(each.language)))[:, judged])
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
            common,
            contradicted,
        )

    @property
    def known(self) -> list[str]:
        """Their languages."""
        return sorted({x for x in self.languages.tolist() if x})


@dataclass
class Learner:
    """Trees on some of the lines. One that is not ``knowing`` does without the common words of languages."""

    lines: Lines
    knowing: bool
    seed: int = 0
    apart: dict[frozenset[str], Floats] = field(default_factory=dict)

    def fit(self, numbers: Ints) -> dict[str, Any]:
        """Trees, as plain data. Each language and kind weighs the same, as the share of noise is a matter of the language's annotators; within them a line of a long page
        weighs less, by the square root of the page's lines."""
        from winnow.tasks.models.classify.line_kernels import NAMES, OF_LANGUAGE

        clean, languages, page = self.lines.clean[numbers], self.lines.languages[numbers], self.lines.page[numbers]
        weights = 1 / np.sqrt(np.bincount(page)[page])
        for language in sorted(set(languages.tolist())):
            for kind in (True, False):
                mine = (languages == language) & (clean == kind)
                weights[mine] /= max(1e-9, weights[mine].sum())
        rows = np.flatnonzero([self.knowing or not of_language for of_language in OF_LANGUAGE])
        matrix = np.ascontiguousarray(self.lines.matrix[np.ix_(rows, numbers)])
        return boosted(matrix, tuple(NAMES[row] for row in rows), clean, weights, page, SETTINGS, self.seed)

    def decide(self, numbers: Ints, plain: dict[str, Any]) -> Floats:
        """Log-odds by these trees."""
        from winnow.tasks.models.classify.line_kernels import NAMES

        trees = from_json(plain)
        return np.asarray(trees.sums(NAMES, np.ascontiguousarray(self.lines.matrix[:, numbers])) / trees.leaf_unit, np.float64)

    def by_page(self) -> Floats:
        """Decisions about the pages of each fold by trees that have not seen them."""
        found = np.zeros(len(self.lines.clean))
        for fold in sorted(set(self.lines.fold.tolist())):
            mine = self.lines.fold == fold
            found[mine] = self.decide(np.flatnonzero(mine), self.fit(np.flatnonzero(~mine)))
        return found

    def left_out(self, languages: frozenset[str]) -> Floats:
        """Decisions about the lines of these languages by trees that have seen the others only; zero about the others."""
        if languages not in self.apart:
            mine = np.isin(self.lines.languages, sorted(languages))
            found = np.zeros(len(self.lines.clean))
            found[mine] = self.decide(np.flatnonzero(mine), self.fit(np.flatnonzero(~mine)))
            self.apart[languages] = found
        return self.apart[languages]

    def without(self, language: str) -> Floats:
        """Decisions about each line by trees that have seen neither its language nor this one: what a model of all languages but this one is calibrated on."""
        known = self.lines.known
        found = np.zeros(len(self.lines.clean))
        for part in range(PARTS):
            together = frozenset(known[part::PARTS]) | {language}
            mine = np.isin(self.lines.languages, known[part::PARTS])
            if mine.any():
                found[mine] = self.left_out(together)[mine]
        return found

    def scorer(self) -> tuple[Scorer, Floats]:
        """Trees on all lines with their calibration, and the probabilities of lines whose pages were left out."""
        lines = self.lines
        decided = self.by_page()
        sigmoid = elsewhere = platt(decided, lines.clean)
        if len(lines.known) >= FEWEST_LANGUAGES:
            mine = np.flatnonzero(lines.languages != "")
            apart = np.sum([self.left_out(frozenset([language])) for language in lines.known], axis=0)
            elsewhere = platt(apart[mine], lines.clean[mine], _evenly(lines.languages[mine]))
        return Scorer(self.fit(np.arange(len(lines.clean))), sigmoid, elsewhere), chances(decided, *sigmoid)


def _evenly(languages: npt.NDArray[np.object_]) -> Floats:
    """Weights by which each language weighs the same: one that is met for the first time is more like another language than like another line."""
    _, place, counts = np.unique(languages.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[place], np.float64)


def training_digest(sources: Mapping[str, Any]) -> str:
    """Digest of everything that the model depends on. ``sources`` describe the pages and texts."""
    return digest({"sources": dict(sources), "lines": TRAINER, **versions("numpy")})


def train_lines(given: Iterable[Page], texts: Iterable[tuple[str, str]] = ()) -> tuple[bytes, dict[str, Any]]:
    """The file of the model, and its figures. ``texts`` are unjudged ones with their languages, whose common words the model will know, too.

    Raises:
        BadInput: too few lines of either kind, or pages.
    """
    lines = Lines.of(given, texts)
    kinds = int(lines.clean.sum()), int((~lines.clean).sum())
    if min(kinds) < FEWEST or len(set(lines.fold.tolist())) < 2:
        apart = f"; {lines.contradicted} that are judged as both were left out" if lines.contradicted else ""
        raise BadInput(
            f"There are {kinds[0]} lines of content and {kinds[1]} of noise, of too few pages{apart}; {FEWEST} of each are needed. Judge more pages."
        )
    blind, chance = Learner(lines, knowing=False).scorer()
    figures = {
        "lines": len(lines.clean),
        "noise_share": round(float((~lines.clean).mean()), 4),
        "languages": lines.known,
        "contradicted_lines": lines.contradicted,
        "words_of": sorted(lines.common),
        "by_page_without_words": _figures(chance, lines.clean, lines.chars),
    }
    knowing, learner = blind, Learner(lines, knowing=bool(lines.common))
    if lines.common:
        knowing, chance = learner.scorer()
    figures |= {"by_page": _figures(chance, lines.clean, lines.chars), "left_out": left_out(learner)}
    languages = tuple(sorted({folded(x) for x in lines.known}))
    return LineFile(languages, lines.common, knowing, blind).data(), figures


def left_out(learner: Learner) -> dict[str, Any]:
    """Leave-one-language-out: each language is judged by a model of the others, with the calibration, the cut and the length rule that are best for these. Nothing of fewer than three."""
    lines = learner.lines
    if len(lines.known) < FEWEST_LANGUAGES:
        return {}
    chance, said, rule = np.zeros(len(lines.clean)), np.zeros(len(lines.clean), bool), np.zeros(len(lines.clean), bool)
    found: dict[str, Any] = {}
    for language in lines.known:
        mine = lines.languages == language
        others, own = np.flatnonzero(~mine & (lines.languages != "")), np.flatnonzero(mine)
        decided = learner.without(language)
        sigmoid = platt(decided[others], lines.clean[others], _evenly(lines.languages[others]))
        theirs = chances(decided[others], *sigmoid)
        cut = max(np.linspace(0.2, 0.9, 36).tolist(), key=lambda t: _f1(theirs < t, ~lines.clean[others]))
        length = max(LENGTHS, key=lambda n: _f1(lines.chars[others] < n, ~lines.clean[others]))
        chance[own] = chances(learner.left_out(frozenset([language]))[own], *sigmoid)
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
