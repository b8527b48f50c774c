"""A page as a sequence of text blocks with the tree around them: the material of the learned extractor, and of the text it writes.

One parse by Resiliparse, one pass over the tree written out again. That form is regular where pages are not: every element is
closed, every attribute quoted, so tags need no second parser. Nothing here decides what is content.
"""

import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from resiliparse.parse.html import HTMLTree

from winnow.tasks.extract.blocks.formulas import ALWAYS, extracted
from winnow.tasks.extract.blocks.prepare import INLINE_OR_CELLS, hidden_element, prepared
from winnow.tasks.extract.extractors.names import table_of, words_of
from winnow.tasks.extract.math.sources import Formula

if TYPE_CHECKING:
    from winnow.tasks.extract.extractors import page_kernels

Ints = npt.NDArray[np.int32]

# Elements whose content is written out raw, where "<" begins no tag. They end at their end tag or with the page, and are no text of it.
RAW = frozenset("script style iframe noembed noframes xmp plaintext".split())
SKIPPED = frozenset("svg template select textarea datalist video audio canvas object map annotation title".split())
BLOCK_TAGS = (
    "body div p li td th h1 h2 h3 h4 h5 h6 pre blockquote dt dd figcaption button article main nav header footer aside section form table"
    " ul ol dl tr figure noscript details summary caption center address fieldset tbody thead tfoot"
).split()
TAG_ID = {tag: n + 1 for n, tag in enumerate(BLOCK_TAGS)}
# Blocks in every browser's style sheet, which no feature tells apart. Elements that are neither here nor above are inline, as CSS has it.
OTHER_BLOCKS = frozenset("hgroup menu dir legend dialog search listing optgroup frameset marquee".split())
BREAKING = frozenset({"br", "hr"})
# Inline elements that say more than their text, by the number of their bit.
MARKS = {
    "sup": 0,
    "sub": 1,
    "code": 2,
    "kbd": 2,
    "samp": 2,
    "tt": 2,
    "rt": 3,
    "rp": 4,
    "ruby": 5,
    "strong": 6,
    "b": 6,
    "em": 7,
    "i": 7,
    "q": 8,
}
MOST_KEPT = 4_000_000  # bytes; what a larger page needs is not kept
NOT_CODE = 1 << 30  # of a block: some of its text is in no code

# Groups of words in class, id, role and itemprop names. A block carries the groups of all elements around it.
GROUPS: dict[str, str] = {
    "nav": "nav navbar navigation menu menubar submenu dropdown megamenu topbar toolbar tabs navegacion navigazione nawigacja",
    "side": "sidebar side aside rail widget widgets module secondary complementary seitenleiste randspalte barra lateral colonna marginal",
    "foot": "footer foot bottom contentinfo colophon copyright legal fuss fusszeile pie stopka piede",
    "head": "header head top masthead banner topbar logo brand branding kopf kopfzeile cabecera entete testata naglowek",
    "comment": "comment comments disqus respond discussion commentlist replies feedback kommentar kommentare commentaires comentarios commenti kommentarbereich komentarze komentarz opinie",
    "share": "share sharing social facebook twitter pinterest addthis sharedaddy linkedin whatsapp follow",
    "related": "related recommended recommendations verwandte relacionadas relacionados correlati more similar teaser teasers popular trending latest also recirc outbrain taboola weitere weiterlesen mehr empfehlungen empfehlung empfohlen lesen artikelliste podobne powiazane polecane relacionada connexes suggestions suggested readmore",
    "ad": "ad ads advert advertisement advertising werbung anzeige anzeigen publicidad pub reklama sponsor sponsored promo promotion adsense dfp anuncio anuncios annonce annonces pubblicita publicite reklamy",
    "crumb": "breadcrumb breadcrumbs crumb crumbs",
    "meta": "meta metadata byline author date time timestamp published posted info dateline credit credits autor autoren auteur autore autora datum fecha fuente quelle",
    "tags": "tag tags category categories topics keywords label labels schlagwort schlagworte schlagwoerter themen temas etiquetas tagi kategorie kategorien categoria categorias",
    "notice": "cookie cookies consent gdpr notice alert privacy disclaimer hinweis datenschutz cookiebanner aviso onetrust cybot cookiebot didomi usercentrics iubenda borlabs klaro osano cmplz complianz termly evidon trustarc truste cookieconsent cookielaw cookiefirst cmpbox cky cmp ccpa rgpd rodo",
    "overlay": "modal popup overlay dialog lightbox tooltip offcanvas toast",
    "account": "login signin signup register account user subscribe subscription newsletter email paywall premium abo abonnement abonnieren anmelden registrieren suscripcion abbonati paywalled bezahlschranke regwall",
    "search": "search searchbox filter filters facet facets sort suche buscar recherche szukaj",
    "pager": "pagination pager paging prev previous next page pages",
    "caption": "caption figcaption figure gallery image photo video media player slider carousel bild bildunterschrift bildergalerie foto fotos legende galerie galeria zdjecie",
    "body": "articlebody article entry body story postbody textbody storybody content bodytext text copy prose richtext paragraph artikel artikeltext absatz inhalt texte texto testo cuerpo contenido contenu contenuto tresc articolo",
    "post": "post blog single hentry news item",
    "main": "main primary maincontent container wrapper page",
    "title": "title headline heading subtitle standfirst lead lede intro excerpt summary deck abstract titel ueberschrift titulo titre titolo dachzeile unterzeile teasertext vorspann lid entradilla chapo occhiello sommario",
    "product": "product price cart sku variant shop buy basket rating ratings review reviews spec specs specification description",
    "thread": "thread topic forum message messages reply answer answers question bbp postcontent cooked quote",
    "signature": "signature sig avatar profile userinfo postprofile rank joined poster",
    "list": "list listing listings grid cards card tile results collection archive",
    "doc": "doc docs documentation markdown wiki mw reference toc contents section",
    "hidden": "hidden placeholder hide invisible sr visually screenreader noprint print offscreen collapsed",
    "action": "btn button buttons cta link links action actions tools toolbox controls edit",
    "table": "table row col column cell",
    "code": "code highlight highlighter hljs syntax codehilite snippet terminal blockcode codeblock codebox crayon prettyprint sourcecode prism shiki",
}
GROUP_NAMES = tuple(GROUPS)
GROUP_BIT = {word: 1 << n for n, (_, words) in reversed(list(enumerate(GROUPS.items()))) for word in words.split()}
HIDDEN_BIT = 1 << len(GROUPS)


@dataclass
class Page:
    """Runs of text, the blocks they make up, and the block elements above them. ``parent`` of element 0 (the body) is 0.

    ``text``: UTF-8 of all runs, one behind the other.
    ``run_*``: one entry per piece of text between two tags: where it ends in ``text``, how many links it is in.
    ``formulas``: those that the marks in the text stand for.
    ``html``: the body written out again, in UTF-8; the places below are in it.
    ``block_*``: element, first run, whether a line break began it, where it begins and ends, the marks in it and those open where it begins (bits
    of MARKS, and NOT_CODE).
    ``element_*``: place in BLOCK_TAGS + 1 (0: not there), bits and checksum of its names (0 where no block is inside), parent, first block
    inside, first block behind, where its attributes begin and end, where its end tag begins.
    ``listings``: elements with a block in them that may be set as a listing, by their attributes.
    """

    title: str
    html: bytes
    text: bytes
    run_end: Ints
    run_link: Ints
    block_element: Ints
    block_run: Ints
    block_break: Ints
    block_begin: Ints
    block_end: Ints
    block_marks: Ints
    block_open: Ints
    element_tag: Ints
    element_bits: Ints
    element_checksum: npt.NDArray[np.uint32]
    element_parent: Ints
    element_first: Ints
    element_behind: Ints
    element_attributes: Ints
    element_content: Ints
    element_end: Ints
    listings: Ints
    formulas: tuple[Formula, ...] = ()

    @property
    def run_text(self) -> list[str]:
        """The text of each run."""
        ends = self.run_end.tolist()
        return [self.text[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)]


@cache
def tag_table() -> "page_kernels.TagTable":
    """What the kernel knows of tags."""
    from winnow.tasks.extract.extractors import page_kernels as kernels

    opening = {
        **dict.fromkeys((*BLOCK_TAGS, *OTHER_BLOCKS), kernels.OPENS),
        **dict.fromkeys(BREAKING, kernels.BREAKS),
        **dict.fromkeys(SKIPPED, kernels.SKIPS),
        **dict.fromkeys(MARKS, kernels.MARK_OPENS),
        **dict.fromkeys(RAW, kernels.IS_RAW),
        "a": kernels.LINK_OPENS,
    }
    signals = {
        **dict.fromkeys(INLINE_OR_CELLS, kernels.MAY_HIDE),
        **{"template": kernels.SEEN_TEMPLATE, "textarea": kernels.SEEN_TEXT_AREA},
        **dict.fromkeys(("dialog", "xmp", "listing", "plaintext"), kernels.SEEN_OLD),
        # What is left out is too long a name, and always inside an mjx-container.
        **dict.fromkeys(sorted(ALWAYS - {"mjx-assistive-mml"}), kernels.SEEN_FORMULA),
        **dict.fromkeys(("img", "div", "p", "pre", "figure"), kernels.LOOK),
        **dict.fromkeys(("span", "code"), kernels.LOOK | kernels.MAY_HIDE),
    }
    opening = {**dict.fromkeys(signals, kernels.NOTHING), **opening}
    closing = {
        **{name: kernels.NOTHING for name, effect in opening.items() if effect == kernels.NOTHING},
        **dict.fromkeys(MARKS, kernels.MARK_CLOSES),
        "a": kernels.LINK_CLOSES,
    }
    names, place = table_of(opening)
    values = np.zeros((4, names.shape[1]), np.uint8)
    for name, effect in opening.items():
        values[:, place[name]] = effect, closing.get(name, kernels.CLOSES), MARKS.get(name, TAG_ID.get(name, 0)), signals.get(name, 0)
    return kernels.TagTable(names[0], names[1], values[0], values[1], values[2], values[3])


@cache
def group_table() -> "page_kernels.WordTable":
    """What the kernel knows of words in names."""
    return words_of(GROUP_BIT)


class _Room(threading.local):
    """Where the kernel writes, kept for the next page: memory that is new for each page costs more time than what is written to it."""

    def __init__(self) -> None:
        self.text = np.empty(0, np.uint8)
        self.rows = np.empty((17, 0), np.int32)

    def of(self, size: int) -> tuple[npt.NDArray[np.uint8], Ints]:
        """Room for the text of a page of so many bytes, and for its runs, blocks and elements and for those that are open. A tag has three bytes or more."""
        most = size // 3 + 2
        size += 16  # the kernel writes so many bytes at once
        if len(self.text) < size or self.rows.shape[1] < most:
            text, rows = np.empty(size, np.uint8), np.empty((17, most), np.int32)
            if size > MOST_KEPT:
                return text, rows
            self.text, self.rows = text, rows
        return self.text, self.rows


ROOM = _Room()


@dataclass
class _Cut:
    """A page cut to pieces: what was seen in it, the page without what is hidden in its paragraphs and tables, its text, runs, blocks and elements."""

    seen: int
    html: bytes
    text: bytes
    runs: Ints
    blocks: Ints
    elements: Ints


def _cut(html: bytes, *, formulas: bool, with_hidden: bool = False) -> _Cut:
    """A page cut by the kernel. What is hidden stays in a page of which it is most."""
    from winnow.tasks.extract.extractors import page_kernels as kernels

    page, state, marks = np.frombuffer(html, np.uint8), np.zeros(kernels.STATES, np.int64), np.zeros(256, np.int32)
    text, rows = ROOM.of(len(html))
    runs, blocks, elements, stack = rows[:2], rows[2:9], rows[9:16], rows[16]
    state[kernels.AT] = -1
    state[kernels.QUIET] = len(html) if with_hidden else 0
    gone: list[tuple[int, int]] = []
    while kernels.cut(page, tag_table(), formulas, state, text, runs, blocks, elements, stack, marks):
        begin = state[kernels.ASKED] = int(state[kernels.AT])
        end, goes = hidden_element(html, begin, int(state[kernels.NAME_END]), int(state[kernels.TAG_END]))
        if goes:
            gone.append((begin, end))
            state[kernels.HIDDEN_UNTIL] = end
        if end:  # what is inside it is not asked about
            state[kernels.QUIET] = end if end > 0 else len(html)
    if 2 * sum(end - begin for begin, end in gone) > len(html):
        return _cut(html, formulas=formulas, with_hidden=True)
    runs, blocks, elements = (
        rows[:, : state[n]].copy() for rows, n in ((runs, kernels.RUNS), (blocks, kernels.BLOCKS), (elements, kernels.ELEMENTS))
    )
    if gone:
        begins, ends = np.asarray(gone, np.int64).T.copy()
        kernels.closed_up(begins, ends, blocks[3:5])
        kernels.closed_up(begins, ends, elements[4:])
        html = b"".join(html[a:b] for a, b in zip([0, *ends.tolist()], [*begins.tolist(), len(html)], strict=True))
    return _Cut(int(state[kernels.SEEN]), html, text[: state[kernels.WRITTEN]].tobytes(), runs, blocks, elements)


def page_blocks(tree: HTMLTree) -> Page:
    """The blocks of a parsed page. Blocks may be blank. Formulas are out of it, and marks in their places."""
    from winnow.tasks.extract.extractors import page_kernels as kernels

    body = tree.body
    html = body.html.encode() if body is not None else b""
    formulas: tuple[Formula, ...] = ()
    page = _cut(html, formulas=True)
    if seen := page.seen:
        templates, text_areas, old = (bool(seen & sign) for sign in (kernels.SEEN_TEMPLATE, kernels.SEEN_TEXT_AREA, kernels.SEEN_OLD))
        has_formulas = bool(seen & kernels.SEEN_FORMULA)
        other = prepared(html, templates=templates, text_areas=text_areas, old=old, formulas=has_formulas)
        if has_formulas:
            other, formulas = extracted(other)
        if has_formulas or other != html:
            page = _cut(other, formulas=False)
    html, run, block, element = page.html, page.runs, page.blocks, page.elements
    elements = element.shape[1]
    bits, checksum, listings = np.empty(elements, np.int32), np.empty(elements, np.uint32), np.empty(elements, np.int32)
    listed = kernels.all_names(np.frombuffer(html, np.uint8), element, group_table(), HIDDEN_BIT, bits, checksum, listings)
    return Page(
        tree.title or "",
        html,
        page.text,
        run_end=run[0],
        run_link=run[1],
        block_element=block[0],
        block_run=block[1],
        block_break=block[2],
        block_begin=block[3],
        block_end=block[4],
        block_marks=block[5],
        block_open=block[6],
        element_tag=element[0],
        element_bits=bits,
        element_checksum=checksum,
        element_parent=element[1],
        element_first=element[2],
        element_behind=element[3],
        element_attributes=element[4],
        element_content=element[5],
        element_end=element[6],
        listings=listings[:listed],
        formulas=formulas,
    )
