"""Code in a text with structure: fenced blocks and code in lines, as Markdown writes them (CommonMark 0.31, sections 4.5 and 6.1).

For pages of documentation and questions with code, of which OpenCoder (Huang et al. 2024, section 2.2) and MegaMath (Zhou et al. 2025, section 3) recall many
from the web. A text without structure has no fences, and these signals say nothing about it.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from winnow.tasks.engine.identity import stable
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.text import Document

FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*\Z")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
WORD = re.compile(r"\w+")


@stable("filter/code")
@dataclass(frozen=True)
class Code(Filter):
    """Blocks of code and code in lines of a Markdown text. Shares are of all characters of the text; the lines of the fences count as neither."""

    signals: ClassVar = (
        Signal("code_block_count", "int", "blocks", "fenced blocks of code that are not empty", "CommonMark 0.31, 4.5"),
        Signal("code_line_count", "int", "lines", "lines inside of them that are not empty", "winnow"),
        Signal("code_char_share", "float", "share", "characters inside of them", "winnow"),
        Signal("code_language_share", "float", "share", "blocks that name their language, among all blocks", "winnow"),
        Signal("inline_code_count", "int", "spans", "spans of code in lines outside of blocks", "CommonMark 0.31, 6.1"),
        Signal("word_count_outside_code", "int", "words", "runs of letters and digits outside of blocks", "winnow"),
    )

    def measure(self, doc: Document) -> dict[str, Value]:
        blocks = named = code_lines = code_chars = spans = words = 0
        fence = ""
        lines_of_block = 0
        language = ""
        for line in doc.text.split("\n"):
            match = FENCE.match(line) if "```" in line or "~~~" in line else None
            if fence:
                if match and match[1][0] == fence[0] and len(match[1]) >= len(fence) and not match[2]:
                    blocks, named = blocks + (lines_of_block > 0), named + (lines_of_block > 0 and language != "")
                    fence = ""
                    continue
                lines_of_block += bool(line.strip())
                code_lines += bool(line.strip())
                code_chars += len(line) + 1
            elif match:
                fence, language, lines_of_block = match[1], match[2], 0
            else:
                spans += len(SPAN.findall(line)) if "`" in line else 0
                words += len(WORD.findall(line))
        if fence and lines_of_block:  # a block that is never closed reaches to the end
            blocks, named = blocks + 1, named + (language != "")
        return {
            "code_block_count": blocks,
            "code_line_count": code_lines,
            "code_char_share": min(1.0, code_chars / max(1, len(doc.text))),
            "code_language_share": named / max(1, blocks),
            "inline_code_count": spans,
            "word_count_outside_code": words,
        }
