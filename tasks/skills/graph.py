"""The graph of skills: key phrases of a reference set in clusters, how often each is met, and which are met together; and the score of a document by it.

MASS (2025) has a language model list the skills of a reference set, joins them by how often they occur together, and scores a target set by them.
Here skills are clusters of key phrases, or lists that somebody gives; edges are positive pointwise mutual information over the reference documents.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from winnow.tasks.engine.arrays import U64, Floats, Ints
from winnow.tasks.semantic.embeddings import NgramEmbedding
from winnow.tasks.semantic.kmeans import centroids, nearest
from winnow.tasks.semantic.vectors import quantised
from winnow.tasks.skills.phrases import occurrences, phrases

MOST_PHRASES = 2000
LEAST_DOCUMENTS = 3
SMOOTHED = 0.5  # how much of a skill's weight comes from its neighbours
SATURATION = 20.0  # a skill of which a tenth of the words are phrases counts 1 - 1/e^2
EDGES = 0.5  # what pairs of skills count beside single ones
DECIMALS = 6
TEXTS = 256
LEAST_GIVEN = 0.1  # weight of a listed phrase, though most texts of the run have it


@dataclass(frozen=True)
class SkillGraph:
    """Ascending ``hashes`` of phrases, the ``skill`` and the ``weight`` of each; per skill a ``label``, its ``importance`` (the largest is 1), and the
    ``edges`` to others (the largest of each is 1)."""

    hashes: U64
    skill: Ints
    weight: Floats
    labels: tuple[str, ...]
    importance: Floats
    edges: Floats

    def similarities(self, texts: Sequence[str]) -> Floats:
        """How much of each skill a text has, from 0 to 1: phrases by weight per word, saturated."""
        text, place, count, words = occurrences(texts, self.hashes)
        found = np.zeros((len(texts), len(self.labels)))
        np.add.at(found, (text, self.skill[place]), np.minimum(count, 10) * self.weight[place])
        return np.round(1 - np.exp(-SATURATION * found / np.maximum(words, 20)[:, None]), DECIMALS)

    def scores(self, similarities: Floats) -> Floats:
        """Of each document the sum over skills of what it has of it, times its importance and what it has of its neighbours in the graph."""
        near = np.stack([(similarities * row).sum(axis=1) for row in self.edges], axis=1) if len(self.labels) else similarities
        total: Floats = np.round((similarities * (self.importance + EDGES * near)).sum(axis=1), DECIMALS)
        return total


def fitted(reference: Sequence[str], background: Sequence[str], skills: int, given: Sequence[tuple[str, Sequence[str]]] = ()) -> SkillGraph:
    """The graph of a reference set. ``background`` are texts of the run, which tell what is common everywhere; ``given`` are skills with their phrases,
    in place of clusters."""
    names, hashes, skill = _listed(given) if given else ({}, np.zeros(0, np.uint64), np.zeros(0, np.int64))
    labels = tuple(name for name, _ in given)
    if not given:
        hashes, names = _key_phrases(reference, background)
        skill = _clustered(reference, hashes, skills)
    weight = np.maximum(_rarity(hashes, background), LEAST_GIVEN if given else 0.0)
    order = np.argsort(hashes)
    hashes, skill, weight = hashes[order], skill[order], weight[order]
    count = int(skill.max(initial=-1)) + 1 if not given else len(given)
    text, place, _, _ = occurrences(reference, hashes)
    if not given:
        in_reference = np.bincount(place, minlength=len(hashes)).astype(np.float64) * weight
        labels = tuple(_label(names, hashes, np.flatnonzero(skill == s), in_reference) for s in range(count))
    present = np.zeros((len(reference), count))
    present[text, skill[place]] = 1
    return SkillGraph(hashes, skill, weight, labels, *_graph(present))


def _key_phrases(reference: Sequence[str], background: Sequence[str]) -> tuple[U64, dict[int, str]]:
    """Phrases of at least three reference documents that are frequent in them and rare elsewhere, and the words of each."""
    documents = _frequencies(reference)
    least = max(LEAST_DOCUMENTS, len(reference) // 1000)
    hashes = np.array(sorted(h for h, n in documents.items() if n >= least), np.uint64)
    score = np.array([documents[h] for h in hashes.tolist()]) * _rarity(hashes, background)
    best = np.sort(hashes[np.lexsort((hashes, -score))[:MOST_PHRASES]])
    best = best[_rarity(best, background) > 0]
    names: dict[int, str] = {}
    for at in range(0, len(reference), TEXTS):
        for batch in phrases(reference[at : at + TEXTS]):
            for n in np.flatnonzero(np.isin(batch.hashes, best)).tolist():
                if (h := int(batch.hashes[n])) not in names:
                    names[h] = " ".join(reference[at + int(batch.text[n])][batch.begin[n] : batch.end[n]].casefold().split())
        if len(names) == len(best):
            break
    return best, names


def _frequencies(texts: Sequence[str]) -> Counter[int]:
    """In how many texts each phrase occurs."""
    found: Counter[int] = Counter()
    for at in range(0, len(texts), TEXTS):
        for batch in phrases(texts[at : at + TEXTS]):
            for number in batch.words:
                found.update(np.unique(batch.hashes[batch.text == number]).tolist())
    return found


def _rarity(hashes: U64, background: Sequence[str]) -> Floats:
    """Weight of each phrase, from 0 for one that most texts of the run have to 1 for one that none has."""
    order = np.argsort(hashes)
    counts = np.zeros(len(hashes), np.int64)
    for at in range(0, len(background), TEXTS):
        _, place, _, _ = occurrences(background[at : at + TEXTS], hashes[order])
        counts += np.bincount(place, minlength=len(hashes))
    found = np.zeros(len(hashes))
    size = len(background)
    found[order] = np.round(np.maximum(0, 1 - np.log1p(10 * counts) / np.log1p(10 * max(size, 1) * 0.3)), DECIMALS)
    return found


def _clustered(reference: Sequence[str], hashes: U64, skills: int) -> Ints:
    """The cluster of each phrase, by the mean vector of the reference documents that have it, less the mean of all."""
    if not len(hashes):
        return np.zeros(0, np.int64)
    embedding = NgramEmbedding()
    weights = embedding.fit([list(reference)])
    sums, counts = np.zeros((len(hashes), embedding.size), np.int64), np.zeros(len(hashes), np.int64)
    total = np.zeros(embedding.size, np.int64)
    for at in range(0, len(reference), TEXTS):
        part = reference[at : at + TEXTS]
        vectors = quantised(embedding.vectors(part, weights)).astype(np.int64)
        text, place, _, _ = occurrences(part, hashes)
        np.add.at(sums, place, vectors[text])
        counts += np.bincount(place, minlength=len(hashes))
        total += vectors.sum(axis=0)
    about = quantised(sums / np.maximum(counts, 1)[:, None] - total[None, :] / max(len(reference), 1))
    about[~about.any(axis=1), 0] = 1
    found = centroids(about, min(skills, max(1, len(hashes) // 4)))
    own = nearest(about, found, 1)[0][:, 0]
    cluster: Ints = np.unique(own, return_inverse=True)[1].astype(np.int64)
    return cluster


def _listed(given: Sequence[tuple[str, Sequence[str]]]) -> tuple[dict[int, str], U64, Ints]:
    """Phrases of skills that are given: a phrase of several skills counts for the first."""
    names: dict[int, str] = {}
    skill: dict[int, int] = {}
    for number, (_, words) in enumerate(given):
        for phrase in words:
            for batch in phrases([phrase]):
                whole = [n for n in range(len(batch.hashes)) if batch.begin[n] == 0 and batch.end[n] >= len(phrase.rstrip())]
                for n in whole[:1]:
                    if int(batch.hashes[n]) not in skill:
                        names[int(batch.hashes[n])], skill[int(batch.hashes[n])] = phrase, number
    hashes = np.array(sorted(skill), np.uint64)
    return names, hashes, np.array([skill[h] for h in hashes.tolist()], np.int64)


def _label(names: dict[int, str], hashes: U64, members: Ints, frequency: Floats) -> str:
    """The three phrases of a cluster that say most in the reference, none a part of another."""
    shown: list[str] = []
    for m in members[np.lexsort((hashes[members], -frequency[members]))].tolist():
        name = names.get(int(hashes[m]), "")
        if name and not any(name in other or other in name for other in shown):
            shown.append(name)
        if len(shown) == 3:
            break
    return ", ".join(shown)


def _graph(present: Floats) -> tuple[Floats, Floats]:
    """Importance and edges of skills from which reference documents have which."""
    size, count = present.shape
    if not size or not count:
        return np.ones(count), np.zeros((count, count))
    share = present.mean(axis=0)
    together = present.T @ present / size
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(together / share[:, None] / share[None, :])
    edges = np.where((together * size >= 2) & np.isfinite(pmi), np.maximum(pmi, 0), 0)
    np.fill_diagonal(edges, 0)
    edges = np.round(edges / np.maximum(edges.max(axis=1, keepdims=True), 1e-9), DECIMALS)
    around = np.array([(row * share).sum() / max(row.sum(), 1e-9) for row in edges])
    importance = (1 - SMOOTHED) * share + SMOOTHED * around
    return np.round(importance / max(importance.max(), 1e-9), DECIMALS), edges
