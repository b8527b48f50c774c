"""One round after the other: train on what is known, score the pool, have a sample judged, choose the cut, collect; stop when nothing new comes.

A round depends on the seeds, the pool, the options and the answers so far, and on nothing else: a recall that was ended goes on with the first round that is not
there, and another one from the same things comes to the same digest.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.classify.calibration import platt
from winnow.tasks.models.classify.features import Features, rows_of
from winnow.tasks.models.classify.linear import Asked, Linear, fit_linear
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.domains import decided
from winnow.tasks.recall.estimate import Cut, chances, cut_at, weighted_platt
from winnow.tasks.recall.judge import Judge
from winnow.tasks.recall.pool import Pool, Pooled, template_of

FOLDS = 5
ABOVE, NEAR, FAR = 0.4, 0.4, 0.2
"""Of a round's sample: from above the provisional cut, from as many documents right below it, from all others."""
SURE, SURELY_NOT = 0.95, 0.05
NEGATIVES_EACH = 5
FEWEST_NEGATIVES = 500
STOP_NEW, STOP_RECALL = 0.02, 0.01
FEWEST_ROUNDS = 3
STANDING = 2
"""Two small samples agree by chance too often: the estimated recall must stand still so many times in a row."""
CLEAN, FEWEST_NO = 0.05, 10
"""A document that nobody judged is an example of what the topic is not, as long as at most this share of what is left is estimated to be of the topic. Where it is
more, only those that were judged no are, if there are so many."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RecallOptions:
    """``precision`` is what is aimed at, ``sample`` how many documents are judged in a round, ``per_host`` and ``per_template`` how many examples of one host and one
    template may teach. ``url_first``: the share of known positives that a pass over URLs alone must leave; 0 for no such pass.

    Raises:
        BadInput: an option out of its range.
    """

    rounds: int = 6
    precision: float = 0.9
    sample: int = 200
    per_host: int = 500
    per_template: int = 200
    url_first: float = 0.0
    chars: int = 4
    bits: int = 18
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("rounds", 1, 100),
            ("sample", 10, 100_000),
            ("per_host", 1, 1 << 24),
            ("per_template", 1, 1 << 24),
            ("seed", 0, 1 << 31),
        ):
            if not low <= getattr(self, name) <= high:
                raise BadInput(f"{name.replace('_', '-')} is {getattr(self, name)}; it must be from {low} to {high}.")
        if not 0.5 <= self.precision < 1:
            raise BadInput(f"precision is {self.precision}; it must be from 0.5 to below 1.")
        if not 0 <= self.url_first < 1:
            raise BadInput(f"url-first is {self.url_first}; it must be from 0 to below 1, such as 0.95.")


@dataclass(frozen=True)
class Round:
    """``known`` has every answer so far by id. ``collected`` are the numbers of the documents that are taken, with ``scores`` of the whole pool."""

    number: int
    known: dict[str, bool]
    cut: Cut
    figures: dict[str, Any]
    collected: npt.NDArray[np.bool_]
    scores: Floats
    chance: Floats
    stops: str

    def described(self, ids: Sequence[str]) -> dict[str, Any]:
        """As the artifact of a round holds it: all that the next one needs."""
        taken = [ids[i] for i in np.flatnonzero(self.collected).tolist()]
        sure = [ids[i] for i in np.flatnonzero(self.collected & (self.chance >= SURE)).tolist() if ids[i] not in self.known]
        not_ = [ids[i] for i in np.flatnonzero(self.chance < SURELY_NOT).tolist()]
        return {
            "round": self.number,
            "known": dict(sorted(self.known.items())),
            "cut": self.cut.described(),
            "figures": self.figures,
            "collected": taken,
            "sure": sure,
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
            "topic": self.topic, "seeds": seeds, "pool": self.pool.described, "judge": self.judge.described, "options": options, "decisions": decisions, "recall": 2,
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
        examples, hits, places = self._examples(number, before, known)
        allowed, url_figures = self._by_url(examples, hits)
        model, held_out = self._fit(examples, hits, Features(chars=o.chars, bits=o.bits))
        provisional = platt(held_out, hits)
        scores = self._scores(model, allowed)
        sample, strata = self._sample(number, scores, provisional, known, allowed)
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
        before_it = places >= 0
        judged = np.concatenate([scores[sample], held_out[before_it]]), np.concatenate([truth, hits[before_it]])
        line = weighted_platt(*judged, strata.weights(judged[0])) if len(sample) else provisional
        chance = np.where(allowed, chances(scores, line), 0.0)
        cut = cut_at(scores, chance, known, sample, o.precision)
        by_place = decided(self.pool.urls, self.decisions)
        collected = ((known == 1) | ((known == -1) & (scores >= cut.score) & allowed) | (by_place == 1)) & (known != 0) & (by_place != 0)
        answers = {ids[i]: bool(known[i]) for i in np.flatnonzero(known >= 0).tolist()}
        last = set(before["collected"]) if before else set()
        taken = int(collected.sum())
        new = sum(1 for i in np.flatnonzero(collected).tolist() if ids[i] not in last)
        figures = {
            "examples": len(examples), "positives": int(hits.sum()), "judged": len(sample), "judged_yes": int(truth.sum()), "unanswered": int((~answered).sum()),
            "collected": taken, "new": new, "left_share": strata.share_below(scores[sample], truth), "standing": _standing(before, cut), **url_figures,
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

    def _draw(self, what: str, number: int) -> Ints:
        """The pool in an order of its own for each purpose and round."""
        keys = [xxhash.xxh3_64_intdigest(f"{what} {number} {i}", self.options.seed) for i in self.pool.ids]
        return np.argsort(np.array(keys, np.uint64), kind="stable")

    def _examples(
        self, number: int, before: dict[str, Any] | None, known: npt.NDArray[np.int8]
    ) -> tuple[list[Text], npt.NDArray[np.bool_], Ints]:
        """What the model of a round learns from: seeds, known documents, those that the last round was sure of, pages of decided places; and negatives, those near the
        cut that were judged no and, where few of what is left can be of the topic, others drawn from what the last round did not collect. Hosts and templates are capped.
        With each the number of the judged document that it is, or -1."""
        places = decided(self.pool.urls, self.decisions)
        sure = set(before["sure"]) if before else set()
        collected = set(before["collected"]) if before else set()
        order = self._draw("examples", number).tolist()
        yes = [i for i in order if known[i] == 1] + [i for i in order if known[i] == -1 and places[i] == 1]
        more = [i for i in order if known[i] == -1 and places[i] == -1 and self.pool.ids[i] in sure]
        texts = self.pool.texts([*yes, *more])
        caps = _Caps(self.options)
        given = [(t, -1) for t in self.seeds] + [(texts[i], i if known[i] == 1 else -1) for i in yes]
        chosen = [(t, i) for t, i in given if caps.takes(t)]
        chosen += [(texts[i], -1) for i in more if caps.takes(texts[i])][: len(chosen)]
        positives = [t for t, _ in chosen]
        if len(positives) < 2:
            raise BadInput(f"There are {len(positives)} seeds with a text. Give some ten of them at least, of several sites.")
        taken = {(t.url, t.text[:500]) for t in positives}
        wanted = max(FEWEST_NEGATIVES, NEGATIVES_EACH * len(positives))
        no = [i for i in order if known[i] == 0 or places[i] == 0][:wanted]
        clean = before is None or before["figures"]["left_share"] <= CLEAN or len(no) < FEWEST_NO
        left = (i for i in order if known[i] == -1 and places[i] == -1 and self.pool.ids[i] not in collected) if clean else ()
        rest = list(left)[: max(0, wanted - len(no))]
        texts = self.pool.texts([*no, *rest])
        caps = _Caps(self.options)
        negatives = [
            (t, i if known[i] == 0 else -1) for i in (*no, *rest) if ((t := texts[i]).url, t.text[:500]) not in taken and caps.takes(t)
        ]
        if not negatives:
            raise BadInput(
                "There is no document in the pool that could be an example of what the topic is not. Look through more documents."
            )
        hits = np.arange(len(positives) + len(negatives)) < len(positives)
        return [*positives, *(t for t, _ in negatives)], hits, np.array([i for _, i in (*chosen, *negatives)], np.int64)

    def _fit(self, examples: list[Text], hits: npt.NDArray[np.bool_], features: Features) -> tuple[Linear, Floats]:
        """A model, and the score of each example by one that has not seen its fold."""
        rows = rows_of(examples, features)
        fold = np.array([xxhash.xxh3_64_intdigest((host_of(t.url) or t.text[:200]).encode("utf-8", "replace")) % FOLDS for t in examples])
        if len(np.unique(fold[hits])) < FOLDS:
            fold = np.arange(len(examples)) % FOLDS
        found = np.zeros(len(examples))
        for f in range(FOLDS):
            mine = fold == f
            if mine.any() and hits[~mine].any() and not hits[~mine].all():
                part = fit_linear(rows.take(np.flatnonzero(~mine)), hits[~mine][:, None], features, balanced=True, seed=self.options.seed)
                found[mine] = part.decisions(rows.take(np.flatnonzero(mine)))[:, 0]
        return fit_linear(rows, hits[:, None], features, balanced=True, seed=self.options.seed), found

    def _by_url(self, examples: list[Text], hits: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], dict[str, Any]]:
        """Which documents a first pass over the URLs leaves: everything without such a pass. The cut is the one that leaves the wanted share of the known positives, each
        scored by a model that has not seen its fold."""
        every = np.ones(len(self.pool.ids), bool)
        if not self.options.url_first:
            return every, {}
        features = Features("url", chars=self.options.chars, bits=self.options.bits)
        mine = [(t, h) for t, h in zip(examples, hits.tolist(), strict=True) if t.url]
        texts, truth = [t for t, _ in mine], np.array([h for _, h in mine], bool)
        if truth.sum() < FOLDS or (~truth).sum() < FOLDS:
            return every, {"url_pass_left": 1.0}
        rows = rows_of(texts, features)
        fold = np.arange(len(texts)) % FOLDS
        found, totals = np.zeros(len(texts)), np.zeros(len(self.pool.ids))
        for f in range(FOLDS):
            held = fold == f
            part = fit_linear(rows.take(np.flatnonzero(~held)), truth[~held][:, None], features, balanced=True, seed=self.options.seed)
            found[held] = part.decisions(rows.take(np.flatnonzero(held)))[:, 0]
            asked = Asked(part)  # the pool is scored by all folds, since a model of everything has another scale than they
            scores = (asked.decisions(Text("", url)) for url in self.pool.urls)
            totals += np.array([np.inf if each is None else each[0] for each in scores])
        least = float(np.quantile(found[truth], 1 - self.options.url_first, method="lower"))
        left = totals / FOLDS >= least
        return left, {
            "url_pass_left": round(float(left.mean()), 6),
            "url_pass_positives_left": round(float((found[truth] >= least).mean()), 6),
        }

    def _scores(self, model: Linear, allowed: npt.NDArray[np.bool_]) -> Floats:
        """Of every document; the least of all for those in which there is nothing to see, or that are not to be fetched."""
        asked = Asked(model)
        found = np.full(len(allowed), np.nan)
        for n, each in enumerate(self.pool.read()):
            if allowed[n] and (said := asked.decisions(each.document)) is not None:
                found[n] = said[0]
        least = np.nanmin(found) if np.isfinite(found).any() else 0.0
        return np.asarray(np.round(np.nan_to_num(found, nan=float(least)), 9), np.float64)

    def _sample(
        self, number: int, scores: Floats, provisional: tuple[float, float], known: npt.NDArray[np.int8], allowed: npt.NDArray[np.bool_]
    ) -> tuple[Ints, "_Strata"]:
        """Numbers of the documents that are to be judged, and the strata of the score within which they are drawn."""
        open_ = (known == -1) & allowed
        ranked = np.argsort(-np.where(open_, scores, -np.inf), kind="stable")[: int(open_.sum())]
        above = int((chances(scores[ranked], provisional) >= 0.5).sum())
        above = min(max(above, self.options.sample), len(ranked))
        near = min(max(above, self.options.sample), len(ranked) - above)
        strata = (ranked[:above], ranked[above : above + near], ranked[above + near :])
        place = np.empty(len(known), np.int64)
        place[self._draw("sample", number)] = np.arange(len(known))
        chosen = []
        left = self.options.sample
        for stratum, share in zip(strata, (ABOVE, NEAR, FAR), strict=True):
            n = min(len(stratum), round(self.options.sample * share), left)
            left -= n
            chosen.append(stratum[np.argsort(place[stratum], kind="stable")[:n]])
        for at, stratum in enumerate(strata):  # where one is smaller than its share, the others have the rest
            more = stratum[np.argsort(place[stratum], kind="stable")[len(chosen[at]) :][:left]]
            chosen[at] = np.concatenate([chosen[at], more])
            left -= len(more)
        lowest = [float(scores[stratum[-1]]) if len(stratum) else math.inf for stratum in strata[:2]]
        return np.concatenate(chosen).astype(np.int64), _Strata(lowest[0], min(lowest), tuple(map(len, strata)))

    def _pooled(self, numbers: Ints) -> list[Pooled]:
        texts = self.pool.texts(numbers.tolist())
        return [Pooled(self.pool.ids[i], texts[i]) for i in numbers.tolist()]


@dataclass(frozen=True)
class _Strata:
    """The lowest score above the provisional cut, and near it; how many documents that nobody judged lie above, near and far from it."""

    above: float
    near: float
    sizes: tuple[int, ...]

    def of(self, scores: Floats) -> Ints:
        """0 above, 1 near, 2 far."""
        return np.asarray((scores < self.above).astype(np.int64) + (scores < self.near))

    def weights(self, scores: Floats) -> Floats:
        """How many documents each judged one stands for: those of a stratum share it equally."""
        mine = self.of(scores)
        counts = np.bincount(mine, minlength=3)
        return np.asarray(np.maximum(np.array(self.sizes) / np.maximum(counts, 1), 1e-3)[mine], np.float64)

    def share_below(self, scores: Floats, hits: npt.NDArray[np.bool_]) -> float:
        """Which share of what is not above the cut is of the topic, as far as the sample says; 0 if it says nothing."""
        mine = self.of(scores)
        found = [(self.sizes[k] * float(hits[mine == k].mean()), self.sizes[k]) for k in (1, 2) if (mine == k).any()]
        return round(sum(n for n, _ in found) / max(1, sum(n for _, n in found)), 6)


def _standing(before: dict[str, Any] | None, cut: Cut) -> int:
    """How many times in a row the estimated recall has moved by less than a point."""
    if before is None or abs(cut.recall - before["cut"]["recall"]) >= STOP_RECALL:
        return 0
    return int(before["figures"]["standing"]) + 1


class _Caps:
    """So many of one host and of one template; seeds and known documents come first."""

    def __init__(self, options: RecallOptions) -> None:
        self._options = options
        self._hosts: Counter[str] = Counter()
        self._templates: Counter[str] = Counter()

    def takes(self, text: Text) -> bool:
        host, template = host_of(text.url), template_of(text.url)
        if host and (self._hosts[host] >= self._options.per_host or self._templates[template] >= self._options.per_template):
            return False
        self._hosts[host] += 1
        self._templates[template] += 1
        return True


def digest_of(rounds: Sequence[dict[str, Any]]) -> str:
    """One digest for a recall: the same for the same rounds."""
    return "sha256:" + hashlib.sha256(json.dumps(list(rounds), sort_keys=True, ensure_ascii=True).encode()).hexdigest()
