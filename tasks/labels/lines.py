"""Lines of a text, as annotators and models of lines number them: the parts between line feeds, from 0. A text of one line of more than 200 characters is
divided at the ends of its sentences instead, as FinerWeb does (Henriksson et al. 2025); where a sentence has no end that is known, the line stays long."""

import re

BATCH_LINES = 15
LONG_LINE_CHARS = 200
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


def lines_of(text: str) -> list[str]:
    """The lines; one that is blank keeps its number."""
    lines = text.split("\n")
    if len(lines) > 1 or len(text) <= LONG_LINE_CHARS:
        return lines
    segments = [""]
    for sentence in SENTENCE_END.split(text):
        if segments[-1] and len(segments[-1]) + 1 + len(sentence) > LONG_LINE_CHARS:
            segments.append(sentence)
        else:
            segments[-1] = f"{segments[-1]} {sentence}" if segments[-1] else sentence
    return segments


def batches(lines: list[str], most_chars: int) -> list[list[int]]:
    """Numbers of the lines that are not blank, in batches of even size of at most 15 (FinerWeb); those that begin behind ``most_chars`` are left out."""
    numbers, behind = [], 0
    for number, line in enumerate(lines):
        if line.strip():
            numbers.append(number)
        behind += len(line) + 1
        if behind >= most_chars:
            break
    count = -(-len(numbers) // BATCH_LINES)
    return [numbers[i * len(numbers) // count : (i + 1) * len(numbers) // count] for i in range(count)]
