"""docs/signals.md is what the filters declare."""

from pathlib import Path

from tasks.filters.reference import filters, reference


def test_the_printed_reference_is_in_step():
    assert (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8") == reference(), (
        "run: python -m tasks.filters.reference > docs/signals.md"
    )


def test_every_filter_is_found():
    assert {"C4", "DatatroveBlock", "FineWeb", "Gopher", "RedPajama", "Repetition", "Url"} <= {f.__name__ for f in filters()}
