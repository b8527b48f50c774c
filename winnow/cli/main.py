"""The command ``winnow``: a thin line over the flows. Parsing, what the terminal shows, and exit codes; nothing else.

Imports are inside the commands: ``winnow --help`` answers at once, and a run with nothing to do never loads Prefect.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from winnow.tasks.runs.run import Request, Run

OK, FAILED, BAD_INPUT = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 ran but failed, 2 bad input or configuration (one paragraph on stderr)."""
    args = _parser().parse_args(argv)
    from winnow.tasks.engine.errors import Transient, WinnowError

    try:
        return int(args.command(args))
    except WinnowError as e:
        print(f"winnow: {e}", file=sys.stderr)
        return BAD_INPUT
    except Transient as e:
        print(f"winnow: {e} This may pass: run the same command again, what is finished is kept.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("winnow: stopped. Run the same command again to go on; what is finished is kept.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # `winnow inspect FILE | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="winnow", description="Common Crawl snapshots in, curated training corpora out.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=run)
        return sub

    run = command("run", _run, "Curate a snapshot with a recipe. The same command again resumes, or says that nothing is left to do.")
    plan = command(
        "plan",
        _plan,
        "Forecast a run from a random sample of its shards: time, CPU-hours, disk, documents, tokens. The run goes on from the sample.",
    )
    plan.add_argument("--sample", type=int, default=10, metavar="N", help="how many shards are drawn (default: 10)")
    plan.add_argument("--sample-seed", type=int, default=0, help="seed of the draw")
    plan.add_argument("--cluster-cores", type=int, default=0, metavar="C", help="forecast the time on a cluster of so many cores, too")
    plan.add_argument("--fresh", action="store_true", help="measure anew, also if this sample was measured before")
    for sub in (run, plan):
        _source_arguments(sub)
    run.add_argument("--remember", default="", metavar="INDEX", help="put the kept documents into this index, for later snapshots")

    inspect = command("inspect", _inspect, "Every record that the reader gets out of an archive file, and every damage.")
    inspect.add_argument("file")
    inspect.add_argument("--json", action="store_true", help="one JSON object per line")

    status = command("status", _status, "Runs and corpora of a store: what is done, what is missing.")
    prune = command("prune", _prune, "Delete what no kept run of a store needs.")
    prune.add_argument(
        "--drop", action="append", default=[], metavar="RUN", help="forget this run and delete its corpus too (see `winnow status`)"
    )
    prune.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    index = command("index", _index, "Indexes of kept documents, which later snapshots are deduplicated against.")
    index.add_argument("action", choices=("list", "take-down", "drop"), help="take-down: forget one document; drop: forget a snapshot")
    index.add_argument("name", nargs="?", default="", help="the index")
    index.add_argument("what", nargs="?", default="", help="take-down: the id or URL of a document; drop: the snapshot")
    index.add_argument("--reason", default="", help="why a document is taken down; recorded in the index")
    explain = command("explain", _ledger("explain"), "Everything that is known of one page: measured, crossed, copies, edits, fate.")
    explain.add_argument("what", help="a URL, the id of a document or record, or a text file (measured with --recipe now)")
    explain.add_argument("--recipe", default="fineweb", help="for a text file: whose limits it is held against")
    explain.add_argument("--html", default="", metavar="FILE", help="write a page too")
    sql = command("sql", _ledger("sql"), "Ask a run's tables: documents, signals, decisions, clusters, corpus. Read-only.")
    sql.add_argument("query", nargs="?", default="", help="a SELECT, or the name of a shipped query")
    sql.add_argument("-f", "--file", default="", help="read the query from a file")
    sql.add_argument("--list", action="store_true", help="the shipped queries")
    sql.add_argument("--csv", action="store_true", help="print CSV")
    sql.add_argument("--memory-gib", type=float, default=1.0, help="what DuckDB may hold")
    what_if = command("what-if", _ledger("what_if"), "Other limits on a finished run: which documents enter and leave, in seconds.")
    what_if.add_argument(
        "--set", action="append", default=[], metavar="SIGNAL.low=N", help="a bound to change; again for more; =none lifts it"
    )
    for sub in (sql, what_if):
        sub.add_argument("--recipe", default="", help="the newest run of this recipe")
    what_if.add_argument("--sweep", default="", metavar="SIGNAL", help="kept share against the bound")
    diff = command("diff", _ledger("diff"), "What differs between two runs: recipe, steps, documents gained and lost, signals.")
    diff.add_argument("a", help="a run's id")
    diff.add_argument("b", help="another's")
    diff.add_argument("--other-store", default="", help="the store of the second run, if it is another")
    verify = command("verify", _ledger("verify"), "Check every file of a run against its manifest; exit status 1 on damage.")
    verify.add_argument("run", nargs="?", default="", help="a run's id or the path of its manifest (default: the newest)")
    verify.add_argument("--step", default="", help="this step alone")
    verify.add_argument("--shard", default="", help="this shard alone")
    verify.add_argument("--mend", action="store_true", help="delete what is damaged, so that the next run makes it anew")
    threshold = command("threshold", _threshold, "Where to cut a signal of a finished run whose values form two groups.")
    threshold.add_argument("signal")
    threshold.add_argument("--run", required=True, metavar="RUN", help="a run of the store (see `winnow status`)")
    threshold.add_argument("--language", default="", help="only documents of this language")
    threshold.add_argument("--svg", default="", metavar="FILE", help="where the plot goes (default: threshold-SIGNAL.svg)")
    export = command("export", _export, "Write a finished run in the files of RedPajama-V2: documents, quality signals, duplicates.")
    export.add_argument("--out", required=True, metavar="FOLDER", help="where the files go")
    for sub in (explain, sql, what_if, export):
        sub.add_argument("--run", default="", help="a run's id or the path of its manifest (default: the newest)")
    for sub in (explain, sql, what_if, diff, verify):
        sub.add_argument("--json", action="store_true", help="print JSON")
    serve = command("serve", _serve, "A Prefect server with its UI, the deployments and a worker on this machine, until Ctrl-C.")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    serve.add_argument("--port", type=int, default=4200)
    deploy = command("deploy", _deploy, "Register blocks, work pool and deployments with the Prefect server in PREFECT_API_URL.")
    deploy.add_argument("--pool", default="winnow", help="work pool whose workers run the flows; made, of processes, if there is none")
    for sub in (serve, deploy):
        sub.add_argument("--watch", action="store_true", help="switch the schedule of watch-snapshots on")
    for sub in (serve, deploy, run, plan, status, prune, index, explain, sql, what_if, diff, verify, threshold, export):
        sub.add_argument("--store", default="winnow-store", help="folder or URI for artifacts and corpora (default: ./winnow-store)")

    recipes = command("recipes", _recipes, "The shipped recipes, or one of them with every default written out.")
    recipes.add_argument("name", nargs="?", help="a shipped recipe or the path of a YAML file")

    train = commands.add_parser("train", help="Train a model and register it.", description="Train a model and register it.")
    kinds = train.add_subparsers(required=True, metavar="KIND")
    lm = kinds.add_parser(
        "lm", help="a language model for perplexity", description="Train a language model as cc_net does: SentencePiece, KenLM."
    )
    lm.set_defaults(command=_train_lm)
    lm.add_argument("--lang", required=True, help="the language, as documents have it in their column language")
    lm.add_argument(
        "--text", required=True, nargs="+", metavar="FILE", help=".txt (a line each), .jsonl or .parquet with a column text; .gz too"
    )
    lm.add_argument("--out", required=True, metavar="NAME", help="name in the registry of models, or the path of a folder")
    lm.add_argument("--vocabulary", type=int, default=65536, help="pieces of SentencePiece, at most (cc_net: 65536)")
    lm.add_argument("--order", type=int, default=5)
    lm.add_argument(
        "--prune", type=int, nargs="+", default=[0, 0, 1], metavar="N", help="per order, leave out n-grams seen at most N times"
    )
    lm.add_argument("--estimator", default="winnow", help="winnow, or lmplz if it is on the PATH (text larger than memory)")
    lm.add_argument("--licence", default="", help="licence of the model, for its card")
    _classifier_arguments(kinds)
    _importance_arguments(kinds)

    command("doctor", _doctor, "Check this machine: libraries, models, disk, Prefect.")
    return parser


def _source_arguments(sub: argparse.ArgumentParser) -> None:
    """What is read, with which recipe, by how many."""
    sub.add_argument(
        "source",
        help="a crawl id (CC-MAIN-2026-43), the root of a mirror, a folder or file of WARC/WET/ARC, Parquet or JSONL with a text column",
    )
    sub.add_argument("--recipe", default="fineweb", help="a shipped recipe (see `winnow recipes`) or the path of a YAML file")
    sub.add_argument("--workers", type=int, default=max(1, os.cpu_count() or 1), help="worker processes (default: one per core)")
    sub.add_argument("--snapshot", default="", help="which crawl of a mirror that has several; a name for plain files")
    sub.add_argument("--kind", choices=("warc", "wet"), default="warc", help="which files of a crawl")
    sub.add_argument("--limit", type=int, default=None, help="only the first N files")
    sub.add_argument("--sample-fraction", type=float, default=1.0, help="a random share of the files, the same for the same --seed")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--files-per-shard", type=int, default=1, help="files that one worker takes at a time")
    sub.add_argument(
        "--base-url", default="", help="where crawl ids are looked up (default: Common Crawl over HTTPS; s3://commoncrawl/ works too)"
    )
    sub.add_argument("--anonymous", action="store_true", help="read S3 without credentials")
    sub.add_argument(
        "--memory-gib", type=float, default=1.0, help="what one worker may hold while it compares documents of the whole crawl"
    )
    sub.add_argument(
        "--runner", default="local", help="who makes the shards: local, dask, dask:tcp://HOST:8786, ray, ray:ray://HOST:10001 or block:NAME"
    )
    sub.add_argument(
        "--worker-memory-gib", type=float, default=0.0, help="a worker that holds more is ended (default: an equal share of the machine)"
    )
    sub.add_argument("--json", action="store_true", help="print one JSON object as the last line on stdout")
    sub.add_argument("--verbose", action="store_true", help="show Prefect's log")


def _classifier_arguments(kinds: Any) -> None:
    c = kinds.add_parser(
        "classifier",
        help="a fastText classifier of documents",
        description="Train a fastText classifier from positive and negative examples: files, or documents of a finished run.",
    )
    c.set_defaults(command=_train_classifier)
    _example_arguments(c)
    c.add_argument("--preset", default="", help="published options: quality, wikiref, educational, harmful or math")
    for name, text in (
        ("word-ngrams", "longest n-grams of words"),
        ("dim", "numbers per word"),
        ("epochs", "passes over the examples"),
        ("min-count", "words seen less often are left out"),
        ("buckets", "rows that n-grams share"),
        ("seed", "of the order of examples, and of the first weights"),
    ):
        c.add_argument(f"--{name}", type=int, default=None, help=text)
    c.add_argument("--learning-rate", type=float, default=None)
    c.add_argument("--prepare", default=None, help="line: text as it is; words: lower case, punctuation apart; prose: the same without formulas")
    c.add_argument("--per-class", type=int, default=0, metavar="N", help="at most N examples of each kind")
    c.add_argument("--unbalanced", action="store_true", help="all examples of both kinds (default: as many of one as of the other)")


def _importance_arguments(kinds: Any) -> None:
    i = kinds.add_parser(
        "importance",
        help="importance weights (DSIR): documents like a target text",
        description="Count words and pairs of words of a target text (positive) and of raw text (negative): files, or documents of a finished run.",
    )
    i.set_defaults(command=_train_importance)
    _example_arguments(i)


def _example_arguments(c: argparse.ArgumentParser) -> None:
    c.add_argument("--out", required=True, metavar="NAME", help="name in the registry of models, or the path of a folder")
    for kind in ("positive", "negative"):
        c.add_argument(f"--{kind}", nargs="+", default=[], metavar="FILE", help=".txt (a document per line), .jsonl or .parquet; .gz too")
        c.add_argument(f"--{kind}-where", default="", metavar="SQL", help="documents of --run: over its signals, url, host, kept, reason")
        c.add_argument(f"--{kind}-domains", default="", metavar="FILE", help="documents of --run: a list of domains or URLs, one a line")
    c.add_argument("--run", default="", metavar="RUN", help="a finished run; negatives are its other documents unless chosen")
    c.add_argument("--store", default="winnow-store", help="the store of that run")
    c.add_argument("--lang", nargs="+", default=[], metavar="LANGUAGE", help="only documents of these; the model gives others no score")
    c.add_argument("--licence", default="", help="licence of the model, for its card")


def _request(args: argparse.Namespace, remember: str = "") -> "Request":
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.runs.run import Request

    if args.limit is not None and args.limit < 1:
        raise BadInput(f"--limit is {args.limit}; it must be at least 1 (leave it out for all files).")
    return Request(
        args.source if "://" in args.source or not Path(args.source).exists() else str(Path(args.source).absolute()),
        args.recipe, args.store, args.workers, args.snapshot, args.kind, args.limit or 0, args.sample_fraction, args.seed, args.files_per_shard,
        args.base_url, args.anonymous, args.memory_gib, remember, args.runner, args.worker_memory_gib,
    )  # fmt: skip


def _run(args: argparse.Namespace) -> int:
    from winnow.tasks.runs.run import prepare, result

    request = _request(args, args.remember)
    run = prepare(request)
    if not run.plan.missing() and run.is_released():
        made = result(run)
        print(f"Nothing to do: all {run.plan.total()} shards x steps are in the store.", file=sys.stderr)
    else:
        made = _flow(run, verbose=args.verbose)
    _say(made, args)
    return OK


def _flow(run: "Run", *, verbose: bool) -> dict[str, Any]:
    """Run the flow in this process, against the configured Prefect server or an ephemeral one."""
    from winnow.tasks.runs.head_start import head_start

    _quiet(verbose=verbose)
    with head_start(run):
        from winnow.flows.curate import curate_snapshot

        return _watched(curate_snapshot, **asdict(run.request))


def _watched(flow: Any, **parameters: Any) -> dict[str, Any]:
    """The result of a flow, with its progress on the terminal. Raises what it failed with."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from winnow.cli.terminal import Progress
    from winnow.flows.curate import listener

    # Without a heartbeat each subflow ends a second earlier (research/prefect.md); nobody watches a command's flow for zombies.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), Progress() as progress:
        listener.set(progress.tell)
        state: Any = flow(**parameters, return_state=True)
    return dict(state.result())


def _plan(args: argparse.Namespace) -> int:
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.runs.forecast import Sample, forecast
    from winnow.tasks.runs.plans import as_json, known, said
    from winnow.tasks.runs.run import prepare

    for name, low in (("sample", 1), ("cluster_cores", 0)):
        if getattr(args, name) < low:
            raise BadInput(f"--{name.replace('_', '-')} is {getattr(args, name)}; it must be at least {low}.")
    request = _request(args)
    sample = None if args.fresh else known(prepare(request), args.sample, args.sample_seed)
    if sample is None:
        _quiet(verbose=args.verbose)
        from winnow.flows.plan import plan_snapshot

        more = {k: v for k, v in asdict(request).items() if k not in ("source", "recipe")}
        parameters = {"sample": args.sample, "sample_seed": args.sample_seed, "cluster_cores": args.cluster_cores}
        sample = Sample.of(_watched(plan_snapshot, source=request.source, recipe=request.recipe, **parameters, **more))
    found = forecast(sample, request.workers, args.cluster_cores)
    print(json.dumps(as_json(sample, found)) if args.json else "\n".join(said(sample, found)))
    return OK


def _quiet(*, verbose: bool) -> None:
    """Settings of a command's own Prefect, before it is imported."""
    from winnow.flows.serve import SERVER

    # Its recorder of task runs writes in batches, as that of `winnow serve`, and nobody sees the events of a temporary server. Each write alone would
    # lock its SQLite now and then: an answer 503 then costs the flow two seconds or more (sample snapshot: 25 s, once 85 s, instead of 11).
    for name, value in SERVER.items():
        os.environ.setdefault(name, value)
    for service in ("EVENT_PERSISTER", "TRIGGERS"):
        os.environ.setdefault(f"PREFECT_SERVER_SERVICES_{service}_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")


def _train_lm(args: argparse.Namespace) -> int:
    from winnow.flows.training import already_trained
    from winnow.tasks.models.files import registered
    from winnow.tasks.models.ngram.train import LmOptions, training_digest

    options = LmOptions(args.lang, args.vocabulary, args.order, tuple(args.prune), args.estimator)
    digest, _ = training_digest([Path(t) for t in args.text], options)
    found = already_trained(args.out, digest)
    if found:
        print(f"Nothing to do: {found.folder} was trained from these files with these options.", file=sys.stderr)
    else:
        _quiet(verbose=False)
        from winnow.flows.train_lm import train_language_model

        parameters = {"vocabulary": args.vocabulary, "order": args.order, "prune": args.prune, "estimator": args.estimator}
        state: Any = train_language_model(args.lang, args.text, args.out, licence=args.licence, return_state=True, **parameters)
        state.result()
        found = registered(args.out)
    figures = found.card["figures"]
    print(f"model     {found.folder}\ntokens    {figures['tokens']:,}\nheld out  perplexity {figures['held_out_perplexity']}")
    print(f"use it    measure: {{perplexity: [{{perplexity.Perplexity: {{models: {{{args.lang}: {args.out}}}}}}}]}}")
    return OK


def _train_classifier(args: argparse.Namespace) -> int:
    from winnow.flows.training import already_trained
    from winnow.tasks.models.classify.train import options_of, training_digest
    from winnow.tasks.models.files import registered

    names = ("word_ngrams", "dim", "epochs", "learning_rate", "min_count", "buckets", "seed", "prepare")
    changed = {name: value for name in names if (value := getattr(args, name)) is not None}
    options = options_of(args.preset, changed)
    sources = _sources(args)
    rules = {"per_class": args.per_class, "balanced": not args.unbalanced}
    found = already_trained(args.out, training_digest(sources.described(), options, rules))
    if found:
        print(f"Nothing to do: {found.folder} was trained from these examples with these options.", file=sys.stderr)
    else:
        _quiet(verbose=False)
        from winnow.flows.train_classifier import train_classifier

        state: Any = train_classifier(
            args.out, args.positive, args.negative, args.run, args.store, args.positive_where, args.negative_where, args.positive_domains,
            args.negative_domains, args.lang, args.preset, changed, licence=args.licence, return_state=True, **rules,
        )  # fmt: skip
        state.result()
        found = registered(args.out)
    held = found.card["figures"]["held_out"]
    half, best = held["at_half"], held["best_f1"]
    print(f"model     {found.folder}\nheld out  {held['positives']} positive, {held['negatives']} negative, AUC {held['auc']:.3f}")
    for row in (half, best):
        print(f"at {row['threshold']:<7g}precision {row['precision']:.3f}, recall {row['recall']:.3f}, F1 {row['f1']:.3f}")
    print(f"use it    measure: {{{found.name}: [{{classifier.Classifier: {{model: {args.out}}}}}]}}")
    return OK


def _train_importance(args: argparse.Namespace) -> int:
    from winnow.flows.training import already_trained
    from winnow.tasks.models.files import registered
    from winnow.tasks.models.importance import training_digest

    found = already_trained(args.out, training_digest(_sources(args).described()))
    if found:
        print(f"Nothing to do: {found.folder} was made from these texts.", file=sys.stderr)
    else:
        _quiet(verbose=False)
        from winnow.flows.train_importance import train_importance

        state: Any = train_importance(
            args.out, args.positive, args.negative, args.run, args.store, args.positive_where, args.negative_where, args.positive_domains,
            args.negative_domains, args.lang, licence=args.licence, return_state=True,
        )  # fmt: skip
        state.result()
        found = registered(args.out)
    figures = found.card["figures"]
    print(f"model     {found.folder}\ntarget    {figures['target_texts']} texts, {figures['target_words']} words")
    print(f"raw       {figures['raw_texts']} texts, {figures['raw_words']} words")
    print(f"use it    measure: {{{found.name}: [{{importance.Importance: {{model: {args.out}, signal: {found.name}_importance}}}}]}}")
    return OK


def _sources(args: argparse.Namespace) -> Any:
    from winnow.tasks.runs.examples import Choice, Sources

    return Sources(
        Choice(tuple(args.positive), args.positive_where, args.positive_domains),
        Choice(tuple(args.negative), args.negative_where, args.negative_domains),
        args.run, args.store, tuple(args.lang),
    )  # fmt: skip


def _say(made: dict[str, Any], args: argparse.Namespace) -> None:
    print(f"corpus    {made['corpus']}\nreport    {made['report']}\nmanifest  {made['manifest']}", file=sys.stderr)
    work = made["work"]
    print(f"work      {work['computed']} shards x steps made, {work['cached']} found in the store", file=sys.stderr)
    if args.json:
        print(json.dumps(made))


def _inspect(args: argparse.Namespace) -> int:
    from winnow.tasks.archives.inspect import inspect
    from winnow.tasks.engine.errors import BadInput

    path = Path(args.file)
    if not path.is_file():
        raise BadInput(f"There is no file {path}. Give the path of a WARC, ARC or WET file.")
    damaged = False
    with path.open("rb") as stream:
        for line in inspect(stream):
            if args.json:
                print(json.dumps(line))
            elif "records" in line:
                print(
                    f"{line['records']} records, {line['intact']} intact, {line['damaged']} damaged, {line['skipped_bytes']} bytes skipped"
                    + (f". {line['problem']}" if "problem" in line else "")
                )
            else:
                print(f"{line['offset']:>12} {line['length']:>10}  {line['type']:<10} {line['problem'] or 'ok':<24} {line['uri']}")
            damaged = bool(line.get("damaged") or ("problem" in line and "records" in line))
    return FAILED if damaged else OK


def _status(args: argparse.Namespace) -> int:
    from winnow.tasks.runs.housekeeping import status

    print("\n".join(status(args.store)))
    return OK


def _prune(args: argparse.Namespace) -> int:
    from winnow.tasks.runs.housekeeping import prune

    print("\n".join(prune(args.store, drop=tuple(args.drop), dry_run=args.dry_run)))
    return OK


def _index(args: argparse.Namespace) -> int:
    from winnow.tasks.runs.housekeeping import change_index

    print("\n".join(change_index(args.store, args.action, args.name, args.what, args.reason)))
    return OK


def _serve(args: argparse.Namespace) -> int:
    _quiet(verbose=True)
    from winnow.flows.serve import serve

    serve(_absolute(args.store), args.host, args.port, watch=args.watch)
    return OK


def _deploy(args: argparse.Namespace) -> int:
    from winnow.tasks.engine.errors import BadInput

    if not os.environ.get("PREFECT_API_URL"):
        raise BadInput(
            "PREFECT_API_URL is not set, so there is no server to register with. Set it, or start one on this machine: winnow serve."
        )
    _quiet(verbose=True)
    from winnow.flows.deployments import register

    print("\n".join(register(_absolute(args.store), args.pool, watch=args.watch)))
    return OK


def _absolute(store: str) -> str:
    """A worker has another working directory."""
    return store if "://" in store or store.startswith("block:") else str(Path(store).absolute())


def _ledger(name: str) -> Callable[[argparse.Namespace], int]:
    def call(args: argparse.Namespace) -> int:
        from winnow.tasks.ledger import commands

        return int(getattr(commands, name)(args))

    return call


def _threshold(args: argparse.Namespace) -> int:
    from winnow.tasks.ledger.threshold import threshold

    print("\n".join(threshold(args.store, args.run, args.signal, language=args.language, svg=args.svg)))
    return OK


def _export(args: argparse.Namespace) -> int:
    from winnow.tasks.exporters.redpajama import export

    made = export(args.store, args.run, args.out)
    if made.get("nothing_to_do"):
        print(f"Nothing to do: {args.out} holds this run.", file=sys.stderr)
    print(
        f"{made['documents']} documents of {made['run']}, {made['duplicates']} of them exact copies, in {made['files']} files below {args.out}"
    )
    if made["missing"]:
        print(f"null, since the run has no such signal: {', '.join(made['missing'])}")
    return OK


def _recipes(args: argparse.Namespace) -> int:
    from winnow.tasks.recipes import build as recipes

    if args.name:
        print(json.dumps(recipes.load(args.name).described(), indent=1, ensure_ascii=False))
    else:
        for name in recipes.names():
            print(f"{name:<12} {recipes.load(name).about}")
    return OK


def _doctor(args: argparse.Namespace) -> int:
    from winnow.cli.doctor import examine

    lines, healthy = examine()
    print("\n".join(lines))
    return OK if healthy else FAILED


if __name__ == "__main__":
    sys.exit(main())
