"""The parameters of a run, each spelt once: its name, type, bounds, default and words. The command line, the form in the Prefect UI, the Python API,
the checks and the reference are all made from this model.

What decides *what* comes out (source, recipe, the choice of files) and what decides only *how* it is made (workers, memory, runner) stand side by side
here; the addresses of the steps know the first kind alone.
"""

import inspect
import os
from collections.abc import Callable, Collection
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.transport.uri import has_credentials

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Request:
    """What a user asks for: plain values only.

    Raises:
        BadInput: a value of the wrong type or out of its range, or credentials inside a URI.
    """

    source: Annotated[
        str,
        Field(
            description="A crawl id (CC-MAIN-2026-43, CC-NEWS-2024-05), the root of a mirror of Common Crawl, or a folder, file or pattern "
            "(data/*.parquet) of WARC, WET or ARC, or of documents that already are text: Parquet, JSONL, CSV or plain text. A path or a URI "
            "(https://, s3://, hf://)."
        ),
    ]
    recipe: Annotated[str, Field(description="A shipped recipe (`winnow recipes` lists them) or the path of a YAML file.")] = "fineweb"
    store: Annotated[
        str,
        Field(
            description="The folder or URI (s3://bucket/prefix) where artifacts and corpora are kept, or a winnow-store block as block:NAME."
        ),
    ] = "winnow-store"
    workers: Annotated[
        int,
        Field(
            ge=1,
            le=256,
            description="Worker processes on this machine; a command takes one per core if it is left out. Never changes a result.",
        ),
    ] = 2
    snapshot: Annotated[str, Field(description="Which crawl of a mirror that has several; a name for plain files.")] = ""
    kind: Annotated[str, Field(description="Which files of a crawl are read: warc or wet.")] = "warc"
    limit: Annotated[int, Field(ge=0, description="Only the first N files; all of them if it is left out.")] = 0
    sample_fraction: Annotated[
        float, Field(gt=0, le=1, description="A random share of the files, which is the same for the same seed.")
    ] = 1.0
    seed: Annotated[int, Field(description="The seed of the sample.")] = 0
    files_per_shard: Annotated[int, Field(ge=1, description="How many files one worker takes at a time. Never changes a result.")] = 1
    text_column: Annotated[str, Field(description="The column that holds the text of documents that already are text.")] = "text"
    part_mib: Annotated[
        float,
        Field(
            ge=0,
            description="A larger Parquet or JSONL file is cut in parts of about this size, a shard each; 0 for never. Never changes a document.",
        ),
    ] = 16.0
    strict: Annotated[
        bool,
        Field(description="End the run at a listed file that is not there. Otherwise it is counted and named, and the run exits with 3."),
    ] = False
    base_url: Annotated[
        str, Field(description="Where crawl ids are looked up, if not at Common Crawl over HTTPS; s3://commoncrawl/ works too.")
    ] = ""
    anonymous: Annotated[bool, Field(description="Read S3 without credentials.")] = False
    memory_gib: Annotated[
        float,
        Field(
            gt=0, description="What one worker may hold in memory while it compares documents of the whole crawl. Never changes a result."
        ),
    ] = 1.0
    remember: Annotated[
        str, Field(description="Put the kept documents into the index of this name, which later snapshots can be deduplicated against.")
    ] = ""
    runner: Annotated[
        str,
        Field(
            description="Who makes the shards: local, dask, dask:tcp://HOST:8786, ray, ray:ray://HOST:10001, or a winnow-runner block as "
            "block:NAME. Never changes a result."
        ),
    ] = "local"
    worker_memory_gib: Annotated[
        float,
        Field(
            ge=0,
            description="A local worker that holds more is ended, and its shard is named; 0 for an equal share of the machine's memory.",
        ),
    ] = 0.0

    @model_validator(mode="wrap")
    @classmethod
    def _explained(cls, values: Any, handler: ModelWrapValidatorHandler["Request"]) -> "Request":
        try:
            request = handler(values)
        except ValidationError as e:
            raise BadInput(_said(e)) from None
        for name in ("source", "store", "base_url", "runner"):
            if has_credentials(getattr(request, name)):
                raise BadInput(
                    f"The {name} has credentials in its URI, which would end up in logs. Take them out and set them in the environment or a block."
                )
        return request


FIELDS: dict[str, Any] = getattr(Request, "__pydantic_fields__")  # noqa: B009  # pydantic adds it to the class
"""Name -> pydantic's FieldInfo, in the order of the form."""


def _said(error: ValidationError) -> str:
    """The first thing that is wrong, with the option that it belongs to."""
    first = error.errors()[0]
    place = first["loc"][0] if first["loc"] else ""
    name = list(FIELDS)[place] if isinstance(place, int) else str(place)
    message = first["msg"].replace("Input should", "it must").replace("Unexpected keyword argument", "a run has no such parameter")
    return f"{name.replace('_', '-')} is {first['input']!r}; {message}."


def cores() -> int:
    """How many workers a command starts unless told otherwise: one per core."""
    return max(1, os.cpu_count() or 1)


def takes_request(function: F, *, leaving_out: Collection[str] = ()) -> F:
    """A function with a ``**request`` gets the parameters of a run in its place: in its signature, and in the ``Args:`` of its docstring.

    ``leaving_out`` names those that it finds out itself, such as the source of each run that a backfill starts.

    A parameter of the same name that the function declares itself keeps its place and default; it is described here all the same. Prefect makes its
    form, and cyclopts the options of a command, from signature and docstring.
    """
    declared = inspect.signature(function, eval_str=True)
    own = {n: p for n, p in declared.parameters.items() if p.kind is not inspect.Parameter.VAR_KEYWORD}
    asked = {n: own[n] if n in own else _parameter(n) for n in FIELDS if n not in leaving_out}
    required = {n: p for n, p in own.items() if p.default is p.empty}
    every = sorted((required | asked | own).values(), key=lambda p: p.kind)
    lines = [f"{name}: {FIELDS[name].description}" for name in asked]
    about, _, args = (inspect.getdoc(function) or "").partition("\n\nArgs:\n")
    args, blank, rest = args.partition("\n\n")
    documented = [*lines, *(line.strip() for line in args.splitlines())]

    signature = inspect.Signature(every, return_annotation=declared.return_annotation)
    first = [n for n, p in own.items() if p.kind is inspect.Parameter.POSITIONAL_ONLY]

    def call(*positional: Any, **named: Any) -> Any:
        bound = signature.bind(*positional, **named)
        bound.apply_defaults()
        given = bound.arguments
        return function(*[given.pop(n) for n in first if n in given], **given)

    call.__name__, call.__qualname__, call.__module__ = function.__name__, function.__qualname__, function.__module__
    call.__doc__ = about + "\n\nArgs:\n" + "\n".join(f"    {line}" for line in documented) + blank + rest
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in every}
    return call  # type: ignore[return-value]


def _parameter(name: str) -> inspect.Parameter:
    field = FIELDS[name]
    annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    if field.is_required():
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=annotation)
