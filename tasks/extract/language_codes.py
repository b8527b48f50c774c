"""One code per language for labels of different makers: en (lid.176), eng_Latn (GlotLID, OpenLID, FineWeb2), eng (a label set) are all ``eng``.

ISO 639-3, with the members of a macrolanguage folded into it (arb and arz into ara), since back-ends differ in what they tell apart. Scripts are left
out of it. Not folded: Indonesian, Cantonese and Wu, which most back-ends know by themselves.

Whatever names a language in a recipe, a model or a table is held against a document's label by ``which``: ``en``, ``EN``, ``en-US``, ``eng`` and ``eng_Latn``
mean one language everywhere.
"""

from collections.abc import Sequence
from functools import cache

TWO_LETTERS = dict(
    pair.split(":")
    for pair in (
        "aa:aar ab:abk af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bh:bho bi:bis bm:bam bn:ben bo:bod "
        "br:bre bs:bos ca:cat ce:che co:cos cs:ces cv:chv cy:cym da:dan de:deu dv:div dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus "
        "fa:fas ff:ful fi:fin fj:fij fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin hr:hrv ht:hat hu:hun "
        "hy:hye ia:ina id:ind ie:ile ig:ibo io:ido is:isl it:ita iu:iku ja:jpn jv:jav ka:kat kg:kon ki:kik kk:kaz kl:kal km:khm kn:kan ko:kor "
        "ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lv:lav mg:mlg mi:mri mk:mkd ml:mal mn:mon mr:mar "
        "ms:msa mt:mlt my:mya nb:nor ne:nep nl:nld nn:nno no:nor nv:nav ny:nya oc:oci om:orm or:ori os:oss pa:pan pl:pol ps:pus pt:por qu:que "
        "rm:roh rn:run ro:ron ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag sh:hbs si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp "
        "ss:ssw st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:aka ty:tah "
        "ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho zu:zul"
    ).split()
)
FOLDED = dict(
    pair.split(":")
    for pair in (
        "als:sqi aln:sqi arb:ara arz:ara acm:ara acq:ara aeb:ara ajp:ara apc:ara ars:ara ary:ara apd:ara ayr:aym azj:aze azb:aze ekk:est fuv:ful "
        "gaz:orm hau:hau hbs:hbs khk:mon kmr:kur ckb:kur lvs:lav cmn:zho nob:nor npi:nep dty:nep ory:ori pes:fas prs:fas pbt:pus plt:mlg pnb:lah "
        "quy:que quz:que swh:swa twi:aka uzn:uzb ydd:yid zsm:msa fil:tgl gom:kok diq:zza kpv:kom mhr:chm mrj:chm bcl:bik gug:grn"
    ).split()
)
WIKIPEDIA = {
    "als": "gsw",
    "eml": "egl",
    "nah": "nah",
    "new": "new",
}  # where lid.176's labels, the names of Wikipedias, mean another language


def folded(label: str, *, wikipedia: bool = False) -> str:
    """The code of a label, empty for an empty one; a label that is not known is its own code. ``wikipedia``: labels are names of Wikipedias."""
    name = label.replace("-", "_").split("_")[0].lower()
    if wikipedia and name in WIKIPEDIA:
        return WIKIPEDIA[name]
    code = TWO_LETTERS.get(name, name)
    return FOLDED.get(code, code)


def script(label: str) -> str:
    """The script that a label names (ISO 15924, lower case), empty if it names none: that of ``eng_Latn`` is ``latn``, ``en-US`` has none."""
    return next((part.lower() for part in label.replace("-", "_").split("_")[1:] if len(part) == 4 and part.isalpha()), "")


def which(label: str | None, wanted: Sequence[str]) -> str | None:
    """The one of ``wanted`` that names the language of a label: the same label, else the first of the same language whose script, where both name
    one, is the same. None if there is none."""
    return _which(label, tuple(wanted)) if label else None


@cache
def _which(label: str, wanted: tuple[str, ...]) -> str | None:
    if label in wanted:
        return label
    code, written = folded(label), script(label)
    return next((w for w in wanted if folded(w) == code and (not written or script(w) in ("", written))), None)


@cache
def first_parts(label: str) -> tuple[str, ...]:
    """What labels of the same language begin with, in lower case and before any script or region: ``en`` and ``eng`` for English."""
    code = folded(label)
    every = {*TWO_LETTERS, *TWO_LETTERS.values(), *FOLDED, *FOLDED.values(), code, label.replace("-", "_").split("_")[0].lower()}
    return tuple(sorted(name for name in every if folded(name) == code))
