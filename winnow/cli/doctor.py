"""``winnow doctor``: is this machine fit to run? Every line says what was found and, if it is not well, what to do."""

import importlib.util
import json
import os
import re
import shutil
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

FASTTEXT = "fasttext-numpy2-wheel" if sys.version_info < (3, 13) else "fasttext-numpy2"
KENLM = "ufal-kenlm"
PINNED = {"prefect": "3.8.8", "fastapi": "0.150.0", "sqlalchemy": "2.0.58"}
MIN_FREE_BYTES = 5 << 30


def examine() -> tuple[list[str], bool]:
    """Lines for people, and whether all is well."""
    found: list[tuple[bool, str]] = [
        _python(),
        *_pins(),
        _contact(),
        _fasttext(),
        _model(),
        _language_models(),
        _datatrove(),
        _kernels(),
        _memory(),
        _disk(),
        _server(),
        *_automations(),
    ]
    return [f"{'ok  ' if well else 'BAD '} {text}" for well, text in found], all(well for well, _ in found)


def _python() -> tuple[bool, str]:
    well = (3, 11) <= sys.version_info < (3, 14)
    return well, f"Python {sys.version.split()[0]}" + (
        "" if well else ": winnow needs 3.11, 3.12 or 3.13; make the environment anew with one of them (`make setup PYTHON=python3.11`)"
    )


def _pins() -> list[tuple[bool, str]]:
    lines = []
    for name, wanted in PINNED.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "missing"
        well = installed == wanted
        lines.append(
            (well, f"{name} {installed}" + ("" if well else f": known to work is {wanted}; `make setup` installs the locked versions"))
        )
    return lines


def _owners(module: str) -> list[str]:
    """The installed distributions that provide a module, by their normalised names (PEP 503)."""
    return sorted({re.sub(r"[-_.]+", "-", name).lower() for name in packages_distributions().get(module, [])})


def _contact() -> tuple[bool, str]:
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.transport.http import CONTACT, user_agent

    try:
        said = user_agent()
    except BadInput as e:
        return False, str(e)
    return True, f"servers are told: {said}" + (
        "" if "contact: " in said else f"; set {CONTACT} to an address or URL where their operators can reach you"
    )


def _fasttext() -> tuple[bool, str]:
    owners = _owners("fasttext")
    if owners == [FASTTEXT]:
        return True, f"fasttext from {FASTTEXT} {version(FASTTEXT)}"
    said = ", ".join(owners) or "nothing"
    return (
        False,
        f"the module fasttext is provided by {said}; several distributions overwrite each other. Uninstall them all, then install {FASTTEXT} alone (`make setup`)",
    )


def _model() -> tuple[bool, str]:
    from winnow.tasks.engine.errors import WinnowError
    from winnow.tasks.extract.language import LanguageModel
    from winnow.tasks.models.files import model_file

    try:
        [(language, score)] = LanguageModel.of(model_file("lid.176.ftz")).predict(["This is a plain English sentence about the weather."])
    except WinnowError as e:
        return False, str(e)
    return language == "en", f"language model lid.176.ftz says {language} ({score:.2f}) of an English sentence"


def _language_models() -> tuple[bool, str]:
    """What training and perplexity need, and whether another distribution has taken the module of one of them."""
    owners = _owners("kenlm")
    lmplz = (
        "lmplz found, for --estimator lmplz"
        if all(map(shutil.which, ("lmplz", "build_binary")))
        else "no lmplz: Winnow estimates models itself"
    )
    if owners != [KENLM]:
        said = ", ".join(owners) or "nothing"
        return False, f"the module kenlm is provided by {said}. Uninstall that, then install {KENLM} alone (`make setup`)"
    return True, f"sentencepiece {version('sentencepiece')}, kenlm from {KENLM} {version(KENLM)}; {lmplz}"


def _datatrove() -> tuple[bool, str]:
    missing = [m for m in ("spacy", "nltk", "trafilatura", "ahocorasick") if importlib.util.find_spec(m) is None]
    return True, f"datatrove {version('datatrove')} " + (
        f"without what its filter blocks need ({', '.join(missing)}); no shipped recipe uses one, `pip install 'winnow[datatrove]'` brings them"
        if missing
        else "with what its filter blocks need"
    )


def _kernels() -> tuple[bool, str]:
    from winnow.tasks.extract.extractors.nesting_kernels import deepest

    kept = getattr(deepest, "stats").cache_path  # noqa: B009  # a kernel is more than the function it is typed as
    return bool(kept), f"numba {version('numba')} " + (
        f"keeps compiled kernels in {kept}"
        if kept
        else "can keep no compiled kernels: each worker compiles them anew, 15 s; set NUMBA_CACHE_DIR to a folder that can be written"
    )


def _memory() -> tuple[bool, str]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = os.cpu_count() or 1
    well = total / cores > 2 << 30
    return well, f"{total / 2**30:.1f} GiB of memory for {cores} cores" + (
        "" if well else ": a worker may need 2 GiB; use fewer --workers than cores"
    )


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(".").free
    return free > MIN_FREE_BYTES, f"{free / 2**30:.1f} GiB free here" + (
        "" if free > MIN_FREE_BYTES else ": too little for a store; point --store elsewhere"
    )


def _asked(url: str) -> Any:
    """What the API of a Prefect server answers. Raises OSError or ValueError."""
    password = os.environ.get("PREFECT_API_AUTH_STRING", "")
    headers = {"Authorization": f"Basic {b64encode(password.encode()).decode()}"} if password else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:  # noqa: S310
        return json.load(answer)


def _automations() -> list[tuple[bool, str]]:
    """Whether automations can fire: on the server in use, or on one that this environment would start. Nothing where the server does not say."""
    from winnow.flows.serve import automations_off

    why = "no automation fires, and a run whose machine died stays Running for ever"
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not url:
        off = automations_off(os.environ)
        return [(False, f"{', '.join(off)} in the environment: on a server started here {why}. Unset it")] if off else []
    try:
        services = _asked(f"{url}/admin/settings")["server"]["services"]
        off = [name for name in ("triggers", "event_persister") if not services[name]["enabled"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    if off:
        return [
            (
                False,
                f"the server's {' and '.join(off)} is off: {why}. Start it without PREFECT_SERVER_SERVICES_{off[0].upper()}_ENABLED=false",
            )
        ]
    return [(True, "automations fire on that server: a run whose machine died becomes Crashed")]


def _server() -> tuple[bool, str]:
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not url:
        return True, "no Prefect server set (PREFECT_API_URL): runs use an ephemeral one; `winnow serve` gives the UI"
    from winnow.tasks.transport.uri import without_credentials

    shown = without_credentials(url)
    try:
        found = str(_asked(f"{url}/admin/version"))
    except urllib.error.HTTPError as e:
        hint = (
            "set PREFECT_API_AUTH_STRING=USER:PASSWORD as it is set there" if e.code == 401 else "is it the URL of an API, ending in /api?"
        )
        return False, f"the Prefect server {shown} answers {e.code}: {hint}"
    except (OSError, ValueError) as e:
        said = getattr(e, "reason", e)
        return (
            False,
            f"the Prefect server {shown} does not answer ({said}): start it (`winnow serve`), or unset PREFECT_API_URL to run without one",
        )
    wanted = PINNED["prefect"]
    return found == wanted, f"Prefect server {shown}, {found}" + (
        "" if found == wanted else f": this is {wanted}; give both the same version"
    )
