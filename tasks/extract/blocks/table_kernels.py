"""The compiled part of ``units.py``: what is in the tables of a page, from which is told which hold data."""

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]

# What tags are in tables, and what is counted of these: NAMED are captions and heads of tables, HEADED_CELLS headings.
IS_LAYOUT, IS_TABLE, IS_ROW, IS_CELL, IS_HEADER, IS_NAME, IS_HEADING = 1, 2, 4, 8, 16, 32, 64
ROWS, CELLS, HEADERS, NAMED, HEADED_CELLS, HELD, FILLED, LONG, LONGER, SEVERAL = range(10)
FACTS = 10
LONG_WORDS, LONGER_WORDS = 60, 250


@compiled
def count_tables(
    tables: Ints,
    tag: Ints,
    attributes: Ints,
    end: Ints,
    first: Ints,
    behind: Ints,
    words: Counts,
    kinds: Bytes,
    held: int,
    held_words: int,
    facts: Ints,
) -> None:
    """Fill ``facts``, a row of FACTS for each of some tables, by what tags are in them: ``kinds`` (bits from IS_LAYOUT on). Nothing is counted of tables in its
    cells; a table with elements of layout, with more than ``held`` tables in it or with one of more than ``held_words`` words, has no cells.

    A cell is filled that has a block in it; LONG and LONGER are those of more than ``LONG_WORDS`` and ``LONGER_WORDS``, SEVERAL have more than three blocks.
    """
    before = np.empty(len(words) + 1, np.int64)
    before[0] = 0
    for b in range(len(words)):
        before[b + 1] = before[b] + words[b]
    for k in range(len(tables)):
        own = facts[k]
        own[:] = 0
        table = tables[k]
        behind_held = 0
        e = table + 1
        while e < len(tag) and attributes[e] < end[table]:
            kind = kinds[tag[e]]
            if kind & IS_TABLE != 0:
                own[HELD] += 1
                behind_held = max(behind_held, end[e])
            if kind & IS_LAYOUT != 0 or own[HELD] > held or (kind & IS_TABLE != 0 and before[behind[e]] - before[first[e]] > held_words):
                own[:] = 0
                break
            if attributes[e] >= behind_held:
                own[ROWS] += kind & IS_ROW != 0
                own[HEADERS] += kind & IS_HEADER != 0
                own[NAMED] += kind & IS_NAME != 0
                own[HEADED_CELLS] += kind & IS_HEADING != 0
                if kind & IS_CELL != 0:
                    own[CELLS] += 1
                    if behind[e] > first[e]:
                        count = before[behind[e]] - before[first[e]]
                        own[FILLED] += 1
                        own[LONG] += count > LONG_WORDS
                        own[LONGER] += count > LONGER_WORDS
                        own[SEVERAL] += behind[e] - first[e] > 3
            e += 1
