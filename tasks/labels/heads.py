"""Heads: one question that is asked about a document or its lines, as a file. A head has a name, labels or a scale, a prompt, and the form in which an
answer is given and read.

The shipped heads are in ``shipped/``; their labels are published ones, their prompts are our own words, as the licences of the published prompts differ.
A head of your own is a YAML file with the same keys. Whatever may change an answer is part of its digest: with another label, another meaning or another
prompt it is another head, and none of its old answers is used again. What was judged is a table (judged.py); what learns from it is a model and
belongs to ``tasks/models``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest, stable
from winnow.tasks.engine.options import near
from winnow.tasks.engine.parsing import parsed_yaml

SHIPPED = Path(__file__).parent / "shipped"
NAME = re.compile(r"[a-z][a-z0-9_]*")
Form = Literal["choice", "choices", "score", "code", "lines"]
FORMS: tuple[str, ...] = get_args(Form)
MAX_LABELS = 500
MAX_BYTES = 1 << 20


@stable("option/label")
@dataclass(frozen=True)
class Label:
    """One label of a head: its name, as it stands in tables, and what it means, as the annotator is told."""

    name: str
    meaning: str = ""


@stable("option/scale")
@dataclass(frozen=True)
class Scale:
    """The whole numbers from ``low`` to ``high``, and what some of them mean."""

    low: int
    high: int
    meanings: tuple[tuple[int, str], ...] = ()


@stable("option/excerpt")
@dataclass(frozen=True)
class Excerpt:
    """What an annotator sees of a document of more than ``longer_than`` characters: ``part`` characters from its beginning, from a place that the seed and the
    document choose, and from its end (Essential-Web: 10,000 each above 30,000); with ``parts`` = 1 its beginning only (WebOrganizer: 50,000)."""

    longer_than: int = 30_000
    part: int = 10_000
    parts: int = 3


@stable("option/head")
@dataclass(frozen=True)
class Head:
    """``form`` says how an answer is given: ``choice`` one label, ``choices`` a first label and perhaps a second, ``score`` a number of the ``scale``,
    ``code`` a number of a decimal classification that ``pattern`` describes, ``lines`` one label for every line. ``group`` is the set that a head belongs to,
    and which may be named in its place. ``clean`` is, of a head for lines, the label of those that stay.

    Raises:
        BadInput: on construction, a head that cannot be asked or read.
    """

    name: str
    form: Form
    prompt: str
    labels: tuple[Label, ...] = ()
    scale: Scale | None = None
    pattern: str = ""
    clean: str = ""
    excerpt: Excerpt = Excerpt()
    answer_tokens: int = 300
    about: str = field(default="", metadata={"identity": False})
    source: str = field(default="", metadata={"identity": False})
    group: str = field(default="", metadata={"identity": False})

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise BadInput(f"The head {self.name!r} names columns of tables: use lower-case letters, digits and _ only, a letter first.")
        if self.form not in FORMS:
            raise self._error(f"form is {self.form!r}; it must be one of {', '.join(FORMS)}")
        if not self.prompt.strip():
            raise self._error("its prompt is empty. Say what is asked")
        names = [label.name for label in self.labels]
        folded = [name.casefold().strip() for name in names]
        if self.form in ("choice", "choices", "lines"):
            if len(names) < 2:
                raise self._error(f"it has {len(names)} labels; there must be at least two to choose from")
            if len(names) > MAX_LABELS:
                raise self._error(
                    f"it has {len(names)} labels, more than the {MAX_LABELS} that can be asked at once. Divide it into several heads"
                )
        elif names:
            raise self._error(f"the form {self.form} has no labels. Leave them out, or take the form choice")
        if len(set(folded)) < len(folded) or "" in folded:
            raise self._error("two of its labels have the same name, or one has none")
        if (self.form == "score") != (self.scale is not None):
            raise self._error("a scale belongs to the form score, and only to that")
        if self.scale is not None and not self.scale.low < self.scale.high:
            raise self._error(f"its scale goes from {self.scale.low} to {self.scale.high}; the second number must be greater")
        if (self.form == "code") != bool(self.pattern):
            raise self._error("a pattern belongs to the form code, and only to that")
        try:
            re.compile(self.pattern)
        except re.error as e:
            raise self._error(f"its pattern {self.pattern!r} is no regular expression ({e})") from None
        if (self.form == "lines") != bool(self.clean) or (self.clean and self.clean not in names):
            raise self._error("the form lines, and only that, needs `clean`: the name of the label of lines that stay")
        if self.excerpt.part < 1 or self.excerpt.parts not in (1, 3) or self.excerpt.longer_than < self.excerpt.part * self.excerpt.parts:
            raise self._error("its excerpt needs part >= 1, parts 1 or 3, and longer_than of at least parts x part characters")
        if self.answer_tokens < 1:
            raise self._error("answer_tokens must be at least 1")

    def _error(self, message: str) -> BadInput:
        return BadInput(f"The head {self.name}: {message}.")

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex of everything that may change an answer."""
        return digest(self)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its labels; the numbers of its scale; empty for codes."""
        if self.scale is not None:
            return tuple(str(n) for n in range(self.scale.low, self.scale.high + 1))
        return tuple(label.name for label in self.labels)

    @property
    def of_lines(self) -> bool:
        """Whether it is asked about lines rather than whole documents."""
        return self.form == "lines"


def shipped_heads() -> dict[str, Head]:
    """Every shipped head by name."""
    return {path.stem: _read(path) for path in sorted(SHIPPED.glob("*.yaml"))}


def heads(spec: str) -> tuple[Head, ...]:
    """The head that ``spec`` names: a shipped one, every shipped one of a group (``essential_web``), or a YAML file by path. Several are separated by commas.

    Raises:
        BadInput: no such head, a file that cannot be read, or two heads of one name.
    """
    found: list[Head] = []
    for part in (p.strip() for p in spec.split(",")):
        found += _named(part)
    names = [head.name for head in found]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"The head {repeated[0]} is named twice in {spec!r}. Name each once.")
    return tuple(found)


def head(spec: str) -> Head:
    """The one head that ``spec`` names. Raises BadInput, also if they are several."""
    found = heads(spec)
    if len(found) != 1:
        raise BadInput(f"{spec} names {len(found)} heads: {', '.join(h.name for h in found)}. Name one of them.")
    return found[0]


def _named(spec: str) -> list[Head]:
    path = SHIPPED / f"{spec}.yaml"
    if NAME.fullmatch(spec) and path.is_file():
        return [_read(path)]
    if spec.endswith((".yaml", ".yml")):
        return [_read(Path(spec))]
    shipped = shipped_heads()
    if group := [h for h in shipped.values() if h.group == spec and spec]:
        return group
    groups = sorted({h.group for h in shipped.values() if h.group})
    raise BadInput(
        f"There is no head {spec!r}.{near(spec, [*shipped, *groups])} Shipped heads: {', '.join(shipped)}; groups of them: {', '.join(groups)}. "
        "A head of your own is the path of a YAML file."
    )


def _read(path: Path) -> Head:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"The head {path} is larger than {MAX_BYTES} bytes. A head is a short YAML file.")
        raw = parsed_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}. Give a shipped head by name, or the path of a YAML file.") from None
    except (OSError, ValueError) as e:
        raise BadInput(f"The head {path} cannot be read as YAML: {' '.join(str(e).split())}.") from None
    if not isinstance(raw, dict):
        raise BadInput(f"The head {path} must be a mapping with the keys name, form and prompt; it is {type(raw).__name__}.")
    return parsed(raw, str(path))


def parsed(raw: Mapping[str, Any], place: str) -> Head:
    """A head of the plain values of its YAML. Raises BadInput."""
    known = [f.name for f in fields(Head)]
    for key in raw:
        if key not in known:
            raise BadInput(f"The head {place} has an unknown key {key!r}.{near(str(key), known)} Known keys: {', '.join(known)}.")
    for key in ("name", "form", "prompt"):
        if raw.get(key) is None:
            raise BadInput(f"The head {place} has no {key}. Each head has the keys name, form and prompt; docs/labels.md shows one.")
        if not isinstance(raw[key], str):
            raise BadInput(f"The head {place}: {key} is {raw.get(key)!r}; it must be a text.")
    values = dict(raw)
    try:
        if "labels" in raw:
            values["labels"] = _labels(raw["labels"])
        if "scale" in raw:
            given = dict(raw["scale"])
            meanings = tuple((int(n), str(text)) for n, text in (given.pop("meanings", None) or {}).items())
            values["scale"] = Scale(**{k: _whole(v) for k, v in given.items()}, meanings=meanings)
        if "excerpt" in raw:
            values["excerpt"] = Excerpt(**{k: _whole(v) for k, v in dict(raw["excerpt"]).items()})
        if "answer_tokens" in raw:
            values["answer_tokens"] = _whole(raw["answer_tokens"])
    except (TypeError, ValueError) as e:
        raise BadInput(f"The head {place} cannot be read: {e}. docs/labels.md shows the form of each key.") from None
    for key in ("pattern", "clean", "about", "source", "group"):
        if key in values and not isinstance(values[key], str):
            raise BadInput(f"The head {place}: {key} is {values[key]!r}; it must be a text.")
    return Head(**values)


def _labels(given: Any) -> tuple[Label, ...]:
    """A list of names, or a mapping of names to meanings."""
    pairs = given.items() if isinstance(given, dict) else [(name, "") for name in given] if isinstance(given, list) else None
    if pairs is None:
        raise TypeError("labels must be a list of names, or a mapping of names to meanings")
    for name, meaning in pairs:
        if not isinstance(name, str) or not isinstance(meaning, str | None):
            raise TypeError(f"the label {name!r} must be a text, and so must its meaning; put a number or a yes in quotes")
    return tuple(Label(name, (meaning or "").strip()) for name, meaning in pairs)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} must be a whole number")
    return value
