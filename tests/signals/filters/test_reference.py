"""docs/signals.md is what the filters declare."""

from tests.shared import ROOT
from winnow.tasks.signals.filters.reference import filters, reference


def test_the_printed_reference_is_in_step():
    assert (ROOT / "docs" / "signals.md").read_text(encoding="utf-8") == reference(), (
        "run: python -m winnow.tasks.signals.filters.reference > docs/signals.md"
    )


def test_every_filter_is_found():
    assert {"C4", "DatatroveBlock", "FineWeb", "Gopher", "RedPajama", "Repetition", "Url"} <= {f.__name__ for f in filters()}
