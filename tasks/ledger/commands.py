"""The ledger's commands: arguments in, exit status out. Asked of finished runs; nothing here writes to a store but ``verify --mend``."""

import argparse
import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger import show
from winnow.tasks.ledger.find import open_run

OK, FAILED = 0, 1


def explain(args: argparse.Namespace) -> int:
    from winnow.tasks.ledger.explain import explain, explain_text, lost
    from winnow.tasks.recipes import build as recipes

    run = None
    if Path(args.what).is_file():
        found = [explain_text(recipes.load(args.recipe), Path(args.what))]
    else:
        run = open_run(args.store, args.run)
        found = explain(run, args.what)
        gone = lost(run, args.what)
        if gone and not args.json:
            for record in gone:
                print(
                    f"{args.what}: the record at {record['source_file']}, offset {record['offset']}, became no document: {record['reason']}"
                )
        elif gone:
            print(json.dumps({"lost": gone}))
        if not found:
            if not gone:
                raise BadInput(
                    f"{args.what} is in no record of the run {run.id}: the crawl's part that was read has no capture of this URL (as written), "
                    "and no document of this id. The table documents (`winnow sql`) lists what there is of a host."
                )
            return OK
    if args.html:
        Path(args.html).write_text(show.page(run, found), encoding="utf-8", errors="replace")
    for page in found:
        if args.json:
            print(json.dumps(asdict(page), default=str))
        else:
            show.explained(run, page, show.console())
    return OK


def sql(args: argparse.Namespace) -> int:
    from winnow.tasks.ledger.sql import named, query

    queries = named()
    if args.list:
        for name, text in queries.items():
            print(f"{name:<22} {text.splitlines()[0].removeprefix('-- ')}")
        return OK
    text = Path(args.file).read_text(encoding="utf-8") if args.file else queries.get(args.query, args.query)
    if not text.strip():
        raise BadInput("Give a SELECT, the name of a shipped query (winnow sql --list), or a file with -f.")
    names, rows = query(open_run(args.store, args.run, recipe=args.recipe), text, args.memory_gib)
    if args.json:
        for row in rows:
            print(json.dumps(dict(zip(names, row, strict=True)), default=str))
    elif args.csv:
        csv.writer(sys.stdout).writerows([names, *rows])
    else:
        show.console().print(show.table(names, rows))
    return OK


def what_if(args: argparse.Namespace) -> int:
    from winnow.tasks.ledger.what_if import changed, sweep, what_if

    run = open_run(args.store, args.run, recipe=args.recipe)
    out = show.console()
    if args.sweep:
        found = sweep(run, args.sweep)
        if args.json:
            print(json.dumps([asdict(s) for s in found]))
        else:
            show.swept(run, args.sweep, found, out)
        return OK
    if not args.set:
        raise BadInput("Say what to change: --set SIGNAL.low=NUMBER (again for more), or --sweep SIGNAL.")
    known = next(run.shards("signals")).column_names[1:] if run.entry["shards"] else []
    change = what_if(run, changed(run.limits, args.set, known))
    if args.json:
        print(json.dumps(asdict(change)))
    else:
        show.changed(change, out)
    return OK


def diff(args: argparse.Namespace) -> int:
    from winnow.tasks.ledger.diff import diff

    a, b = open_run(args.store, args.a), open_run(args.other_store or args.store, args.b)
    found = diff(a, b)
    if args.json:
        print(json.dumps(found._asdict(), default=str))
    else:
        show.differed(a, b, found, show.console())
    return OK


def verify(args: argparse.Namespace) -> int:
    from winnow.tasks.ledger.verify import mend, verify

    run = open_run(args.store, args.run)
    checked, findings = verify(run, step=args.step, shard=args.shard)
    if args.json:
        print(json.dumps({"run_id": run.id, "checked": checked, "damaged": [f._asdict() for f in findings]}))
    else:
        for finding in findings:
            print(f"{finding.what}: {finding.problem}")
        print(f"{checked} files of {run.id} checked, {len(findings)} damaged." + ("" if findings else " All are as they were written."))
    if findings and args.mend:
        mend(run, findings)
        print(f"Deleted what is damaged. Now {run.repair}", file=sys.stderr)
    elif findings:
        print(f"To repair: winnow verify {run.id} --store {args.store} --mend, then {run.repair}", file=sys.stderr)
    return FAILED if findings else OK
