"""From the model's choice of blocks to what is content: code and tables as a whole, a page's heading, no text that nobody sees, no banner of consent."""

import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from winnow.tasks.extract.blocks.formulas import BEGIN, END, InText
from winnow.tasks.extract.blocks.markup import is_hidden
from winnow.tasks.extract.blocks.units import CODE_BIT, DIV, HEADINGS, MOST_LOOKS, NOSCRIPT, NOTICE_BIT, OVERLAY_BIT, Tree, Unit
from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, HIDDEN_BIT, TAG_ID, Page

Bools = npt.NDArray[np.bool_]
NEAR = 3  # blocks
COPIED_WORDS = 8
BESIDE_CODE_WORDS = 6
BESIDE_LEVELS = 3
LEAST_PROBABILITY = 50_000  # parts per million
ALIKE_SHARE = 0.5
ALIKE_LEVELS = 4
FORMULA = re.compile(rf"{BEGIN}\d+{END}|\\\(.{{1,2000}}?\\\)|\\\[.{{1,2000}}?\\\]|\$\$[^$]{{1,2000}}\$\$", re.DOTALL)
NUMBERS_OF_EQUATIONS = re.compile(r"(?:\(?\d+(?:\.\d+)*\)?|[\s.,;]+)*+")
FAR = 40  # blocks
NOTICE_WORDS, NOSCRIPT_WORDS = 400, 60
HEADING_WORDS = 40
ENTRY_WORDS = 15
LISTS = np.isin(np.arange(len(BLOCK_TAGS) + 1), [TAG_ID[t] for t in ("ul", "ol", "dl")])
P, DL, DD, QUOTE, FIGURE, CAPTION, FOOTER, DETAILS = (TAG_ID[t] for t in "p dl dd blockquote figure figcaption footer details".split())
MOST_BOX_WORDS = 60


@cache
def _roles() -> npt.NDArray[np.uint8]:
    """What a tag may be for what is tied to it."""
    from winnow.tasks.extract.blocks.element_kernels import ENTRIES, FACTS, LINE, SOURCED

    roles = np.zeros(len(BLOCK_TAGS) + 1, np.uint8)
    for tag, role in (
        (DIV, LINE),
        (P, LINE),
        (DL, FACTS | ENTRIES),
        (CAPTION, FACTS),
        (DETAILS, FACTS),
        (FIGURE, SOURCED),
        (QUOTE, FACTS | SOURCED),
    ):
        roles[tag] = role
    return roles


# Notes, tips and warnings, by their class: of Sphinx, MkDocs, GitHub, Docusaurus, VitePress, GitBook, Asciidoctor, Quarto, Ghost, Notion, ReadMe, MDN, Starlight, Confluence.
BOX = re.compile(
    rb'\sclass="(?:[^"]*\s)?(?:admonition(?:block|_\w+)?|markdown-alert|theme-admonition|callout|custom-(?:block|container)|kg-callout-card|hint|starlight-aside|notecard'
    rb'|bd-callout|confluence-information-macro|note|tip|warning|caution|quote|quoteblock|verseblock)[\s"]',
    re.IGNORECASE,
)
NOTES = re.compile(rb'\sclass="(?:[^"]*\s)?(?:footnotes?|endnotes?|references?|wp-block-footnotes)[\s"]')
# Quotations of posts elsewhere, whose last line is a name and a date.
EMBEDDED = re.compile(r"twitter|instagram|tiktok|bluesky|mastodon|reddit")
NUMBERED = re.compile(r"\s*(?:fig(?:ure|\.)?|abb(?:ildung|\.)|tab(?:le|elle|\.)|listing|рис(?:унок|\.)|図|图)\s*\d", re.IGNORECASE)
SOURCE = re.compile(rb"\s*(?:<span[^>]*>\s*)?<cite[\s>]")
DASHES = ("—", "–", "―")
# What is left out as hidden or as a banner must leave this share of the chosen words.
LEAST_LEFT = 0.5
# Managers of consent, by the names of their elements in lower case.
MANAGERS = re.compile(
    r"onetrust|ot-sdk|cybot|cookiebot|didomi|usercentrics|qc-cmp|iubenda-cs|borlabs|\bklaro|osano|cmplz|complianz|\bcky-|termly|evidon|truste|trustarc|cookie-?law"
    r"|cookie-?consent|cookie-?(?:banner|notice|bar|popup|modal|policy-?(?:banner|notice))|consent-?(?:banner|manager|dialog|popup|modal|overlay)|cmpbox|cookiefirst"
    r"|sp_message|fc-consent|gdpr|cc-window|cc-banner|eu-cookie|cookies?-?(?:wrapper|container|overlay|info|alert|message|dialog|disclaimer|hint|hinweis)",
)
# One of these is in each of their names.
STEMS_OF_MANAGERS = (
    "cookie consent gdpr onetrust ot-sdk cybot didomi usercentrics qc-cmp iubenda-cs borlabs klaro osano cmplz complianz cky- termly evidon trust cmpbox sp_message"
    " cc-window cc-banner"
).split()
COOKIE_WORDS = re.compile(r"cookie|consent|gdpr|ccpa|datenschutz|privacy|privacidad|rgpd|rodo", re.IGNORECASE)
CONSENT = re.compile(
    r"\b(?:(?:we|this (?:web)?site|our (?:web)?site|and our \w* ?partners|our \d+ partners)\b[^.]{0,80}\b(?:uses?|store|process)\b[^.]{0,60}\bcookies"
    r"|partners store and/?(?:or)? access information on a device|store and/or access information on a device"
    r"|(?:accept|reject|allow|manage|decline) (?:all|cookies|optional|consent)\b|cookie (?:settings|preferences|policy)|your privacy choices|we value your privacy"
    r"|wir (?:und unsere \w+ ?\w* )?(?:verwenden|nutzen|setzen)\b[^.]{0,60}\bcookies|alle (?:cookies )?akzeptieren|nous (?:et nos partenaires )?utilisons (?:des )?cookies|tout accepter"
    r"|utilizamos cookies|usamos cookies|utilizziamo i? ?cookie|questo sito utilizza|używamy (?:plików )?cookies|pliki cookies|wij gebruiken cookies|vi använder cookies"
    r"|используем (?:файлы )?cookie|χρησιμοποιούμε cookies|使用\s*cookie|クッキー)",
    re.IGNORECASE,
)
# What no text but a banner's says, whatever its element is called.
PARTNERS = re.compile(
    r"\b(?:we|us) and our (?:\w+ )?(?:\w+ )?partners\b.{0,160}\b(?:stor|access|process|us)(?:e|es|ing)?\b|store and/or access information on a device"
    r"|nous et nos (?:\d+ )?partenaires\b|wir und unsere (?:\d+ )?partner\b|nosotros y nuestros (?:\d+ )?socios\b|noi e (?:i nostri )?(?:\d+ )?partner\b",
    re.IGNORECASE | re.DOTALL,
)
# Of so many places in a text where a word of these may begin, none further is looked at.
MOST_PARTNERS = 1000
SCRIPTS = re.compile(r"java ?script|browser|js\b|активиру|включите|habilit|activ[ae]|aktiv|有効", re.IGNORECASE)


def unseen(page: Page, tree: Tree, chosen: Bools, words: npt.NDArray[np.int64]) -> Bools:
    """Of the chosen blocks those that no reader sees: hidden ones, banners that ask for consent, notices that scripts are off. None if the page is little
    else."""
    from winnow.tasks.extract.blocks.element_kernels import SUSPECT
    from winnow.tasks.extract.blocks.text_kernels import places_of_partners

    out = np.zeros(len(words), np.bool_)
    places = np.empty(MOST_PARTNERS, np.int32)
    if speaking := places_of_partners(np.frombuffer(page.text, np.uint8), places):
        _leave_out_partners(page, out, chosen, words, places[:speaking])
    suspects = tree.that_are(SUSPECT, chosen)
    if not suspects:
        return out
    bits = page.element_bits
    weights = np.where(chosen, words, 0)
    whole = int(weights.sum())
    for e in suspects:
        first, behind = tree.first[e], tree.behind[e]
        kind = int(bits[e])
        written = tree.written(e)
        if kind & HIDDEN_BIT and is_hidden(written):
            _leave_out(out, tree, e, weights, whole)
        elif kind & (NOTICE_BIT | OVERLAY_BIT):
            if _is_of_manager(written) or (
                COOKIE_WORDS.search(written)
                and int(words[first:behind].sum()) < NOTICE_WORDS
                and CONSENT.search(_text(page, first, behind))
            ):
                _leave_out(out, tree, e, weights, whole)
        elif tree.tag[e] == NOSCRIPT and int(words[first:behind].sum()) < NOSCRIPT_WORDS and SCRIPTS.search(_text(page, first, behind)):
            out[first:behind] = True
    return out


def _is_of_manager(written: str) -> bool:
    """Whether attributes name a manager of consent. A look for the stems of all their names is forty times as fast as one for the names."""
    lowered = written.lower()
    return any(stem in lowered for stem in STEMS_OF_MANAGERS) and MANAGERS.search(lowered) is not None


def _leave_out_partners(page: Page, out: Bools, chosen: Bools, words: npt.NDArray[np.int64], speaking: npt.NDArray[np.int32]) -> None:
    """Mark the chosen blocks that speak as a banner of consent does, if they are a small part of the page and it is not about just that.
    ``speaking``: where in the text words of such banners stand; no other block is looked at."""
    if COOKIE_WORDS.search(page.title):
        return
    runs = np.searchsorted(page.run_end, speaking, side="right")
    blocks = sorted(set((np.searchsorted(page.block_run, runs, side="right") - 1).tolist()))
    found = [b for b in blocks if chosen[b] and PARTNERS.search(_text(page, b, b + 1))]
    if sum(int(words[b]) for b in found) * 4 <= int(words[chosen].sum()):
        out[found] = True


def _leave_out(out: Bools, tree: Tree, element: int, weights: npt.NDArray[np.int64], whole: int) -> None:
    """Mark the blocks of an element, if most of the page stays."""
    first, behind = tree.first[element], tree.behind[element]
    left = whole - int(weights[out].sum()) - int(weights[first:behind][~out[first:behind]].sum())
    if left >= LEAST_LEFT * whole:
        out[first:behind] = True


def _text(page: Page, first: int, behind: int) -> str:
    """The text of some blocks."""
    runs = page.block_run
    begin = int(page.run_end[runs[first] - 1]) if runs[first] else 0
    end = int(page.run_end[runs[behind] - 1]) if behind < len(runs) else len(page.text)
    return page.text[begin:end].decode()


def with_units(
    tree: Tree, chosen: Bools, found: list[Unit], words: npt.NDArray[np.int64], probabilities: npt.NDArray[np.int64]
) -> tuple[Bools, list[Unit]]:
    """The choice with each unit in or out as a whole, and the units that are in.

    Code is in where the model takes some of it or a block near it, and wherever it stands inside the text: a classifier that knows prose drops lines
    of code one by one. Behind the text it is in where it is set as other code that is in, and half as likely as what the model takes (the solution of an
    exercise, the listing at the end). Callouts are in with the code that they stand behind. A table is in where the model takes half of it, or what is before and
    behind, be it code.
    """
    kept = chosen.copy()
    if not found:
        return kept, []
    plain = chosen.copy()
    for unit in found:
        plain[unit.first : unit.behind] = False
    spots = np.flatnonzero(plain)
    begin, end = (int(spots[0]), int(spots[-1])) if len(spots) else (0, -1)
    taken: list[Unit] = []
    enough = ALIKE_SHARE * int(probabilities[chosen].min()) if len(found) > 1 and chosen.any() else 0.0
    settings: set[tuple[int, ...]] = set()
    for k, unit in enumerate(found):
        first, behind = unit.first, unit.behind
        own = words[first:behind]
        share = float((own * chosen[first:behind]).sum()) / max(1, int(own.sum()))
        before, after = bool(plain[max(0, first - NEAR) : first].any()), bool(plain[behind : behind + NEAR].any())
        if unit.kind == "code":
            inside = share >= 0.3 or before or after or begin < first < end
            if not inside and settings and 0 <= first - end <= FAR and _setting(tree, unit) in settings:
                inside = int((own * probabilities[first:behind]).sum()) >= enough * max(1, int(own.sum()))
        elif unit.kind == "callouts":
            inside = share >= 0.5 or bool(taken and taken[-1].kind == "code" and first - taken[-1].behind <= 1)
        else:
            # The output of code stands between code.
            before |= bool(taken) and taken[-1].kind == "code" and first - taken[-1].behind < NEAR
            following = found[k + 1] if k + 1 < len(found) else unit
            after |= following.kind == "code" and following.first - behind < NEAR and begin < following.first < end
            inside = share >= 0.5 or (before and after) or (share > 0 and not len(spots))
        kept[first:behind] = inside
        if inside:
            taken.append(unit)
            if unit.kind == "code":
                settings.add(_setting(tree, unit))
                _leave_out_beside(tree, kept, unit, words)
    return kept, taken


def with_lists(page: Page, chosen: Bools, out: Bools, words: npt.NDArray[np.int64], found: list[Unit]) -> None:
    """Choose the short entries that are missing in a list of which half the words are chosen: a classifier that knows prose drops items and definitions of
    one or two words between longer ones. Not those of a list with links among them, with long ones or with what nobody sees."""
    from winnow.tasks.extract.blocks.element_kernels import half_chosen

    found_lists = np.empty(len(page.element_tag), np.int32)
    count = half_chosen(page.element_tag, LISTS, page.element_first, page.element_behind, words, chosen, found_lists)
    for e in found_lists[:count].tolist():
        begin, end = int(page.element_first[e]), int(page.element_behind[e])
        missing = np.where(chosen[begin:end], 0, words[begin:end])
        if missing.max() > ENTRY_WORDS or out[begin:end].any():
            continue
        if any(_is_linked(page, begin + b) for b in np.flatnonzero(missing).tolist()):
            continue
        if not any(unit.first < end and begin < unit.behind and not chosen[unit.first] for unit in found):
            chosen[begin:end] = True


def with_tied(page: Page, tree: Tree, chosen: Bools, texts: list[str], words: npt.NDArray[np.int64], found: list[Unit]) -> None:
    """Choose short parts that are tied to what is chosen by how the page is built: facts, notes and tips, quotations and numbered captions between chosen neighbours
    in one parent, facts below a heading, the notes at the end, the titles of notes, who is quoted, and the lines of a verse of which most are chosen. Each of these was measured (docs/extraction.md)."""
    from winnow.tasks.extract.blocks.element_kernels import AFTER, LINES, TAIL, TITLE, tied

    of_page = page.element_tag, page.element_parent, page.element_first, page.element_behind, page.element_checksum, page.block_element
    at = np.empty((2, 2 * len(page.element_tag)), np.int32)
    for e, how in at[:, : tied(*of_page, words, chosen, _roles(), at)].T.tolist():
        # The lists of a tree are not made for so few elements.
        first, behind = int(page.element_first[e]), int(page.element_behind[e])
        missing = (np.flatnonzero(~chosen[first:behind] & (words[first:behind] > 0)) + first).tolist()
        if not missing:
            continue  # chosen as a part of the element around it
        if how == TITLE:
            is_tied = _is_named(page, e, BOX) if page.element_tag[e] != FIGURE else NUMBERED.match(texts[missing[0]]) is not None
        elif how == AFTER:
            is_tied = _is_introduced(page, e, words)
        elif how == TAIL:
            is_tied = _is_source(page, tree, e, missing[0], texts)
        else:
            is_tied = how == LINES or _is_fact(page, tree, e, missing, texts, int(words[first:behind].sum()))
        if not is_tied or any(_is_linked(page, b) for b in missing):
            continue
        if not any(unit.first < behind and first < unit.behind and not chosen[unit.first] for unit in found):
            chosen[missing] = True


def _is_named(page: Page, element: int, names: re.Pattern[bytes]) -> bool:
    """Whether an element's attributes have one of these names."""
    return names.search(page.html, int(page.element_attributes[element]), int(page.element_content[element])) is not None


def _is_introduced(page: Page, element: int, words: npt.NDArray[np.int64]) -> bool:
    """Whether an element whose words follow chosen ones is a list of facts below its heading, or the notes at the end."""
    if page.element_tag[element] != DL:
        return _is_named(page, element, NOTES)
    e = int(page.block_element[np.flatnonzero(words[: page.element_first[element]])[-1]])
    return int(page.element_tag[e]) in HEADINGS or int(page.element_tag[page.element_parent[e]]) in HEADINGS


def _is_fact(page: Page, tree: Tree, element: int, missing: list[int], texts: list[str], words: int) -> bool:
    """Whether an element between chosen ones is content by its kind."""
    tag = page.element_tag[element]
    if tag == DL:
        inside = tree.inside(element)
        return bool((page.element_tag[inside.start : inside.stop] == DD).any())
    if tag == CAPTION:
        return NUMBERED.match(texts[missing[0]]) is not None
    if tag == DETAILS:
        return True
    if words > MOST_BOX_WORDS:
        return False
    if tag == QUOTE:
        runs = page.block_run
        behind = int(runs[missing[-1] + 1]) if missing[-1] + 1 < len(runs) else len(page.run_end)
        return not page.run_link[int(runs[missing[0]]) : behind].any() and EMBEDDED.search(tree.names(element)) is None
    return _is_named(page, element, BOX) and not tree.above(element, NOSCRIPT)


def _is_source(page: Page, tree: Tree, element: int, block: int, texts: list[str]) -> bool:
    """Whether the last blocks of a quotation, from this one on, say who is quoted."""
    if EMBEDDED.search(tree.names(element)):
        return False
    e = int(page.block_element[block])
    if tree.tag[element] == FIGURE:
        # The caption of a figure that is a quotation is its source.
        if tree.tag[e] == CAPTION and NUMBERED.match(texts[block]):
            return True
        return tree.tag[e] == CAPTION and any(tree.tag[i] == QUOTE and tree.parent[i] == element for i in tree.inside(element)[:MOST_LOOKS])
    if texts[block].lstrip().startswith(DASHES) or SOURCE.match(page.html, int(page.block_begin[block])):
        return True
    return tree.above(e, FOOTER) > element


def _setting(tree: Tree, unit: Unit) -> tuple[int, ...]:
    """How a unit is set: the tags and names of its element and of those around it."""
    page, e = tree.page, unit.element
    out: list[int] = []
    for _ in range(ALIKE_LEVELS):
        out += (tree.tag[e], int(page.element_checksum[e]))
        e = tree.parent[e]
    return tuple(out)


def _leave_out_beside(tree: Tree, kept: Bools, unit: Unit, words: npt.NDArray[np.int64]) -> None:
    """Leave out buttons and names of files or languages that stand in the code's frame."""
    e = unit.element
    for _ in range(BESIDE_LEVELS):
        e = tree.parent[e]
        first, behind = tree.first[e], tree.behind[e]
        if not e or not int(tree.page.element_bits[e]) & CODE_BIT or behind - first > unit.behind - unit.first + NEAR:
            return
        for b in (*range(first, unit.first), *range(unit.behind, behind)):
            if words[b] <= BESIDE_CODE_WORDS:
                kept[b] = False


def without_copies(
    page: Page, tree: Tree, chosen: list[int], words: list[int], texts: list[str], found: list[Unit]
) -> tuple[list[int], dict[int, str]]:
    """Without later copies of a block of ``COPIED_WORDS`` or more: pages hold their text once for wide and once for narrow screens. Also the texts of
    such blocks as a browser shows their white space.

    Lines of verse, of code and of tables are no copies, nor is a refrain: a block alone among others that are new, in the same element as the first.
    """
    seen: dict[str, int] = {}
    copies: dict[int, int] = {}
    shown: dict[int, str] = {}
    held = {b for unit in found for b in range(unit.first, unit.behind)}
    element = page.block_element
    for block in chosen:
        if words[block] >= COPIED_WORDS and block not in held:
            text = shown[block] = " ".join(texts[block].split())
            first = seen.setdefault(text, block)
            if first != block and element[first] != element[block]:
                copies[block] = first
    if not copies:
        return chosen, shown
    kept = []
    for k, block in enumerate(chosen):
        if block in copies:
            refrain = tree.parent[element[block]] == tree.parent[element[copies[block]]]
            beside = (k > 0 and chosen[k - 1] in copies) or (k + 1 < len(chosen) and chosen[k + 1] in copies)
            if not refrain or beside:
                continue
        kept.append(block)
    return kept, shown


def with_formulas(page: Page, chosen: Bools, out: Bools, texts: list[str], probabilities: npt.NDArray[np.int64], in_text: InText) -> None:
    """Choose each block with a formula that stands inside the text, and one that is nothing but formulas next to it: a classifier sees few words in them.
    But for links that are most unlikely, as the entries of a table of contents."""
    own = in_text.has_own_delimiters
    if not (page.formulas or own or in_text.has_delimiters):
        return
    holding, alone = _of_several_lines(page, out, texts), []
    for b, text in enumerate(texts):
        if out[b] or not text or text.isspace():
            continue
        has_some = BEGIN in text or "\\(" in text or "\\[" in text or "$$" in text
        rest: str | None = FORMULA.sub("", text) if has_some else text
        if own and len(rest or "") == len(text):
            rest = in_text.without_formulas(text)
        if rest is None or len(rest) == len(text) or (probabilities[b] < LEAST_PROBABILITY and _is_linked(page, b)):
            continue
        holding.append(b)
        if NUMBERS_OF_EQUATIONS.fullmatch(rest):
            alone.append(b)
    others = chosen.copy()
    others[alone] = False
    spots = np.flatnonzero(others)
    if not len(spots):
        chosen[alone] = True
        return
    begin, end = int(spots[0]), int(spots[-1])
    for b in holding:
        if begin < b < end:
            chosen[b] = True
    for b in alone:
        chosen[b] = begin < b < end or bool(others[max(0, b - NEAR) : b].any() or others[b : b + NEAR + 1].any())


def _of_several_lines(page: Page, out: Bools, texts: list[str]) -> list[int]:
    """The blocks of formulas between delimiters that ``<br>`` divides into lines."""
    found: list[int] = []
    element, broken = page.block_element, page.block_break
    behind = 0
    for b in np.flatnonzero(broken).tolist():
        if b < behind or not b:
            continue
        behind = b
        while behind < len(texts) and broken[behind] and element[behind] == element[b - 1]:
            behind += 1
        ends = list(accumulate(len(text) + 1 for text in texts[b - 1 : behind]))
        lines = "\n".join(texts[b - 1 : behind])
        if "$$" not in lines and "\\" not in lines:
            continue
        for match in FORMULA.finditer(lines):
            first, last = bisect_right(ends, match.start()), bisect_right(ends, match.end() - 1)
            if first < last:
                found += (k for k in range(b - 1 + first, b + last) if not out[k])
    return found


def _is_linked(page: Page, block: int) -> bool:
    """Whether all text of a block is in links."""
    runs = page.block_run
    first, behind = int(runs[block]), int(runs[block + 1]) if block + 1 < len(runs) else len(page.run_end)
    begin = int(page.run_end[first - 1]) if first else 0
    for r in range(first, behind):
        end = int(page.run_end[r])
        if not page.run_link[r] and page.text[begin:end].strip():
            return False
        begin = end
    return True


def with_heading(page: Page, tree: Tree, chosen: Bools, texts: list[str], words: npt.NDArray[np.int64]) -> None:
    """Choose the page's heading too: an ``h1`` not far before what is chosen that is the page's only one, or what its title says."""
    from winnow.tasks.extract.blocks.element_kernels import HEADED

    headings = tree.that_are(HEADED)
    if not headings or not len(spots := np.flatnonzero(chosen)):
        return
    first, last = int(spots[0]), int(spots[-1])
    title = " ".join(page.title.split()).lower()
    for e in headings:
        begin, end = tree.first[e], tree.behind[e]
        if begin >= last or first - end > FAR or chosen[begin:end].any() or int(words[begin:end].sum()) > HEADING_WORDS:
            continue
        text = " ".join(" ".join(texts[begin:end]).split()).lower()
        if len(text) > 3 and (text in title or len(headings) == 1):
            chosen[begin:end] = True
