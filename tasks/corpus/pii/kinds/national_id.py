"""Numbers that a state gives to persons: national identity, social security, tax and health numbers, of some fifty countries.

Each is proved twice: by its check digits or its inner structure (the package python-stdnum), and by a word near by that names it. Without the
word one number in ten or eleven would pass. Numbers of companies are left out, except the Australian ABN, which sole traders have.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from winnow.tasks.corpus.pii.kind import CONTEXT_BEFORE_CHARS, Kind, compact, words

# It begins at a digit, at least the fifth part of a number: a search that begins at letters stops at every word. Letters before are added.
CANDIDATE = re.compile(
    r"\d(?<!\d\d)(?:(?:[A-Za-z]{0,4}|[A-Za-z]{0,2}[ \xa0.\-/+][A-Za-z]{0,2})\d){4,17}(?:[A-Za-z]{1,6}\d{0,4}[A-Za-z]?)?(?![A-Za-z0-9])(?:[ \xa0.\-/+][A-Za-z0-9]{1,6}){0,2}(?![A-Za-z0-9_])"
)
LETTERS_BEFORE = re.compile(r"(?<![A-Za-z0-9_@.,/\-])(?:[A-Za-z]{1,6}[ \-]?)?\Z")
DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{4}|\d{4}[./]\d\d[./]\d\d")
FEWEST_DIGITS = 5
SHORTEST, LONGEST = 7, 18


class Scheme(NamedTuple):
    """A module of python-stdnum, how long its numbers are without separators, and the words that name them."""

    module: str
    lengths: tuple[int, ...]
    name: re.Pattern[str]


def _scheme(module: str, lengths: str, *names: str) -> Scheme:
    return Scheme(module, tuple(map(int, lengths.split())), words(*names))


# The names are regular expressions, in the languages of the country.
SCHEMES = (
    _scheme("us.ssn", "9", "ssn", "social security", "seguro social", r"soc\.? ?sec\.?"),
    _scheme("us.itin", "9", "itin", "individual taxpayer"),
    _scheme("ca.sin", "9", "sin", "social insurance", "assurance sociale", "nas"),
    _scheme("au.tfn", "8 9", "tfn", "tax file"),
    _scheme("au.abn", "11", "abn", "business number"),
    _scheme("gb.nhs", "10", "nhs", "chi number"),
    _scheme("gb.utr", "10", "utr", "unique taxpayer"),
    _scheme("ie.pps", "8 9", "ppsn?", "personal public service"),
    _scheme("nz.ird", "8 9", "ird"),
    _scheme("in_.aadhaar", "12", r"aadh?aar", "aadhar", "uidai", "uid", "आधार"),
    _scheme("in_.pan", "10", "pan(?: card| no| number)?", "permanent account"),
    _scheme("in_.epic", "10", "epic", "voter id"),
    _scheme("pk.cnic", "13", "cnic", "nadra", "شناختی کارڈ"),
    _scheme("my.nric", "12", "nric", "mykad", "kad pengenalan", r"ic no\.?"),
    _scheme("id.nik", "16", "nik", "ktp"),
    _scheme("id.npwp", "15 16", "npwp"),
    _scheme("th.pin", "13", "เลขประจำตัวประชาชน", "thai id", "national id", "บัตรประชาชน"),
    _scheme("vn.mst", "10 13", "mst", "mã số thuế"),
    _scheme("cn.ric", "18", "身份证(?:号码?)?", "身份證", "公民身份号码", r"id(?: card)?(?: no| number)?", "ric"),
    _scheme("jp.in_", "12", "マイナンバー", "個人番号", "my number"),
    _scheme("kr.rrn", "13", "주민등록번호", "rrn", "resident registration"),
    _scheme("il.idnr", "8 9", r"ת\.?ז\.?", "תעודת זהות", "teudat zehut", "mispar zehut"),
    _scheme("tr.tckimlik", "11", r"t\.?c\.?(?: kimlik)?", r"kimlik(?: no| numarası)?", "tckn"),
    _scheme("za.idnr", "13", r"id(?:entity)?(?: no| number)?", "said"),
    _scheme("ke.pin", "11", "kra pin", "kra"),
    _scheme("es.nif", "9", "nif", "dni", "nie", "cif"),
    _scheme("pt.nif", "9", "nif", "contribuinte", "nipc"),
    _scheme("pt.cc", "12", "cart[ãa]o de cidad[ãa]o", "cc"),
    _scheme("fr.nir", "13 15", "nir", r"s[ée]curit[ée] sociale", "insee", r"n° ?ss", "carte vitale"),
    _scheme("fr.nif", "13", "nif", r"num[ée]ro fiscal", "spi"),
    _scheme("it.codicefiscale", "16", r"cod(?:ice|\.)? ?fisc(?:ale|\.)?", r"c\.? ?f\.?"),
    _scheme("de.idnr", "11", r"steuer-?(?:id(?:entifikationsnummer)?|nummer|nr)\.?", "identifikationsnummer", "idnr", r"tin"),
    _scheme("at.vnr", "10", "svnr", "sv-?nummer", "sozialversicherungsnummer", "vsnr"),
    _scheme("ch.ssn", "13", "ahv(?:-?nummer|-?nr)?", "avs", "navs", "sozialversicherungsnummer"),
    _scheme("nl.bsn", "9", "bsn", "burgerservicenummer", "sofi-?nummer", "sofinr"),
    _scheme("be.nn", "11", "rijksregister(?:nummer|nr)?", "registre national", "niss", "insz", "national number"),
    _scheme("dk.cpr", "10", "cpr(?:-?nr|-?nummer)?", "personnummer"),
    _scheme("se.personnummer", "10 12", "personnummer", "personnr", r"pers\.?nr", "pnr"),
    _scheme("no.fodselsnummer", "11", "f[øo]dselsnummer", r"f[øo]dselsnr", "personnummer", "fnr"),
    _scheme("fi.hetu", "10", "hetu", "henkilötunnus", "personbeteckning", "sotu"),
    _scheme("is_.kennitala", "10", "kennitala", r"kt\.?"),
    _scheme("ee.ik", "11", "isikukood"),
    _scheme("lv.pvn", "11", "personas kods"),
    _scheme("lt.asmens", "11", "asmens kodas"),
    _scheme("pl.pesel", "11", "pesel"),
    _scheme("cz.rc", "9 10", r"rodné číslo", r"r\.? ?č\.?"),
    _scheme("sk.rc", "9 10", r"rodné číslo", r"r\.? ?č\.?"),
    _scheme("ro.cnp", "13", "cnp", "cod numeric personal"),
    _scheme("bg.egn", "10", "егн", "egn", "единен граждански номер"),
    _scheme("hr.oib", "11", "oib"),
    _scheme("si.emso", "13", "em[šs]o", "jmbg", "јмбг", "матични број"),
    _scheme("gr.amka", "11", "αμκα", "amka"),
    _scheme("ua.rntrc", "10", "рнокпп", "іпн", "ідентифікаційний код", "рнтрц"),
    _scheme("ru.inn", "12", "инн", "inn"),
    _scheme("br.cpf", "11", "cpf"),
    _scheme("mx.curp", "18", "curp"),
    _scheme("mx.rfc", "12 13", "rfc", "registro federal"),
    _scheme("ar.cuit", "11", "cuit", "cuil"),
    _scheme("cl.rut", "8 9", "rut", "run"),
    _scheme("co.nit", "8 9 10", "nit", r"c[ée]dula"),
    _scheme("pe.cui", "8 9", "dni", "cui"),
    _scheme("ec.ci", "10", r"c[ée]dula"),
    _scheme("uy.rut", "12", "rut"),
    _scheme("ve.rif", "10", "rif"),
    _scheme("do.cedula", "11", r"c[ée]dula"),
    _scheme("cr.cpf", "9 10", r"c[ée]dula", "cpf"),
)
UK_INSURANCE = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")  # no check digit, but a strict shape
UK_INSURANCE_NAME = words("national insurance", "nino", r"n\.?i\.?(?: no| number)")


@cache
def _by_length() -> dict[int, tuple[Scheme, ...]]:
    lengths = {n for scheme in SCHEMES for n in scheme.lengths}
    return {n: tuple(scheme for scheme in SCHEMES if n in scheme.lengths) for n in lengths}


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def _find(text: str) -> Iterator[tuple[int, int]]:
    for match in CANDIDATE.finditer(text):
        before = LETTERS_BEFORE.search(text, max(0, match.start() - 8), match.start())
        if before is None or DATE.match(match.group()):
            continue
        for start in sorted({before.start(), match.start()}):  # "SSN 536904399": the letters need not belong to it
            if end := _end(text, start, match.end()):
                yield start, end
                break


def _end(text: str, start: int, stop: int) -> int:
    """Where the number that begins at ``start`` ends; 0 if none does. Whole groups are tried, the most first."""
    if sum(map(str.isdigit, text[start:stop])) < FEWEST_DIGITS:
        return 0
    before = ""
    for end in reversed([m.start() for m in re.finditer(r"[ \xa0.\-/+]", text[start:stop])] + [stop - start]):
        value = text[start : start + end]
        short = compact(value)
        if not SHORTEST <= len(short) <= LONGEST or sum(map(str.isdigit, short)) < FEWEST_DIGITS:
            continue
        before = before or text[max(0, start - CONTEXT_BEFORE_CHARS) : start]
        if UK_INSURANCE.fullmatch(short) and UK_INSURANCE_NAME.search(before):
            return start + end
        for scheme in _by_length().get(len(short), ()):
            module = _module(scheme.module)
            if scheme.name.search(before) and len(set(short)) > 2 and (module.is_valid(value) or module.is_valid(short)):
                return start + end
    return 0


KIND = Kind(
    "national_id", "national identity, social security, tax and health numbers", _find, compact, rank=36, libraries=("python-stdnum",)
)
