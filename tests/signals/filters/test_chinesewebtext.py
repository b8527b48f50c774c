"""ChineseWebText's rules: against the published formulas, the two scripts told apart, and a run of the recipe with a reason for each page that goes."""

import gzip
import json
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines import curated
from tests.recipes.test_mathematics import documents, reasons
from tests.shared import DATA
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import model_file
from winnow.tasks.signals.filters.chinesewebtext import ChineseWebText, repeated_share
from winnow.tasks.signals.text import Document

SIMPLIFIED = "这个国家的经济发展很快，人们的生活水平提高了，学校和医院也越来越多。"
TRADITIONAL = "這個國家的經濟發展很快，人們的生活水平提高了，學校和醫院也越來越多。"


def measured(text, **options):
    return ChineseWebText(**options).measure(Document(text))


def published_share(text):
    normal = re.sub(" |\n|\t", "", text.strip().lower())
    runs = [normal] if len(normal) < 13 else [normal[i : i + 13] for i in range(len(normal) - 13)]
    counts = Counter(runs)
    return sum(n for n in counts.values() if n > 1) / len(runs) if runs else 0


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from([SIMPLIFIED, "重复的话。", "A ", "\n"]), max_size=12).map("".join)))
def test_repetition_is_as_published(text):
    assert repeated_share(text) == published_share(text)


def test_scripts_are_told_apart():
    plain, old = measured(SIMPLIFIED), measured(TRADITIONAL)
    assert plain["traditional_char_share"] == old["simplified_char_share"] == 0
    assert plain["simplified_char_share"] == old["traditional_char_share"] > 0.2
    assert measured("Plain English")["han_char_share"] == 0


def test_lengths_and_characters():
    found = measured("一二三\n\nab\n")
    assert (found["chinesewebtext_char_count"], found["chinesewebtext_line_chars"], found["han_char_share"]) == (8, 2, 3 / 8)
    assert all(v == 0 for k, v in measured("").items() if k != "sensitive_words_per_line")


def test_sensitive_words_are_different_words_per_line(tmp_path):
    (tmp_path / "dict.txt").write_text("赌博\t赌场\n暴力\t枪支\n\n坏话\n", encoding="utf-8")
    words = model_file(str(tmp_path / "dict.txt"))
    assert measured("赌场和赌场，还有坏话。\n好", sensitive_words=words)["sensitive_words_per_line"] == 1
    assert measured(SIMPLIFIED)["sensitive_words_per_line"] is None
    (tmp_path / "none.txt").write_text("\n")
    with pytest.raises(BadInput, match="no word"):
        ChineseWebText(sensitive_words=model_file(str(tmp_path / "none.txt"))).check()


TOPICS = "天地山水花鸟鱼虫春夏秋冬东南西北金木火土日月星云风雨雷电"


def prose(seed, lines=12, sentence=SIMPLIFIED):
    """Chinese that repeats nothing."""
    return "\n".join(
        f"{TOPICS[(seed * 7 + i * 5) % len(TOPICS)]}{TOPICS[(seed + i) % len(TOPICS)]}之{i}：{sentence[: 20 + (seed + i) % 9]}"
        for i in range(lines)
    )


@pytest.mark.slow
def test_the_recipe(tmp_path):
    pages = {
        "https://a.example/good": prose(1),
        "https://a.example/traditional": prose(2, sentence=TRADITIONAL),
        "https://a.example/repeats": "\n".join([SIMPLIFIED[:30]] * 2 + [SIMPLIFIED[:30] + "！"] * 20),
        "https://a.example/short-lines": "\n".join(c + d + "这样的" for c in TOPICS for d in TOPICS[:8]),
        "https://a.example/few": prose(3, lines=3),
    }
    found = reasons(curated(documents(tmp_path / "pages.jsonl", pages), "chinesewebtext", tmp_path / "store"))
    assert found["https://a.example/good"] is None
    assert found["https://a.example/traditional"] == "traditional_char_share:high"
    assert found["https://a.example/short-lines"] == "chinesewebtext_line_chars:low"
    assert found["https://a.example/few"] == "ccnet_original_length:low"


FLORES = DATA / "labels" / "langid" / "flores200_sib.jsonl.gz"


@pytest.mark.data
@pytest.mark.skipif(not FLORES.exists(), reason="no ../shared/data")
def test_the_scripts_of_real_sentences():
    with gzip.open(FLORES, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["lang"] in ("zho_Hans", "zho_Hant")]
    told = [measured(r["text"])["traditional_char_share"] > 0.02 for r in rows]
    assert told == [r["lang"] == "zho_Hant" for r in rows]
    assert len(rows) >= 400
