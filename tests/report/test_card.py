"""The dataset card: what the Hub reads of it, that it is the same for equal corpora, and that foreign text in it is no markup."""

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.report.examples import SUMMARIES, empty, example, hostile
from winnow.tasks.report.card import chosen_licence, dataset_card
from winnow.tasks.report.section import Content, sections
from winnow.tasks.report.summary import Summary
from winnow.tasks.sources.crawl_index import IndexShares


@pytest.fixture(scope="module", params=SUMMARIES)
def summary(request: pytest.FixtureRequest) -> Summary:
    return SUMMARIES[request.param]()


def _front(card: str) -> dict[str, Any]:
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_front_matter_is_what_the_hub_reads() -> None:
    front = _front(dataset_card(example()))
    assert front["language"] == ["en", "no"]  # a bare `no` would be read as false, `und` is no language
    assert front["size_categories"] == ["10K<n<100K"]
    assert front["task_categories"] == ["text-generation"]
    assert front["tags"] == ["common-crawl", "winnow", "fineweb"]
    assert front["configs"] == [{"config_name": "default", "data_files": "data/**/*.parquet"}]
    assert front["license"] == "other"


def test_card_has_a_front_matter_whatever_the_run(summary: Summary) -> None:
    front = _front(dataset_card(summary))
    assert front["size_categories"]
    assert len(front.get("language", [])) <= 100


def test_card_is_the_same_for_equal_corpora() -> None:
    """Time, place and the order in which shards were added up are not in it."""
    run = example()
    steps = tuple(replace(s, seconds=0.0, cpu_s=0.0, dropped=dict(reversed(s.dropped.items()))) for s in run.steps)
    dimensions = {
        name: replace(d, groups=tuple(random.Random(1).sample(d.groups, len(d.groups)))) for name, d in run.tallies.dimensions.items()
    }
    other = replace(run, home="s3://elsewhere/corpora/x/y", steps=steps, tallies=replace(run.tallies, dimensions=dimensions), elapsed_s=1.0)
    card = dataset_card(run)
    assert card == dataset_card(other)
    assert "/home/user" not in card


def test_tables_of_the_card_stay_tables(summary: Summary) -> None:
    """Each row has the cells of its head, whatever a reason or a version says."""
    width = 0
    for line in dataset_card(summary).split("---\n", 2)[2].splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        assert width in (0, cells), line
        width = cells


def test_what_others_say_is_no_markup_in_the_card() -> None:
    card = dataset_card(hostile())
    outside_code = re.sub(r"```.*?```|`[^`\n]*`", "", card.split("---\n", 2)[2], flags=re.S)
    assert "<script" not in outside_code
    assert not re.search(r"(?<!\\)\]\(javascript", outside_code)
    assert len(re.findall(r"^## ", card, re.M)) == len(re.findall(r"^## ", dataset_card(example()), re.M))


def test_copies_that_are_only_marked_are_not_said_to_be_dropped() -> None:
    assert "Copies were dropped where their URL or their whole text" in dataset_card(example())
    run = example()
    marked = [{**rule, "drop": False} for rule in run.recipe["deduplicate"]]
    assert "No copies were dropped" in dataset_card(replace(run, recipe={**run.recipe, "deduplicate": marked}))


def test_card_tells_what_the_corpus_is_a_sample_of() -> None:
    card = dataset_card(example())
    assert "captured from 2024-05-18T02 to 2024-05-19T11" in card
    assert "900" in card.split("**Truncation.**")[1].split("\n")[0]
    assert "Not compared" in card
    index = IndexShares(1000, {"com": 700, "org": 200, "xyz": 100}, 50)
    card = dataset_card(replace(example(), index=index))
    assert "The crawl's index has 50 domains" in card
    assert re.search(r"\| `com` \| 70\.0 % \| ", card)
    assert re.search(r"\| `xyz` \| 10\.0 % \| 0 % \| 0 % \|", card)


def test_a_licence_that_somebody_chose_stays() -> None:
    card = dataset_card(example())
    assert chosen_licence(card) is None
    edited = re.sub(r"license: other\nlicense_name: .*\nlicense_link: .*\n", "license: odc-by\n", card)
    assert chosen_licence(edited) == {"license": "odc-by"}
    again = dataset_card(replace(example(), licence=chosen_licence(edited)))
    assert _front(again)["license"] == "odc-by"
    assert "placeholder" not in again
    for broken in ("", "# no front matter", "---\n- a\n---\n", "---\n: [\n---\n"):
        assert chosen_licence(broken) is None


def test_the_card_has_no_stray_white_space(summary: Summary) -> None:
    """No white space at the end of a line, and no two blank lines: neither in a diff on the Hub nor in what a person reads."""
    card = dataset_card(summary)
    assert not [line for line in card.split("\n") if line != line.rstrip()]
    assert "\n\n\n" not in card
    assert card.endswith("\n")
    assert not card.endswith("\n\n")
    assert not re.search(r"^(#+ .*)\n[^\n]", card.split("---\n", 2)[2], re.M), "a blank line follows every heading"


def test_what_a_section_says_in_the_card_is_tidied_too() -> None:
    shown = {next(iter(sections())): Content(card="One line.  \n\n\n\nAnother.\n\n\n```\ncode  \n\n\nmore\n```\n\n")}
    card = dataset_card(example(), shown)
    assert "## Funnel\n\nOne line.\n\nAnother.\n\n```\ncode  \n\n\nmore\n```\n\n## Reproducing it\n" in card


def test_the_card_counts_pages_and_not_records() -> None:
    run = example()
    card = dataset_card(run)
    assert f"| extract | reads the archive's records, takes the text out of pages, names its language | {run.pages:,} |" in card
    assert "type:request" not in card


def test_card_says_how_to_make_it_again() -> None:
    assert "winnow run CC-MAIN-2024-22 --recipe fineweb\n" in dataset_card(example())
    assert "winnow run SOURCE --snapshot 'my files' --recipe raw\n" in dataset_card(empty())


@pytest.mark.parametrize("library", ["duckdb", "pandas"])
def test_the_card_s_snippets_run(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(library)
    import pyarrow as pa
    import pyarrow.parquet as pq

    for language in ("en", "no"):
        folder = tmp_path / "data" / f"lang={language}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"url": ["https://example.org/"], "language": [language], "text": ["A text."]}), folder / "00000.parquet")
    monkeypatch.chdir(tmp_path)
    snippet = next(s for s in re.findall(r"```python\n(.*?)```", dataset_card(example()), re.S) if f"import {library}" in s)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert len(names["by_language"].fetchall() if library == "duckdb" else names["corpus"]) == 2
