"""The compiled part of ``fasttext_quantised.py``: a line of text to the rows of its words and pieces of words, and their mean down the tree of labels."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

BASIS, PRIME, LAST_32 = 2166136261, 16777619, 0xFFFFFFFF  # of fastText's hash (FNV-1a)
EMPTY = -1
SPACE, LESS, GREATER = 32, 60, 62
END = np.frombuffer(b"</s>", np.uint8)
LABEL = np.frombuffer(b"__label__", np.uint8)
LEAST_SCORE = np.float32(math.log(1e-5))  # below it fastText follows no branch
SMALL = 1e-5


class Model(NamedTuple):
    """What a model knows. ``rows``: a vector for each word, and behind them for each piece of words that was kept.

    ``words``, ``word_end``: the dictionary's entries, one behind the other, of which the first ``known`` are words, the others labels; ``word_at``: their numbers where
    their hashes say. ``kept``, ``piece_row``: a bit for each number of a piece, whether it was kept, and its row; pieces have ``least`` to ``most`` characters.
    ``left``, ``right``: the tree over the labels, leaves first; ``output``: a vector for each of its inner nodes.
    """

    rows: Floats
    words: Bytes
    word_end: Ints
    word_at: Ints
    known: int
    kept: Bytes
    piece_row: Ints
    least: int
    most: int
    left: Ints
    right: Ints
    output: Floats


@compiled
def hash_of(text: Bytes, begin: int, end: int) -> int:
    """FNV-1a of some bytes, as fastText has it: they are signed."""
    value = BASIS
    for k in range(begin, end):
        value = ((value ^ (text[k] if text[k] < 128 else 0xFFFFFF00 | text[k])) * PRIME) & LAST_32
    return value


@compiled
def fill_words(words: Bytes, word_end: Ints, word_at: Ints) -> None:
    """Put the number of each entry where ``find_word`` looks for it."""
    begin = 0
    for w in range(len(word_end)):
        place = hash_of(words, begin, word_end[w]) & (len(word_at) - 1)
        while word_at[place] != EMPTY:
            place = (place + 1) & (len(word_at) - 1)
        word_at[place] = w
        begin = word_end[w]


@compiled
def is_at(text: Bytes, begin: int, end: int, word: Bytes) -> bool:
    """Whether text[begin:end] begins with a word."""
    if end - begin < len(word):
        return False
    k = 0
    while k < len(word) and text[begin + k] == word[k]:
        k += 1
    return k == len(word)


@compiled
def find_word(model: Model, text: Bytes, begin: int, end: int) -> int:
    """The number of an entry of the dictionary, EMPTY if it is none."""
    place = hash_of(text, begin, end) & (len(model.word_at) - 1)
    while model.word_at[place] != EMPTY:
        w = model.word_at[place]
        start = model.word_end[w - 1] if w > 0 else 0
        if model.word_end[w] - start == end - begin:
            k = begin
            while k < end and text[k] == model.words[start + k - begin]:
                k += 1
            if k == end:
                return int(w)
        place = (place + 1) & (len(model.word_at) - 1)
    return EMPTY


@compiled
def add(hidden: Floats, row: Floats) -> None:
    for k in range(len(hidden)):
        hidden[k] += row[k]


@compiled
def add_pieces(model: Model, text: Bytes, begin: int, end: int, hidden: Floats) -> int:
    """Add the rows of all pieces of the word text[begin:end], which stands between "<" and ">"; returns how many."""
    count = 0
    buckets = np.uint32(len(model.piece_row))
    for i in range(begin, end):
        if text[i] & 0xC0 == 0x80:
            continue
        value, j, n = BASIS, i, 1
        while j < end and n <= model.most:
            value = ((value ^ (text[j] if text[j] < 128 else 0xFFFFFF00 | text[j])) * PRIME) & LAST_32
            j += 1
            while j < end and text[j] & 0xC0 == 0x80:
                value = ((value ^ (0xFFFFFF00 | text[j])) * PRIME) & LAST_32
                j += 1
            if n >= model.least and not (n == 1 and (i == begin or j == end)):
                number = np.uint32(value) % buckets
                if model.kept[number >> np.uint32(3)] >> (number & np.uint32(7)) & 1:
                    add(hidden, model.rows[model.piece_row[number]])
                    count += 1
            n += 1
    return count


@compiled
def add_words(model: Model, line: Bytes, hidden: Floats) -> int:
    """Add the rows of all words of a line and of their pieces, up to the end of the line, which is a word itself; returns how many. ``line`` begins and ends with
    spaces, and one is between each two words; they are written over."""
    count = 0
    begin = 1
    while begin < len(line):
        end = begin
        while line[end] != SPACE and line[end] != 0:
            end += 1
        if end > begin:
            word = find_word(model, line, begin, end)
            is_end = end - begin == len(END) and is_at(line, begin, end, END)
            if 0 <= word < model.known:
                add(hidden, model.rows[word])
                count += 1
            if not is_end and word < model.known and (word >= 0 or not is_at(line, begin, end, LABEL)):
                before, after = line[begin - 1], line[end]
                line[begin - 1], line[end] = LESS, GREATER
                count += add_pieces(model, line, begin - 1, end + 1, hidden)
                line[begin - 1], line[end] = before, after
            if is_end:
                return count
        begin = end + 1
    word = find_word(model, END, 0, len(END))
    if 0 <= word < model.known:
        add(hidden, model.rows[word])
        count += 1
    return count


@compiled
def best_label(model: Model, line: Bytes) -> tuple[int, np.float32]:
    """The most likely label of a line, and its probability; EMPTY if it has nothing that the model knows.

    Hierarchical softmax, depth first: a branch that is less likely than the best leaf so far is left. Sums are of single precision and in fastText's order.
    """
    hidden = np.zeros(model.rows.shape[1], np.float32)
    count = add_words(model, line, hidden)
    best, best_score = EMPTY, LEAST_SCORE
    if count == 0:
        return best, np.float32(0)
    share = np.float32(1.0 / count)
    for k in range(len(hidden)):
        hidden[k] *= share
    leaves = (len(model.left) + 1) // 2
    nodes, scores = np.empty(len(model.left) + 1, np.int32), np.empty(len(model.left) + 1, np.float32)
    nodes[0], scores[0] = len(model.left) - 1, np.float32(0)
    waiting = 1
    while waiting > 0:
        waiting -= 1
        node, score = nodes[waiting], scores[waiting]
        if score < best_score:
            continue
        if node < leaves:
            best, best_score = node, score
            continue
        total = np.float32(0)
        for k in range(len(hidden)):
            total += model.output[node - leaves, k] * hidden[k]
        right = np.float32(1.0 / np.float64(np.float32(1) + np.float32(math.exp(-total))))
        left = np.float32(1.0 - np.float64(right))
        nodes[waiting], scores[waiting] = model.right[node], score + np.float32(math.log(np.float64(right) + SMALL))
        nodes[waiting + 1], scores[waiting + 1] = model.left[node], score + np.float32(math.log(np.float64(left) + SMALL))
        waiting += 2
    return int(best), np.float32(math.exp(best_score))
