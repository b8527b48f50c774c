"""One round after the other: train on what is known, score the pool, have a sample judged, choose the cut, collect; stop when nothing new comes.

A round depends on the seeds, the pool, the options and the answers so far, and on nothing else: a recall that was ended goes on with the first round that is not
there, and another one from the same things comes to the same digest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.classify.features import Features, rows_of
from winnow.tasks.models.classify.linear import Asked as AskedOfUrls
from winnow.tasks.models.classify.linear import fit_linear
from winnow.tasks.models.texts import Text
from winnow.tasks.recall.domains import decided
from winnow.tasks.recall.estimate import Cut, Judged, chances, cut_at, weighted_platt, weights_of
from winnow.tasks.recall.judge import Judge
from winnow.tasks.recall.pool import Pool, Pooled, template_of
from winnow.tasks.recall.space import SAMPLE, Asked, Model, Placed, Space, apart, fit, learn_space

FOLDS = 5
TEACHING = 0.6
"""Of a round's questions: about documents at the border of the model, where an answer teaches it most."""
AROUND = 4
"""From so many documents at the border for each such question those are taken that lie farthest from each other."""
ABOVE, NEAR, FAR = 0.4, 0.4, 0.2
"""Of the other questions: about documents above the provisional cut, about as many right below it, about all others."""
SURELY_NOT = 0.05
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
        examples, hits, places = self._examples(number, before, known)
        allowed, url_figures = self._by_url(examples, hits)
        placed = self.space.place(examples)
        model, held_out = self._fit(examples, placed, hits)
        scores = self._scores(model, allowed)
        before_it = places >= 0
        judged = held_out[before_it], hits[before_it]
        sample = self._questions(number, scores, judged, known, allowed)
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
        by_place = decided(self.pool.urls, self.decisions)
        collected = ((known == 1) | ((known == -1) & (scores >= cut.score) & allowed) | (by_place == 1)) & (known != 0) & (by_place != 0)
        answers = {ids[i]: bool(known[i]) for i in np.flatnonzero(known >= 0).tolist()}
        last = set(before["collected"]) if before else set()
        taken = int(collected.sum())
        new = sum(1 for i in np.flatnonzero(collected).tolist() if ids[i] not in last)
        figures = {
            "examples": len(examples), "positives": int(hits.sum()), "judged": len(sample), "judged_yes": int(truth.sum()), "unanswered": int((~answered).sum()),
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

    def _draw(self, what: str, number: int) -> Ints:
        """The pool in an order of its own for each purpose and round."""
        keys = [xxhash.xxh3_64_intdigest(f"{what} {number} {i}", self.options.seed) for i in self.pool.ids]
        return np.argsort(np.array(keys, np.uint64), kind="stable")

    def _examples(
        self, number: int, before: dict[str, Any] | None, known: npt.NDArray[np.int8]
    ) -> tuple[list[Text], npt.NDArray[np.bool_], Ints]:
        """What the model of a round learns from: seeds, known documents, pages of decided places; and negatives, those that were judged no and, where few of what is left
        can be of the topic, others drawn from what the last round did not collect. Hosts and templates are capped. With each the number of the judged document that it is,
        or -1."""
        places = decided(self.pool.urls, self.decisions)
        collected = set(before["collected"]) if before else set()
        order = self._draw("examples", number).tolist()
        yes = [i for i in order if known[i] == 1] + [i for i in order if known[i] == -1 and places[i] == 1]
        texts = self.pool.texts(yes)
        caps = _Caps(self.options)
        given = [(t, -1) for t in self.seeds] + [(texts[i], i if known[i] == 1 else -1) for i in yes]
        chosen = [(t, i) for t, i in given if caps.takes(t)]
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

    @cached_property
    def space(self) -> Space:
        """Learnt from the seeds and a sample of the pool."""
        chosen = np.sort(self._draw("space", 0)[:SAMPLE]).tolist()
        texts = self.pool.texts(chosen)
        return learn_space(
            [*self.seeds, *(texts[i] for i in chosen)],
            Features(words=1, chars=self.options.chars, bits=self.options.bits),
            self.options.seed,
        )

    def _fit(self, examples: list[Text], placed: Placed, hits: npt.NDArray[np.bool_]) -> tuple[Model, Floats]:
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
            asked = AskedOfUrls(part)  # the pool is scored by all folds, since a model of everything has another scale than they
            scores = (asked.decisions(Text("", url)) for url in self.pool.urls)
            totals += np.array([np.inf if each is None else each[0] for each in scores])
        least = float(np.quantile(found[truth], 1 - self.options.url_first, method="lower"))
        left = totals / FOLDS >= least
        return left, {
            "url_pass_left": round(float(left.mean()), 6),
            "url_pass_positives_left": round(float((found[truth] >= least).mean()), 6),
        }

    def _scores(self, model: Model, allowed: npt.NDArray[np.bool_]) -> Floats:
        """Of every document; the least of all for those in which there is nothing to see, or that are not to be fetched."""
        asked = Asked(model)
        found = np.full(len(allowed), np.nan)
        for n, each in enumerate(self.pool.read()):
            if allowed[n] and (said := asked.decision(each.document)) is not None:
                found[n] = said
        least = np.nanmin(found) if np.isfinite(found).any() else 0.0
        return np.asarray(np.round(np.nan_to_num(found, nan=float(least)), 9), np.float64)

    def _questions(
        self,
        number: int,
        scores: Floats,
        judged: tuple[Floats, npt.NDArray[np.bool_]],
        known: npt.NDArray[np.int8],
        allowed: npt.NDArray[np.bool_],
    ) -> Ints:
        """Numbers of the documents that are to be judged: those that teach most, and a sample drawn at random within strata of the score."""
        open_ = (known == -1) & allowed
        ranked = np.argsort(-np.where(open_, scores, -np.inf), kind="stable")[: int(open_.sum())]
        teaching = self._teaching(scores, ranked, round(self.options.sample * TEACHING))
        ranked = ranked[~np.isin(ranked, teaching)]
        above = 0
        if judged[1].any() and not judged[1].all():
            line = weighted_platt(*judged, weights_of(judged[0], scores[open_]))
            above = int((scores[ranked] >= cut_at(scores, chances(scores, line), known, None, self.options.precision).score).sum())
        above = min(max(above, self.options.sample), len(ranked))
        near = min(max(above, self.options.sample), len(ranked) - above)
        strata = (ranked[:above], ranked[above : above + near], ranked[above + near :])
        place = np.empty(len(known), np.int64)
        place[self._draw("sample", number)] = np.arange(len(known))
        chosen = []
        wanted = left = self.options.sample - len(teaching)
        for stratum, share in zip(strata, (ABOVE, NEAR, FAR), strict=True):
            n = min(len(stratum), round(wanted * share), left)
            left -= n
            chosen.append(stratum[np.argsort(place[stratum], kind="stable")[:n]])
        for at, stratum in enumerate(strata):  # where one is smaller than its share, the others have the rest
            more = stratum[np.argsort(place[stratum], kind="stable")[len(chosen[at]) :][:left]]
            chosen[at] = np.concatenate([chosen[at], more])
            left -= len(more)
        return np.concatenate([teaching, *chosen]).astype(np.int64)

    def _teaching(self, scores: Floats, ranked: Ints, wanted: int) -> Ints:
        """Of the documents nearest to the model's border (Tong and Koller 2001) those that lie farthest from each other (Sener and Savarese 2018): answers about copies of
        one document teach once."""
        near = ranked[np.argsort(np.abs(scores[ranked]), kind="stable")[: AROUND * wanted]]
        if len(near) <= wanted:
            return near
        texts = self.pool.texts(near.tolist())
        return near[apart(self.space.coordinates([texts[i] for i in near.tolist()]), wanted)]

    def _pooled(self, numbers: Ints) -> list[Pooled]:
        texts = self.pool.texts(numbers.tolist())
        return [Pooled(self.pool.ids[i], texts[i]) for i in numbers.tolist()]


def _left_share(chance: Floats, left: npt.NDArray[np.bool_]) -> float:
    """Which share of what is left is likely of the topic; 0 if nothing is."""
    return round(float(chance[left].mean()), 6) if left.any() else 0.0


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
