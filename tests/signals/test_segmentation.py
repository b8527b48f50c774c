"""Words of scripts without spaces: datatrove's tokenizers, a refusal where a library is missing, and words that reach the signals."""

import pytest
from datatrove.utils.word_tokenizers import load_word_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipelines import curated
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.load import load
from winnow.tasks.signals import segmentation
from winnow.tasks.signals.filters.gopher import Gopher
from winnow.tasks.signals.filters.repetition import Repetition
from winnow.tasks.signals.segmentation import Segmenter, assigned
from winnow.tasks.signals.text import Document, Segmented

TEXTS = {
    "cmn_Hani": "我们在北京大学学习自然语言处理。2023年，3.5亿人！\n\nHello world, 这是測試…",
    "jpn_Jpan": "東京都に住んでいます。自然言語処理は面白い…\n「Python 3.11」も使う。",
    "tha_Thai": "ผมรักภาษาไทยและชอบอ่านหนังสือ 100 เล่ม (เล่มใหม่)\nสวัสดี",
}


@pytest.mark.parametrize(
    ("label", "library"),
    [
        ("cmn_Hani", "jieba"), ("zh", "jieba"), ("zho", "jieba"), ("yue_Hani", "jieba"), ("jpn_Jpan", "sudachi"), ("ja", "sudachi"), ("tha_Thai", "newmm"),
        ("th", "newmm"), ("khm_Khmr", "khmer-nltk"), ("lo", "laonlp"), ("fra_Latn", None), ("ko", None), ("msa", None), ("xx", None),
    ],
)  # fmt: skip
def test_who_cuts_what_is_fineweb2s(label, library):
    assert assigned(label) == library


@pytest.mark.slow
@pytest.mark.parametrize("label", TEXTS)
def test_words_are_datatroves(label):
    pytest.importorskip({"cmn_Hani": "jieba", "jpn_Jpan": "sudachipy", "tha_Thai": "pythainlp"}[label])
    pytest.importorskip("spacy")
    mine = Segmenter.of(label, assigned(label))
    mine.check()
    long = TEXTS[label] * 700  # over what Sudachi takes at a time
    for text in (TEXTS[label], long, "", " \n", "abc"):
        assert mine.words(text) == (load_word_tokenizer(label).word_tokenize(text) if text.strip() else [])
    assert mine.words("\ud800") == ["\ufffd"]


WORDS = st.lists(st.sampled_from(["我们", "的", "，", "abc", "3.5"]), max_size=40)


@settings(deadline=None)
@given(WORDS)
def test_given_words_are_counted_as_words_between_spaces_are(found):
    """A text of plain words measures the same whether they are given or found."""
    plain = [w for w in found if w.isascii() and w.isalpha()]
    text = " ".join(plain)
    for measure in (Gopher().measure, Repetition().measure):
        assert measure(Document(text, batch=Segmented(text, plain))) == measure(Document(text))
    doc = Document("".join(found), batch=Segmented("".join(found), found))
    assert (doc.words, doc.word_total) == (found, len(found))
    assert Gopher().measure(doc)["word_count"] == sum(any(c.isalnum() for c in w) for w in found)


PACK = "{max_avg_word_length: 5, stopwords: [的, 是]}"


@pytest.fixture
def recipe(tmp_path):
    def written(text):
        (tmp_path / "mine.yaml").write_text(text)
        return tmp_path / "mine.yaml"

    return written


def segmenters(spec):
    return {s.language: s.library for s in load(spec).options.get("segment") or ()}


def test_a_pack_that_bounds_words_brings_the_segmenter_of_its_language(recipe):
    assert segmenters(recipe(f"extends: gopher\nlanguages: {{zh: {PACK}, fr: {PACK}}}\n")) == {"zh": "jieba"}
    assert segmenters(recipe("extends: gopher\nlanguages: {zh: {language_score: 0.8, dup_line_frac: 0.2}}\n")) == {}
    assert segmenters(recipe(f"extends: gopher\nlanguages: {{cmn_Hani: {PACK}}}\nsegment: {{zh: characters}}\n")) == {"zh": "characters"}
    assert segmenters(recipe("extends: gopher\nsegment: {zh: jieba}\n")) == {"zh": "jieba"}
    with pytest.raises(BadInput, match=r"jiebo.*Did you mean jieba"):
        load(recipe("extends: gopher\nsegment: {zh: jiebo}\n"))


def test_what_is_missing_is_refused_with_the_reason(recipe, monkeypatch):
    with pytest.raises(BadInput, match=r"khmer-nltk in FineWeb2, which Winnow does not bring.*segment: {km: characters}"):
        Segmenter.of("km", assigned("km")).check()
    monkeypatch.setattr(segmentation, "_installed", lambda package: "missing")
    with pytest.raises(BadInput, match=r"jieba is not installed: pip install 'winnow\[segmentation\]'"):
        Segmenter.of("zh", "jieba").check()


def test_versions_are_part_of_the_address(monkeypatch):
    before = Segmenter.of("zh", "jieba")
    monkeypatch.setattr(segmentation, "_installed", lambda package: "9")
    assert Segmenter.of("zh", "jieba") != before


def test_only_groups_that_count_words_know_of_it(recipe, tmp_path):
    pytest.importorskip("jieba")
    rows = "\n".join(f'{{"id": "{i}", "url": "https://a.example/{i}", "text": "我们在北京大学学习自然语言处理。"}}' for i in range(3))
    (tmp_path / "rows.jsonl").write_text(rows)
    text = "extends: raw\nmeasure: {redpajama: null, text: [gopher.Gopher], url: [url.Url]}\n"
    without = curated(tmp_path / "rows.jsonl", recipe(text), tmp_path / "store")
    run = curated(tmp_path / "rows.jsonl", recipe(text + "segment: {zh: jieba}\n"), tmp_path / "store")
    groups = {s.group: s for s in run.pipeline.signals.measured}
    old = {s.group: s for s in without.pipeline.signals.measured}
    assert groups["url"].address == old["url"].address
    assert groups["text"].address != old["text"].address
    [key] = run.context.shard_keys
    assert run.context.read(groups["text"], key)["word_count"].to_pylist() == [6] * 3
    assert without.context.read(old["text"], key)["word_count"].to_pylist() == [15] * 3
