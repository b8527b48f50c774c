"""One round after the other: train on what is known, score the pool, have a sample judged, choose the cut, collect; stop when nothing new comes.

A round depends on the seeds, the pool, the options and the answers so far, and on nothing else: a recall that was ended goes on with the first round that is not
there, and another one from the same things comes to the same digest.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.arrays import Bools, Floats, Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.classify.features import Features
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.domains import decided
from winnow.tasks.recall.estimate import Cut, Judged, chances, cut_at, weighted_platt, weights_of
from winnow.tasks.recall.examples import FOLDS, examples_of
from winnow.tasks.recall.judge import Judge
from winnow.tasks.recall.options import RecallOptions
from winnow.tasks.recall.pool import Pool, Pooled
from winnow.tasks.recall.questions import questions
from winnow.tasks.recall.space import SAMPLE, Asked, Model, Placed, Space, fit, learn_space
from winnow.tasks.recall.url_pass import left_by_url

SURELY_NOT = 0.05
STOP_NEW, STOP_RECALL = 0.02, 0.01
FEWEST_ROUNDS = 3
STANDING = 2
"""Two small samples agree by chance too often: the estimated recall must stand still so many times in a row."""


@dataclass(frozen=True)
class Round:
    """``known`` has every answer so far by id. ``collected`` are the numbers of the documents that are taken, with ``scores`` of the whole pool."""

    number: int
    known: dict[str, bool]
    cut: Cut
    figures: dict[str, Any]
    collected: Bools
    scores: Floats
    chance: Floats
    stops: str

    def described(self, ids: Sequence[str]) -> dict[str, Any]:
        """As the artifact of a round holds it: all that the next one needs."""
        taken = [ids[i] for i in np.flatnonzero(self.collected).tolist()]
        not_ = [ids[i] for i in np.flatnonzero(self.chance < SURELY_NOT).tolist()]
        return {
            "round": self.number,
            "known": dict(sorted(self.known.items())),
            "cut": self.cut.described(),
            "figures": self.figures,
            "collected": taken,
            "surely_not": hashlib.sha256("\0".join(not_).encode()).hexdigest(),
            "stops": self.stops,
        }


@dataclass(frozen=True)
class Recall:
    """A recall of ``topic`` from ``seeds`` in a pool; ``decisions`` are a person's about hosts and paths."""

    topic: str
    seeds: tuple[Text, ...]
    pool: Pool
    judge: Judge
    options: RecallOptions
    decisions: dict[tuple[str, str], bool]

    def described(self) -> dict[str, Any]:
        """All that it depends on, by content."""
        seeds = hashlib.sha256("\0".join(sorted(f"{s.url}\1{s.text}" for s in self.seeds)).encode("utf-8", "replace")).hexdigest()
        options = {k: v for k, v in asdict(self.options).items() if k != "rounds"}
        decisions = sorted([host, path, said] for (host, path), said in self.decisions.items())
        return {
            "topic": self.topic, "seeds": seeds, "pool": self.pool.described, "judge": self.judge.described, "options": options, "decisions": decisions, "recall": 3,
        }  # fmt: skip

    def run(self, load: Callable[[int], dict[str, Any] | None], save: Callable[[int, dict[str, Any], Round], None]) -> list[dict[str, Any]]:
        """Every round as its artifact has it. ``load`` gives those that are there, ``save`` keeps a new one.

        Raises:
            BadInput: too few seeds, or a judge that answers nothing. Waiting: a person has to answer.
        """
        done: list[dict[str, Any]] = []
        for number in range(1, self.options.rounds + 1):
            found = load(number)
            if found is None:
                made = self.round(number, done[-1] if done else None)
                found = made.described(self.pool.ids)
                save(number, found, made)
            done.append(found)
            if found["stops"]:
                break
        return done

    def round(self, number: int, before: dict[str, Any] | None) -> Round:
        """The round after ``before``. Raises as ``run``."""
        ids, o = self.pool.ids, self.options
        known = self._known(before)
        places = decided(self.pool.urls, self.decisions)
        examples = examples_of(self.seeds, self.pool, o, places, known, before, number)
        allowed, url_figures = left_by_url(self.pool, examples, o)
        placed = self.space.place(examples.texts)
        model, held_out = self._fit(examples.texts, placed, examples.hits)
        scores = self._scores(model, allowed)
        before_it = examples.numbers >= 0
        judged = held_out[before_it], examples.hits[before_it]
        sample = questions(self.pool, self.space, o, number, scores, judged, known, allowed)
        said = self.judge.answers(self._pooled(sample), number)
        if len(sample) and not said and not (known >= 0).any():
            raise BadInput(
                f"None of the {len(sample)} questions of round {number} was answered, so nothing can be said of the topic. Labels must name documents of the run by id or url; "
                "of an endpoint, `winnow annotate --head` shows what it answers."
            )
        answered = np.array([ids[i] in said for i in sample.tolist()], bool)
        sample = sample[answered]
        truth = np.array([said[ids[i]] for i in sample.tolist()], bool)
        for i, hit in zip(sample.tolist(), truth.tolist(), strict=True):
            known[i] = int(hit)
        judged = np.concatenate([scores[sample], judged[0]]), np.concatenate([truth, judged[1]])
        weights = weights_of(judged[0], scores[((known == -1) & allowed)])
        chance = np.where(allowed, chances(scores, weighted_platt(*judged, weights)), 0.0)
        cut = cut_at(scores, chance, known, Judged(*judged, weights), o.precision)
        collected = ((known == 1) | ((known == -1) & (scores >= cut.score) & allowed) | (places == 1)) & (known != 0) & (places != 0)
        answers = {ids[i]: bool(known[i]) for i in np.flatnonzero(known >= 0).tolist()}
        last = set(before["collected"]) if before else set()
        taken = int(collected.sum())
        new = sum(1 for i in np.flatnonzero(collected).tolist() if ids[i] not in last)
        figures = {
            "examples": len(examples.texts), "positives": int(examples.hits.sum()), "judged": len(sample), "judged_yes": int(truth.sum()), "unanswered": int((~answered).sum()),
            "collected": taken, "new": new, "left_share": _left_share(chance, (known == -1) & ~collected & allowed), "standing": _standing(before, cut), **url_figures,
        }  # fmt: skip
        return Round(number, answers, cut, figures, collected, scores, chance, self._stops(before, cut, figures))

    def _stops(self, before: dict[str, Any] | None, cut: Cut, figures: dict[str, Any]) -> str:
        new, taken = figures["new"], figures["collected"]
        if before is None or before["round"] < FEWEST_ROUNDS - 1:
            return ""
        if new < STOP_NEW * max(1, taken):
            return f"{new} of {taken} documents are new, under {STOP_NEW:.0%}"
        if figures["standing"] >= STANDING:
            return f"the estimated recall stands at {cut.recall:.3f}"
        return ""

    def _known(self, before: dict[str, Any] | None) -> npt.NDArray[np.int8]:
        answers = before["known"] if before else {}
        return np.array([-1 if (said := answers.get(i)) is None else int(said) for i in self.pool.ids], np.int8)

    @cached_property
    def space(self) -> Space:
        """Learnt from the seeds and a sample of the pool."""
        chosen = np.sort(self.pool.order("space", 0, self.options.seed)[:SAMPLE]).tolist()
        texts = self.pool.texts(chosen)
        return learn_space(
            [*self.seeds, *(texts[i] for i in chosen)],
            Features(words=1, chars=self.options.chars, bits=self.options.bits),
            self.options.seed,
        )

    def _fit(self, examples: list[Text], placed: Placed, hits: Bools) -> tuple[Model, Floats]:
        """A model, and the score of each example by one that has not seen its fold."""
        fold = np.array([xxhash.xxh3_64_intdigest((host_of(t.url) or t.text[:200]).encode("utf-8", "replace")) % FOLDS for t in examples])
        if len(np.unique(fold[hits])) < FOLDS:
            fold = np.arange(len(examples)) % FOLDS
        found = np.zeros(len(examples))
        for f in range(FOLDS):
            mine = fold == f
            if mine.any() and hits[~mine].any() and not hits[~mine].all():
                part = fit(self.space, placed.take(np.flatnonzero(~mine)), hits[~mine], seed=self.options.seed)
                found[mine] = part.decisions(placed.take(np.flatnonzero(mine)))
        return fit(self.space, placed, hits, seed=self.options.seed), found

    def _scores(self, model: Model, allowed: Bools) -> Floats:
        """Of every document; the least of all for those in which there is nothing to see, or that are not to be fetched."""
        asked = Asked(model)
        found = np.full(len(allowed), np.nan)
        for n, each in enumerate(self.pool.read()):
            if allowed[n] and (said := asked.decision(each.document)) is not None:
                found[n] = said
        least = np.nanmin(found) if np.isfinite(found).any() else 0.0
        return np.asarray(np.round(np.nan_to_num(found, nan=float(least)), 9), np.float64)

    def _pooled(self, numbers: Ints) -> list[Pooled]:
        texts = self.pool.texts(numbers.tolist())
        return [Pooled(self.pool.ids[i], texts[i]) for i in numbers.tolist()]


def _left_share(chance: Floats, left: Bools) -> float:
    """Which share of what is left is likely of the topic; 0 if nothing is."""
    return round(float(chance[left].mean()), 6) if left.any() else 0.0


def _standing(before: dict[str, Any] | None, cut: Cut) -> int:
    """How many times in a row the estimated recall has moved by less than a point."""
    if before is None or abs(cut.recall - before["cut"]["recall"]) >= STOP_RECALL:
        return 0
    return int(before["figures"]["standing"]) + 1


def digest_of(rounds: Sequence[dict[str, Any]]) -> str:
    """One digest for a recall: the same for the same rounds."""
    return "sha256:" + hashlib.sha256(json.dumps(list(rounds), sort_keys=True, ensure_ascii=True).encode()).hexdigest()
