"""How the ledger's answers look: plain text for the terminal (coloured where it is one), and a page for ``explain --html``."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from winnow.tasks.report.facts import bound
from winnow.tasks.report.page import stylesheet, templates

if TYPE_CHECKING:  # each answer loads what it needs, and no more
    from winnow.tasks.ledger.diff import Difference
    from winnow.tasks.ledger.explain import Copy, Explained
    from winnow.tasks.ledger.find import Finished
    from winnow.tasks.ledger.split_view import SplitView
    from winnow.tasks.ledger.what_if import Change, Swept

BARS = "▏▎▍▌▋▊▉█"
WIDTH = 40
LINE_SIGNAL = "line_"
"""So begin the names of signals that have a number for each line that is not blank; others whose names begin so hold no list."""
LINE_CHARS, MOST_LINES = 100, 60


def console() -> Console:
    """Standard output; no colours and no wrapping at 80 columns where it is not a terminal."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=160)


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table of plain values; numbers to the right."""
    found = Table(box=None, pad_edge=False)
    kept = [list(row) for row in rows]
    for i, name in enumerate(names):
        numeric = any(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in kept)
        found.add_column(escape(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        found.add_row(*(escape(figure(v)) for v in row))
    return found


def figure(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def copy_said(copy: "Copy") -> str:
    """One sentence about a page's copies."""
    if copy.size is None:
        said = f"By {copy.by}: the snapshot {copy.snapshot} kept a document like it, {copy.kept} {copy.kept_url}".rstrip()
    elif copy.rank == 0:
        said = f"By {copy.by}: there are {copy.size} copies, and this one stays"
    elif copy.kept:
        said = f"By {copy.by}: there are {copy.size} copies, and another one stays, {copy.kept} {copy.kept_url}".rstrip()
    else:
        said = f"By {copy.by}: there are {copy.size} copies, and none stays"
    return said + (f", similarity {copy.similarity:.3f}" if copy.similarity is not None else "")


def line_signals(found: "Explained") -> dict[str, list[float]]:
    """What was measured of each line of a page, by signal. Names stand from Z to A: quality before what it may be made of."""
    measured = sorted(found.signals.items(), key=lambda signal: signal[0], reverse=True)
    return {name: values for name, values in measured if name.startswith(LINE_SIGNAL) and isinstance(values, list) and values}


def lines_said(found: "Explained") -> list[str]:
    """Each line that is not blank behind what was measured of it; empty if nothing was, or if edits changed the lines before they were measured."""
    from winnow.tasks.models.classify.line_model import looked

    measured = line_signals(found).values()
    lines = found.before.split("\n")
    numbers = looked(found.before).lines.tolist()
    if not measured or any(len(values) != len(numbers) for values in measured):
        return []
    said = [
        "  ".join([*(f"{figure(value):>6}" for value in values), lines[n].strip()[:LINE_CHARS]])
        for n, *values in zip(numbers[:MOST_LINES], *(values[:MOST_LINES] for values in measured), strict=True)
    ]
    more = len(numbers) - len(said)
    return [*said, f"… and {more:,} more: --json has all"] if more else said


def consent_said(found: "Explained") -> list[str]:
    """What is said about the use of a page, a sentence each; empty if its run did not ask."""
    from winnow.tasks.ledger.consent import said

    s = found.signals
    if "consent_train_ai" not in s:
        return []
    by = f" (by {s['consent_train_ai_by']})" if s["consent_train_ai_by"] else ""
    apart = s["consent_robots_distance_s"]
    when = "" if apart is None else f", captured {abs(apart):,.0f} s {'before' if apart >= 0 else 'after'} the page"
    lines = [
        f"train {s['consent_train_ai']}{by}, search {s['consent_search']}, user {s['consent_user']}, archive {s['consent_archive']}; "
        f"agents that may not fetch it: {s['consent_agents_denied']}",
        f"robots.txt: {s['consent_robots']}{when}" + (f" ({s['consent_robots_flaws']})" if s["consent_robots_flaws"] else ""),
    ]
    if s["consent_conflict"]:
        lines.append("what is said contradicts itself")
    return lines + [said(statement) for statement in found.consent]


def steps_said(found: "Explained") -> str:
    """The steps that a page passed, in order."""
    return ", ".join(label for label, _ in found.steps) + ("" if found.reason is None else " (which dropped it)")


def pass_said(found: "Explained") -> str:
    """One sentence about which pass made the text; empty where there was only one, or the page was dropped."""
    if found.text_pass > 1:
        return "The text is that of the second pass"
    return f"The text is that of the first pass: the second had none ({found.not_refined})" if found.not_refined else ""


def explained(run: "Finished | None", found: "Explained", out: Console) -> None:
    """Print everything that is known of a page."""
    d = found.document
    out.print(f"[bold]{escape(d['url'] or d['id'])}[/bold]")
    if run:
        out.print(escape(f"  {found.fate}"), style="green" if found.reason is None else "red")
        out.print(
            escape(f"  id {d['id']}, {d['date']}, {d['language']} ({figure(d['language_score'])}), {figure(d['text_chars'])} characters")
        )
        out.print(escape(f"  record {d['record_id']} in {d['source_file']}, offset {d['offset']}, {d['length']} bytes"))
        out.print(escape(f"  steps {steps_said(found)}"))
    else:
        out.print(escape(f"  {found.fate}"))
    out.print()
    if found.verdicts:
        rows = [
            (v.limit.signal, v.value, bound(asdict(v.limit)), v.margin if v.crossed else None, "crossed" if v.crossed else "")
            for v in found.verdicts
        ]
        out.print(table(("signal", "value", "limit", "over by", ""), rows))
    for copy in found.copies:
        out.print(escape(f"  {copy_said(copy)}"))
    if said := pass_said(found):
        out.print(escape(f"  {said}"))
    if lines := consent_said(found):
        out.print("\n[bold]Consent[/bold]")
        for line in lines:
            out.print(escape(f"  {line}"), highlight=False)
    if said_of_lines := lines_said(found):
        out.print(f"\n[bold]Lines[/bold] ({', '.join(line_signals(found))})")
        for line in said_of_lines:
            out.print(escape(line), highlight=False)
    if changes := found.diff():
        out.print("\n[bold]Edits[/bold]")
        for line in changes:
            out.print(escape(line), style="red" if line.startswith("-") else "green" if line.startswith("+") else "dim", highlight=False)
    out.print()


def page(run: "Finished | None", found: "Sequence[Explained]") -> str:
    """The same as one self-contained HTML page; what comes from web pages is escaped."""
    return (
        templates()
        .get_template("explain.html.j2")
        .render(
            run=run,
            pages=found,
            css=stylesheet(),
            figure=figure,
            bound=lambda limit: bound(asdict(limit)),
            copy_said=copy_said,
            pass_said=pass_said,
            steps_said=steps_said,
            consent_said=consent_said,
            lines_said=lines_said,
            line_signals=line_signals,
        )
    )


def changed(change: "Change", out: Console) -> None:
    """Print what other limits would change."""
    then = [getattr(change.kept, n) + getattr(change.enter, n) - getattr(change.leave, n) for n in ("documents", "chars", "tokens")]
    rows = [
        *((name, side.documents, side.chars, side.tokens) for name, side in (("kept now", change.kept), ("enter", change.enter), ("leave", change.leave))),
        ("kept then", *then),
    ]  # fmt: skip
    out.print(table(("", "documents", "characters", "tokens, estimated"), rows))
    out.print(
        f"\nOf {change.documents:,} documents. Of those that enter, {change.copies:,} are known to have a copy. Documents that the limits dropped "
        "before were never compared with others: only a run with the changed recipe gives the exact corpus."
    )
    for name, side in (("enter", change.enter), ("leave", change.leave)):
        if side.samples:
            out.print(f"\n[bold]{name}[/bold]  {_most(side.languages)}  {_most(side.domains)}", highlight=False)
            out.print(
                table(("id", "URL", "dropped for" if name == "enter" else "would be dropped for"), [astuple(s) for s in side.samples])
            )


def split(found: "SplitView", out: Console) -> None:
    """Print the same URLs at two times."""
    kinds = ("equal", "near", "changed", "replaced")
    out.print(
        table(("pages", "documents", "share"), [(k, getattr(found, k), f"{getattr(found, k) / (found.pages or 1):6.1%}") for k in kinds])
    )
    out.print(
        f"\n{found.pages:,} URLs are in both; {found.only_a:,} only in {escape(found.a)}, {found.only_b:,} only in {escape(found.b)}."
    )
    if found.domains:
        rows = [(d.domain, d.pages, *(getattr(d, k) for k in kinds), "; ".join(d.flags)) for d in found.domains]
        out.print("\n[bold]Domains with replaced pages, the flagged first[/bold]")
        out.print(table(("domain", "pages", *kinds, "flagged"), rows))
    if found.replaced_pages:
        out.print("\n[bold]Replaced pages, a sample[/bold]")
        out.print(table(("URL", "similarity", "captured", "and again"), [astuple(moved) for moved in found.replaced_pages]))


def _most(counts: Counter[str], n: int = 5) -> str:
    return escape(", ".join(f"{name} {count:,}" for name, count in counts.most_common(n)))


def swept(run: "Finished", signal: str, found: "Sequence[Swept]", out: Console) -> None:
    """Print the kept share against a lower and an upper bound, and the bounds the run had."""
    rows = [
        (s.bound, f"{s.at_or_above:6.1%}", f"{s.kept_as_low:6.1%} {_bar(s.kept_as_low)}", f"{s.at_or_below:6.1%}", f"{s.kept_as_high:6.1%} {_bar(s.kept_as_high)}")
        for s in found
    ]  # fmt: skip
    out.print(table((signal, "at or above", "kept if it is low", "at or below", "kept if it is high"), rows))
    now = [bound(asdict(limit)) for limit in run.limits if limit.signal == signal]
    out.print(
        f"\nThe limit now: {now[0] if now else 'none'}. Kept is a share of all documents, with every other rule as it was and the copies that the run found."
    )


def _bar(share: float) -> str:
    eighths = round(share * WIDTH * 8)
    return "█" * (eighths // 8) + (BARS[eighths % 8 - 1] if eighths % 8 else "")


def differed(a: "Finished", b: "Finished", found: "Difference", out: Console) -> None:
    """Print what differs between two runs."""
    out.print(f"A {a.id} ({a.entry['snapshot']}), B {b.id} ({b.entry['snapshot']})")
    if found.recipe:
        out.print(table(("recipe", "A", "B"), [(c.path, str(c.a), str(c.b)) for c in found.recipe]))
    out.print(f"steps that differ: {', '.join(found.steps) or 'none'}")
    out.print(f"documents: {found.common:,} in both runs, {found.only_a:,} only in A, {found.only_b:,} only in B")
    rows = [("gained in B", reason, n) for reason, n in found.gained.most_common()] + [
        ("lost in B", reason, n) for reason, n in found.lost.most_common()
    ]
    if rows:
        out.print(table(("", "reason in the other run", "documents"), rows))
    if found.consent:
        c = found.consent
        moved = [("training, at the root", c.train_ai.closed, c.train_ai.opened), *((n, m.closed, m.opened) for n, m in c.agents.items())]
        out.print(f"consent: of {c.sites:,} sites whose robots.txt both runs know")
        out.print(table(("", "closed in B", "opened in B"), moved))
    if found.shifts:
        out.print(table(("signal", "median in A", "median in B", "distance (KS)"), [astuple(s) for s in found.shifts]))
