"""Language packs: bounds and stop words of one language, in the fields of FineWeb2's configurations (Penedo et al. 2025), as limits of a recipe.

``languages`` of a recipe is a mapping of label (as the recipe's language model writes it) to a file of FineWeb2 or to its fields, or a folder of such
files, whose names are the labels (fra_Latn.yml). What a pack bounds replaces the recipe's own bound for documents of that language. Where FineWeb2
cuts the words of a language with a segmenter, so does the pack (``tasks/signals/segmentation.py``), unless the recipe's ``segment`` says otherwise.
"""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import yaml

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Phase, Section, rooted_paths
from winnow.tasks.extract.language_codes import which
from winnow.tasks.signals.filter import Filter
from winnow.tasks.signals.filters.gopher import Gopher
from winnow.tasks.signals.limit import Limit
from winnow.tasks.signals.segmentation import Segmenter, assigned

MIN_STOP_WORDS = 2
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LOW, HIGH = 0, 1
PLAIN = {
    "language_score": ("language_score", LOW),
    "dup_line_frac": ("duplicate_line_share", HIGH),
    "line_punct_thr": ("punctuated_line_share", LOW),
    "new_line_ratio": ("newline_per_word", HIGH),
    "min_avg_word_length": ("mean_word_chars", LOW),
    "max_avg_word_length": ("mean_word_chars", HIGH),
    "max_non_alpha_words_ratio": ("alpha_word_share", LOW),  # datatrove's name; it is the least share of words with a letter
}
NGRAMS = {"top_n_grams": "top_{n}gram_char_share", "dup_n_grams": "duplicate_{n}gram_char_share"}
KNOWN = (*PLAIN, *NGRAMS, "stopwords")
ON_WORDS = frozenset(KNOWN) - {"language_score", "dup_line_frac", "line_punct_thr"}
"""Fields whose meaning depends on how words are cut."""
Bounds = list[float | None]


def read(value: Any, spec: str, beside: Path) -> dict[str, dict[str, Any]]:
    """The packs that a recipe names, by label. Paths are relative to ``beside``.

    Raises:
        BadInput: no such file or folder, an unknown field, a value of another kind.
    """
    if isinstance(value, str):
        folder = beside / value
        files = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])
        if not files:
            raise BadInput(
                f"Recipe {spec}: languages names the folder {value}, which has no .yml file. Get FineWeb2's configs, or write a mapping."
            )
        value = {path.stem: str(path) for path in files}
    if not isinstance(value, Mapping) or not value or not all(isinstance(k, str) for k in value):
        raise BadInput(
            f"Recipe {spec}: languages is a folder of packs, or a mapping of language (in quotes: 'no') to a file or its fields; it is {value!r}."
        )
    return {label: _pack(label, given, spec, beside) for label, given in sorted(value.items())}


def _pack(label: str, given: Any, spec: str, beside: Path) -> dict[str, Any]:
    where = f"Recipe {spec}: the pack of {label}"
    if isinstance(given, str):
        try:
            given = yaml.load((beside / given).read_text(encoding="utf-8"), LOADER)  # noqa: S506 a safe loader, compiled where it is installed
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
            raise BadInput(f"{where} cannot be read: {' '.join(str(e).split())}") from None
    if not isinstance(given, Mapping) or not given:
        raise BadInput(f"{where} is {given!r}; write the path of a YAML file, or fields such as {{language_score: 0.8}}.")
    for key, value in given.items():
        if key not in KNOWN:
            near = difflib.get_close_matches(str(key), KNOWN, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadInput(f"{where} has an unknown field {key!r}.{hint} Fields: {', '.join(KNOWN)}.")
        if key in PLAIN and not _number(value):
            raise BadInput(f"{where} has {key}: {value!r}, which is no number.")
        if key in NGRAMS and not (
            isinstance(value, list) and all(isinstance(p, list) and len(p) == 2 and isinstance(p[0], int) and _number(p[1]) for p in value)
        ):
            raise BadInput(f"{where} has {key}: {value!r}; write pairs of n and the largest share, such as [[2, 0.16]].")
        if key == "stopwords" and not (isinstance(value, list) and value and all(isinstance(w, str) for w in value)):
            raise BadInput(f"{where} has stopwords: {value!r}; write a list of words (in quotes, where YAML would read yes or no).")
    return dict(given)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def limited(limits: tuple[Limit, ...], packs: Mapping[str, Mapping[str, Any]]) -> tuple[Limit, ...]:
    """The limits with the packs in them. Signals that only packs bound come last, and bind no other language."""
    own: dict[str, dict[str, Bounds]] = {}
    for label, pack in packs.items():
        for signal, side, value in _asked(pack):
            own.setdefault(signal, {}).setdefault(label, [None, None])[side] = value
    general = {limit.signal: limit for limit in limits}
    for signal, of in own.items():
        by_language = tuple((label, low, high) for label, (low, high) in sorted(of.items()))
        before = general.get(signal)
        general[signal] = replace(before, by_language=by_language) if before else Limit(signal, by_language=by_language)
    return tuple(general.values())


def _asked(pack: Mapping[str, Any]) -> list[tuple[str, int, float]]:
    found = [(*PLAIN[key], float(value)) for key, value in pack.items() if key in PLAIN]
    found += [(name.format(n=n), HIGH, float(most)) for key, name in NGRAMS.items() for n, most in pack.get(key, ())]
    if "stopwords" in pack:
        found.append(("stop_word_count", LOW, float(MIN_STOP_WORDS)))
    return found


def worded(filters: tuple[Filter, ...], packs: Mapping[str, Mapping[str, Any]]) -> tuple[Filter, ...]:
    """The filters, with the packs' stop words in those that count them."""
    words = tuple((label, tuple(pack["stopwords"])) for label, pack in sorted(packs.items()) if "stopwords" in pack)
    return tuple(replace(f, language_stop_words=words) if words and isinstance(f, Gopher) else f for f in filters)


def segmented(packs: Mapping[str, Mapping[str, Any]], said: tuple[Segmenter, ...]) -> tuple[Segmenter, ...]:
    """The segmenters of a recipe, and those that the bounds on words of its packs were made with."""
    labels = tuple(s.language for s in said)
    found = [(label, assigned(label)) for label, pack in sorted(packs.items()) if pack.keys() & ON_WORDS and not which(label, labels)]
    return (*said, *(Segmenter.of(label, library) for label, library in found if library))


class LanguagesSection(Section):
    key = "languages"
    phase: ClassVar[Phase] = "measure"
    order = 10
    about = "Bounds and stop words of single languages, in the form of FineWeb2's configurations."
    options = dict[str, Any]

    def read(self, value: Any, reader: Reader) -> dict[str, dict[str, Any]]:
        return read(value, reader.spec, reader.beside)

    def rooted(self, value: Any, beside: Path) -> Any:
        return rooted_paths(value, beside, *value) if isinstance(value, Mapping) else rooted_paths(value, beside)

    def amend(self, options: dict[str, Any], reader: Reader) -> None:
        """What the packs say is in the limits and filters, as if the recipe had written it there."""
        found = options.pop(self.key)
        options["limits"] = limited(options["limits"], found)
        options["measure"] = {group: worded(filters, found) for group, filters in options["measure"].items()}
        options["segment"] = segmented(found, options.get("segment") or ()) or None

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "object"]}
