"""A page as a sequence of text blocks with the tree around them: the material of the learned extractor, and of the text it writes.

One parse by Resiliparse, one regular expression over the tree written out again. That form is regular where pages are not: every element is
closed, every attribute quoted, so tags need no second parser. Nothing here decides what is content.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from resiliparse.parse.html import HTMLTree

# Elements whose content is no text of the page. The first alternatives hold what is written out raw, where "<" begins no tag. What a page smuggles behind
# them is not regular; nothing is looked at twice there either, so that the time is linear in any page.
RAW = "|".join(
    rf"{name}\b(?:[^<]++|<(?!/{name}>))*+(?:</{name}>)?" for name in "script style iframe noembed noframes xmp plaintext".split()
)
TOKEN = re.compile(
    rf"<(?:(?:{RAW}|!--(?:[^-]++|-(?!->))*+(?:-->)?|\?[^>]*+>?)"
    r"|(/?[a-zA-Z][^ />]*+)((?: [^ >/][^=>]*+=\"[^\"]*+\")*+)[^>]*+>?)"
)
NAMES = re.compile(r" (?:class|id|role|itemprop|itemtype)=\"([^\"]*)\"")
HIDDEN = re.compile(r" hidden=\"| aria-hidden=\"true\"| style=\"[^\"]*display:\s*none", re.I)
WORD = re.compile(r"[a-z]{2,30}|[A-Z][a-z]{1,30}|[A-Z]{2,30}")
SMALL_WORD = re.compile(r"[a-z]{2,30}")

SKIPPED = frozenset("svg template select textarea datalist video audio canvas object embed map math-annotation annotation title".split())
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rp rt ruby s samp small span strike strong sub sup"
    " time tt u var wbr img input".split()
)
VOID = frozenset("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split())
BLOCK_TAGS = (
    "body div p li td th h1 h2 h3 h4 h5 h6 pre blockquote dt dd figcaption button article main nav header footer aside section form table"
    " ul ol dl tr figure noscript details summary caption center address fieldset tbody thead tfoot"
).split()
TAG_ID = {tag: n + 1 for n, tag in enumerate(BLOCK_TAGS)}

# What a tag does, in one look-up. A tag that is not here opens or closes a block.
NOTHING, OPENS, CLOSES, LINK_OPENS, LINK_CLOSES, SKIPS, BREAKS = range(7)
EFFECT: dict[str | None, int] = {
    None: NOTHING,
    **{"/" + tag: CLOSES for tag in BLOCK_TAGS},
    **dict.fromkeys(BLOCK_TAGS, OPENS),
    **dict.fromkeys(VOID, BREAKS),
    **dict.fromkeys(SKIPPED - VOID, SKIPS),
    **dict.fromkeys(SKIPPED & VOID, NOTHING),
    **dict.fromkeys(INLINE, NOTHING),
    **{"/" + tag: NOTHING for tag in INLINE},
    "a": LINK_OPENS,
    "/a": LINK_CLOSES,
}

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
    "notice": "cookie cookies consent gdpr notice alert privacy disclaimer hinweis datenschutz cookiebanner aviso",
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
    "code": "code highlight hljs syntax codehilite snippet terminal",
}
GROUP_NAMES = tuple(GROUPS)
GROUP_BIT = {word: 1 << n for n, (_, words) in reversed(list(enumerate(GROUPS.items()))) for word in words.split()}
HIDDEN_BIT = 1 << len(GROUPS)
NO_NAMES = (0, 0)


@lru_cache(maxsize=20_000)
def names_of(attributes: str) -> tuple[int, int]:
    """Attributes as the tree writes them -> what their names say: the bits of ``GROUPS``, and a checksum of the names without digits."""
    value = " ".join(NAMES.findall(attributes[:4000]))[:1000]
    small = value.lower()
    words = dict.fromkeys(SMALL_WORD.findall(value) if small == value else map(str.lower, WORD.findall(value)))
    bits = 0
    for word in words:
        if word in GROUP_BIT:
            bits |= GROUP_BIT[word]
    if ("hidden" in attributes or "none" in attributes) and HIDDEN.search(attributes):
        bits |= HIDDEN_BIT
    return bits, crc32(" ".join(words).encode())


@dataclass
class Page:
    """Runs of text, the blocks they make up, and the block elements above them. All lists; ``parent`` of element 0 (the body) is 0.

    ``run_*``: one entry per piece of text between two tags: text, how many links it is in.
    ``block_*``: element, first run, whether a line break began it.
    ``element_*``: tag, bits and checksum of its names (0 where no block is inside), parent, first block inside, first block behind.
    """

    title: str
    run_text: list[str]
    run_link: list[int]
    block_element: list[int]
    block_run: list[int]
    block_break: list[int]
    element_tag: list[str]
    element_bits: list[int]
    element_checksum: list[int]
    element_parent: list[int]
    element_first: list[int]
    element_behind: list[int]


def page_blocks(tree: HTMLTree) -> Page:
    """The blocks of a parsed page. Blocks may be blank."""
    body = tree.body
    # Text, tag, attributes, text, tag ... in one list: tuples, as from ``findall``, would wake the garbage collector.
    tokens = iter(TOKEN.split(body.html) if body is not None else [""])
    next(tokens)
    run_text: list[str] = []
    run_link: list[int] = []
    element_tag: list[str] = ["body"]
    element_attributes = [""]
    element_parent = [0]
    element_first = [0]
    element_behind = [0]
    block_element: list[int] = []
    block_run: list[int] = []
    block_break: list[int] = []
    stack = [0]
    blocks = current = link = skipped = 0
    skipped_tag = closing_tag = ""
    begun = False  # the last block goes on; else the next text begins one, with the break seen since the border
    broken = 0
    for tag, attributes, text in zip(tokens, tokens, tokens, strict=True):
        if skipped:
            if tag == closing_tag:
                skipped -= 1
                if skipped:
                    continue
            else:
                skipped += tag == skipped_tag
                continue
        else:
            effect = EFFECT.get(tag)
            if effect is None:
                effect = CLOSES if tag[0] == "/" else OPENS
            if effect == NOTHING:
                pass
            elif effect == CLOSES:
                if len(stack) > 1:
                    element_behind[stack.pop()] = blocks
                    current = stack[-1]
                    begun = False
                    broken = 0
            elif effect == OPENS:
                element_tag.append(tag)
                element_attributes.append(attributes)
                element_parent.append(current)
                current = len(element_tag) - 1
                stack.append(current)
                element_first.append(blocks)
                element_behind.append(0)
                if begun:
                    begun = False
                    broken = 0
            elif effect == LINK_OPENS:
                link += 1
            elif effect == LINK_CLOSES:
                link -= 1
            elif effect == BREAKS:
                begun = False
                broken = 1
            else:
                skipped, skipped_tag, closing_tag = 1, tag, "/" + tag
                continue
        if text:
            if "&" in text:
                text = text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            if not begun:
                if text.isspace():
                    continue
                begun = True
                blocks += 1
                block_element.append(current)
                block_run.append(len(run_text))
                block_break.append(broken)
            run_text.append(text)
            run_link.append(link)
    for element in stack:
        element_behind[element] = blocks
    # Half of the elements have no text inside: their names do not matter.
    names = [
        names_of(attributes) if attributes and behind > first else NO_NAMES
        for attributes, first, behind in zip(element_attributes, element_first, element_behind, strict=True)
    ]
    return Page(
        tree.title or "",
        run_text,
        run_link,
        block_element,
        block_run,
        block_break,
        element_tag,
        [bits for bits, _ in names],
        [checksum for _, checksum in names],
        element_parent,
        element_first,
        element_behind,
    )
