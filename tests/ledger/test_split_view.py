"""Split view: pages by what became of them, domains that changed together, and registrations that lapsed in between."""

import json
from datetime import date

import pytest

from tests.pipelines import finished
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.split_view import compared, read_lapsed, split_view

WORDS = "a bird can do every fine good house in just kind low mill near old plain quiet rain stone that under very wind young zone".split()


def text(n, words=60):
    return " ".join(f"{WORDS[i % len(WORDS)]}{n}x{i // 7}" for i in range(words))


def run_of(folder, name, rows, snapshot):
    (folder / f"{name}.jsonl").write_text("".join(json.dumps({"url": url, "text": body, "date": day}) + "\n" for url, body, day in rows))
    (folder / "plain.yaml").write_text("extends: raw\ndeduplicate: []\n")
    return finished(folder / f"{name}.jsonl", folder / "plain.yaml", folder / "store").id


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("split")
    old, new = "2026-01-10T00:00:00Z", "2026-06-10T00:00:00Z"
    steady = [(f"https://good.org/{i}", text(i), old) for i in range(12)]
    parked = [(f"https://www.lost.com/{i}", text(100 + i), old) for i in range(12)]
    before = [
        *steady,
        *parked,
        ("https://gone.org/", text(1), old),
        ("https://good.org/near", text(500, 200), old),
        ("https://good.org/changed", text(600), old),
    ]
    before += [("http://lapsed.net/1", text(700), old)]
    after = [(url.replace("https", "http"), body.upper(), new) for url, body, _ in steady[:11]]
    after += [(steady[11][0], "quite another page of the same site " + text(990), new)]
    after += [(url, "this domain is for sale", new) for url, _, _ in parked]
    after += [
        ("https://good.org/near", text(500, 200) + " and more", new),
        ("https://good.org/changed", text(600) + " " + text(601, 40), new),
    ]
    after += [
        ("http://lapsed.net/1", text(700), new),
        ("http://fresh.org/", text(2), new),
        ("http://lapsed.net/1", "an older capture of the page", old),
    ]
    return folder, run_of(folder, "before", before, "a"), run_of(folder, "after", after, "b")


@pytest.mark.parametrize("piece", [1_000, 5])
def test_pages_by_what_became_of_them(runs, piece):
    folder, a, b = runs
    lapsed = {"lapsed.net": date(2026, 3, 1), "good.org": date(2020, 1, 1)}
    view = split_view(open_run(str(folder / "store"), a), open_run(str(folder / "store"), b), lapsed, documents_per_piece=piece)
    assert (view.pages, view.equal, view.near, view.changed, view.replaced) == (27, 12, 1, 1, 13)
    assert (view.only_a, view.only_b) == (1, 1)
    domains = {d.domain: d for d in view.domains}
    assert set(domains) == {"lost.com", "lapsed.net", "good.org"}
    assert domains["lost.com"].flags == ("12 of 12 pages replaced", "12 of them by one and the same text")
    assert domains["lapsed.net"].flags == ("the registration lapsed on 2026-03-01, between the captures of 1 pages",)
    assert (domains["good.org"].pages, domains["good.org"].replaced, domains["good.org"].flags) == (14, 1, ())
    assert len(view.replaced_pages) == 13
    assert all(moved.similarity < 0.1 and moved.date_a < moved.date_b for moved in view.replaced_pages)


def test_texts_are_compared_by_their_n_grams():
    assert compared("The  same\ntext", "the same text") == ("equal", 1.0)
    assert compared("", "something")[0] == "replaced"
    kind, similarity = compared(text(1, 100), text(1, 99))
    assert (kind, similarity >= 0.9) == ("near", True)


def test_the_command(runs, tmp_path, capsys):
    folder, a, b = runs
    (tmp_path / "lapsed.csv").write_text("domain,day\nlapsed.net,2026-03-01\nLAPSED.net,2026-02-01\n")
    assert read_lapsed(tmp_path / "lapsed.csv") == {"lapsed.net": date(2026, 3, 1)}
    words = ["split-view", a, b, "--lapsed", str(tmp_path / "lapsed.csv"), "--store", str(folder / "store")]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["replaced"] == 13
    assert main(words) == 0
    assert "one and the same text" in " ".join(capsys.readouterr().out.split())
    (tmp_path / "lapsed.csv").write_text("lapsed.net,2026-03-01\nother.net,soon\n")
    with pytest.raises(BadInput, match="line 2"):
        read_lapsed(tmp_path / "lapsed.csv")
    with pytest.raises(BadInput, match="cannot be read"):
        read_lapsed(tmp_path / "none.csv")
