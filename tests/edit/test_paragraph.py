"""Paragraph deduplication: cc_net's published behaviour, one copy left in mode global, and nothing that depends on shards or ranges."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.edit.edits import RequireTextLeft
from winnow.tasks.edit.paragraph import CutRepeatedParagraphs, Paragraphs, RepeatedParagraphs, folded, line_keys
from winnow.tasks.engine.text_column import TextColumn


def edited(root, texts, *, ranges=1, files_per_shard=1, memory_bytes=1 << 30, min_chars=None, kept=None, within=None, **options):
    """One document per file: the text of each afterwards, and the decisions."""
    DOCS.clear()
    DOCS.update({f"f{i}": [{"url": "", "text": t, "kept": not kept or kept[i], "quality": float(i)}] for i, t in enumerate(texts)})
    documents, judged = Documents(), Decided()
    if options.get("keep", "").startswith("best:"):
        options["ranked_by"] = judged
    published = options.get("mode") == "cc_net"
    text = TextColumn(documents)
    paragraphs = Paragraphs(text, min_chars if min_chars is not None else 0 if published else 1)
    repeated = RepeatedParagraphs("crawl", paragraphs, judged, ranges, **options)
    step = CutRepeatedParagraphs(text, judged, repeated, published if within is None else within)
    context = context_of(root, files_per_shard, memory_bytes)
    rows = decided(RequireTextLeft(judged, step), context)
    after = [r["corrected_text"] for r in decided(step, context)]
    return [t if a is None else a for t, a in zip(texts, after, strict=True)], rows


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("  Hello, World 123! ", "hello, world 000!"),
        ("Ça coûte 5 €", "ça coûte 0 €"),
        ("“Quoted”…", "quoted"),
        ("tab\there\x07", "tabhere"),
        ("１２", "00"),
        ("", ""),
    ],
)
def test_the_form_in_which_lines_are_the_same(line, form):
    assert folded(line) == form


def test_keys_are_the_first_bytes_of_sha1():
    assert line_keys("") == [int.from_bytes(bytes.fromhex("da39a3ee5e6b4b0d"), "little")]
    assert line_keys("ABC\nabc") == [int.from_bytes(bytes.fromhex("a9993e364706816a"), "little")] * 2


MENU, OWN = "Home | About | Contact", ["The first page.", "The second page.", "The third page."]


def test_cc_net_takes_every_copy_the_first_included(tmp_path):
    after, rows = edited(tmp_path, [f"{MENU}\n{OWN[0]}", f"{OWN[1]}\n{MENU}", OWN[2]], mode="cc_net")
    assert after == OWN
    assert rows[0]["paragraph_chars_removed"] == len(MENU) + 1
    assert rows[2]["paragraph_chars_removed_share"] == 0.0


def test_global_leaves_the_first_copy_or_the_best(tmp_path):
    texts = [f"{MENU}\n{OWN[0]}", f"{OWN[1]}\n{MENU}", f"{MENU}\n{OWN[2]}"]
    assert edited(tmp_path / "a", texts)[0] == [texts[0], OWN[1], OWN[2]]
    assert edited(tmp_path / "b", texts, keep="best:quality")[0] == [OWN[0], OWN[1], texts[2]]
    assert edited(tmp_path / "c", texts, keep="none")[0] == OWN
    assert edited(tmp_path / "d", texts, min_documents=4)[0] == texts


@pytest.mark.parametrize("mode", ["cc_net", "global"])
def test_a_line_that_one_document_repeats_stays_once_if_asked(tmp_path, mode):
    assert edited(tmp_path, ["again\nbetween\nagain", "other"], mode=mode, within=True)[0] == ["again\nbetween", "other"]


def test_refrains_and_blank_lines_stay_in_mode_global(tmp_path):
    song = "First verse.\nWe sail away.\n\nSecond verse.\nWe sail away.\n\n}"
    assert edited(tmp_path, [song, "Another page.\n\nIts end."])[0] == [song, "Another page.\n\nIts end."]


def test_cc_net_takes_blank_lines_for_lines(tmp_path):
    assert edited(tmp_path, ["one\n\ntwo", "three\n\nfour"], mode="cc_net")[0] == ["one\ntwo", "three\nfour"]


def test_groups_of_files_do_not_see_each_other(tmp_path):
    texts = [f"{MENU}\n{t}" for t in ("a", "b", "c", "d")]
    assert edited(tmp_path / "a", texts[:3], mode="cc_net", group_files=2)[0] == ["a", "b", texts[2]]
    assert edited(tmp_path / "b", texts[:3], mode="cc_net", group_files=2, files_per_shard=3)[0] == ["a", "b", texts[2]]


def test_an_emptied_document_is_dropped_with_its_reason(tmp_path):
    after, rows = edited(tmp_path, [MENU, MENU, "own"], mode="cc_net")
    assert after == ["", "", "own"]
    assert [r["reason"] for r in rows] == ["paragraph_chars_left:low"] * 2 + [None]


def test_documents_that_were_not_kept_neither_lose_nor_take(tmp_path):
    after, rows = edited(tmp_path, [f"{MENU}\nx", f"{MENU}\ny"], mode="cc_net", kept=[False, True])
    assert after == [f"{MENU}\nx", f"{MENU}\ny"]
    assert [r["reason"] for r in rows] == ["bad:high", None]


def test_short_lines_are_never_cut(tmp_path):
    after, _ = edited(tmp_path, [f"ok\n\n{MENU}\n{OWN[0]}", f"ok\n\n{MENU}\n{OWN[1]}"], mode="cc_net", min_chars=5)
    assert after == [f"ok\n\n{OWN[0]}", f"ok\n\n{OWN[1]}"]


LINES = st.lists(st.sampled_from(["a", "A", "b", "c", "d", ""]), min_size=1, max_size=5).map("\n".join)


@settings(max_examples=20)
@given(st.lists(LINES, min_size=1, max_size=6), st.sampled_from(["cc_net", "global"]), st.sampled_from([1, 3]), st.sampled_from([1, 2]))
def test_against_the_rule_written_plainly(tmp_path_factory, texts, mode, ranges, files_per_shard):
    has = Counter(key for t in texts for key in set(line_keys(t)))
    expected, taken = [], set()
    for text in texts:
        seen, lines = set(), []
        for line, key in zip(text.split("\n"), line_keys(text), strict=True):
            goes = bool(line) and key in taken if mode == "global" else key in seen or has[key] > 1
            if not goes:
                lines.append(line)
            seen.add(key)
        taken |= seen
        expected.append(lines)
    root = tmp_path_factory.mktemp("store")
    after, _ = edited(root, texts, mode=mode, ranges=ranges, files_per_shard=files_per_shard, memory_bytes=500)
    assert ["".join(a.split()) for a in after] == ["".join(lines) for lines in expected]
