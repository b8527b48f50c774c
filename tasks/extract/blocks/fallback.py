"""The article of a page whose elements hold almost no text: from its structured data (JSON-LD, microdata) or from the state of its framework.

Pages that draw themselves in the browser carry their text as JSON: schema.org's ``articleBody`` (https://schema.org/Article), ``__NEXT_DATA__``, ``__NUXT__``,
``__INITIAL_STATE__`` and the like. Nothing is run; JSON that is none is passed over.
"""

import html as entities
import json
import re
from collections.abc import Iterator
from typing import Any

MOST_SCRIPT_CHARS = 4_000_000
MOST_VALUES = 200_000
LEAST_WORDS = 40
# A tag that does not end is consumed as well, so that no part of a page is read twice.
META = re.compile(r'<(?:meta|link)\b(?:[^"<>]++|"[^"]*+")*+>?')
BODY = re.compile(r'\sitemprop="(?:articleBody|text|reviewBody)"')
CONTENT = re.compile(r'\scontent="([^"]*)"')
# What schema.org calls the text of a thing.
BODIES = ("articleBody", "text", "reviewBody", "recipeInstructions")
# And under which it lists parts of a text: questions with their answers, steps.
PARTS = ("mainEntity", "recipeInstructions", "step")
STATE = re.compile(r"(?:__NEXT_DATA__|__NUXT__|__NUXT_DATA__|__INITIAL_STATE__|__PRELOADED_STATE__|__APOLLO_STATE__|__DATA__|__STATE__)")
ASSIGNED = re.compile(
    r"(?:window\.|self\.)?(?:__NUXT__|__INITIAL_STATE__|__PRELOADED_STATE__|__APOLLO_STATE__|__DATA__|__STATE__)\s*=\s*(?=[{\[])"
)
# Keys of a state under which content management systems keep the text of a page.
TEXT_KEYS = frozenset(
    "articlebody body bodyhtml body_html content contenthtml content_html html htmlcontent text fulltext full_text description markdown rendered".split()
)
HAS_TAGS = re.compile(r"<(?:p|div|h[1-6]|ul|ol|br|section|article)\b", re.IGNORECASE)


def article(markup: str) -> str:
    """The longest article that the scripts and attributes of a page hold, as HTML; empty if there is none of ``LEAST_WORDS``."""
    found: list[str] = []
    state: list[str] = []
    for written, content in scripts(markup):
        if len(content) > MOST_SCRIPT_CHARS:
            continue
        if "ld+json" in written.lower():
            for value in _values(_loaded(content)):
                if isinstance(value, dict):
                    found += [text for key in BODIES if isinstance(text := value.get(key), str)]
                    found += [text for key in PARTS if (text := _of_parts(value.get(key)))]
        elif STATE.search(written) or STATE.search(content[:2000]):
            state += _texts(_loaded(content))
    for tag in META.findall(markup):
        if BODY.search(tag) and (match := CONTENT.search(tag)):
            found.append(entities.unescape(match[1]))
    for texts in (found, state):
        best = max(texts, key=_words, default="")
        if _words(best) >= LEAST_WORDS:
            return _as_html(best)
    return ""


def scripts(markup: str) -> Iterator[tuple[str, str]]:
    """Attributes as written and content of each script."""
    at = 0
    while (begin := markup.find("<script", at)) >= 0:
        at = begin + len("<script")
        if markup[at : at + 1] not in (">", " ", "\n", "\t"):
            continue
        opened = markup.find(">", at)
        closed = markup.find("</script>", opened)
        if opened < 0 or closed < 0:
            return
        yield markup[at:opened], markup[opened + 1 : closed]
        at = closed


def _words(text: str) -> int:
    # Characters count for scripts that write no spaces.
    return max(len(text.split()), len(text) // 12)


def _loaded(content: str) -> Any:
    content = content.strip().removeprefix("<!--").removeprefix("//<![CDATA[").removesuffix("-->").removesuffix("//]]>").strip()
    assigned = ASSIGNED.search(content[:2000])
    if assigned:
        content = content[assigned.end() :]
    try:
        return json.JSONDecoder(strict=False).raw_decode(content)[0]
    except (ValueError, RecursionError):
        return None


def _of_parts(parts: Any) -> str:
    """A list of questions and answers, or of steps, as HTML; empty if it is none."""
    out: list[str] = []
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, str):
            out.append(_as_html(part))
        elif isinstance(part, dict):
            answer = part.get("acceptedAnswer") or part.get("suggestedAnswer")
            answer = answer[0] if isinstance(answer, list) and answer else answer
            if isinstance(answer, dict) and isinstance(part.get("name"), str) and isinstance(answer.get("text"), str):
                out += (f"<h3>{entities.escape(entities.unescape(part['name']))}</h3>", _as_html(answer["text"]))
            elif isinstance(part.get("text"), str):
                out.append(_as_html(part["text"]))
            elif isinstance(part.get("itemListElement"), list):
                out += (_as_html(e["text"]) for e in part["itemListElement"] if isinstance(e, dict) and isinstance(e.get("text"), str))
    return "".join(out)


def _values(value: Any) -> Iterator[Any]:
    """All values in a value, at most ``MOST_VALUES``."""
    stack, seen = [value], 0
    while stack and seen < MOST_VALUES:
        value = stack.pop()
        seen += 1
        yield value
        if isinstance(value, dict):
            stack.extend(reversed(value.values()))
        elif isinstance(value, list):
            stack.extend(reversed(value))


def _texts(value: Any) -> list[str]:
    return [
        text
        for inner in _values(value)
        if isinstance(inner, dict)
        for key, text in inner.items()
        if isinstance(text, str) and len(text) >= 200 and str(key).lower() in TEXT_KEYS
    ]


def _as_html(text: str) -> str:
    if "&lt;" in text and not HAS_TAGS.search(text):
        text = entities.unescape(text)
    if HAS_TAGS.search(text):
        return text
    paragraphs = [line for line in re.split(r"\s*\n\s*", text.strip()) if line]
    return "".join(f"<p>{entities.escape(entities.unescape(p))}</p>" for p in paragraphs)
