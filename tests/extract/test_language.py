"""Models and language ID: the right file or none, the same answer always, any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.extract.language import LAST_CASED, LanguageModel
from winnow.tasks.models.files import KNOWN, ModelFile, locate, model_file

DEFAULT = model_file("lid.176.ftz")

SENTENCES = {
    "en": "The harvest was brought in before the rain began.",
    "de": "Die Ernte wurde eingebracht, bevor der Regen begann.",
    "fr": "La récolte a été rentrée avant que la pluie ne commence.",
    "ru": "Урожай был собран до начала дождя.",
    "ja": "雨が降り始める前に収穫が終わりました。",
    "ar": "تم جمع المحصول قبل أن يبدأ المطر.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_languages(language):
    [(found, score)] = LanguageModel.of(DEFAULT).predict([SENTENCES[language]])
    assert found == language
    assert 0.5 < score <= 1


@pytest.mark.parametrize("language", ["en", "de", "fr", "ru"])
def test_capitals_are_read_in_lower_case(language):
    model = LanguageModel.of(DEFAULT)
    text = SENTENCES[language].lower()
    assert model.predict([text.upper().replace("ẞ", "ß")]) == model.predict([text])


def test_no_letter_with_a_capital_is_forgotten():
    beyond = map(chr, range(LAST_CASED, 0x110000))
    assert not [c for c in beyond if c.isupper() or c.islower()]


@given(st.lists(st.text(), max_size=3))
def test_total_and_the_same_alone_or_in_company(texts):
    model = LanguageModel.of(DEFAULT)
    together = model.predict(texts)
    assert together == [model.predict([t])[0] for t in texts]
    assert all(0 <= score <= 1 for _, score in together)


def test_line_breaks_are_spaces():
    model = LanguageModel.of(DEFAULT)
    assert model.predict(["one two\nthree four"]) == model.predict(["one two three  four"])
    assert model.predict([""]) == model.predict([" \n\t"]) == [("", 0.0)]
    assert model.predict(["\ud800"])[0][1] <= 1


def test_the_place_of_a_model_is_not_its_identity(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.bin").write_bytes(b"same")
    a, b = (model_file(str(tmp_path / name / "m.bin")) for name in "ab")
    assert a.location != b.location
    assert digest(a) == digest(b)
    (tmp_path / "b" / "m.bin").write_bytes(b"other")
    assert digest(model_file(str(tmp_path / "b" / "m.bin"))) != digest(a)


def test_a_wrong_digest_is_refused():
    with pytest.raises(BadInput, match=r"has the sha256 8f34.*asks for 0000"):
        locate(model_file("lid.176.ftz", "0" * 64))


def test_what_is_no_model_is_refused(tmp_path):
    real = locate(DEFAULT).read_bytes()
    for name, data in {"text.bin": b"not a model at all", "cut.ftz": real[:5000]}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadInput, match="not a fastText model or is truncated"):
            LanguageModel.of(model_file(str(tmp_path / name)))


def test_missing_models_say_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match=r"lid\.176\.bin"):
        model_file("/nowhere/lid.bin")
    with pytest.raises(BadInput, match="Install Winnow again"):
        locate(ModelFile("x", "0", "package:no_such_package/x"))


def test_a_fetched_model_is_kept_under_its_digest(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_CACHE", str(tmp_path / "cache"))
    (tmp_path / "m.bin").write_bytes(b"model")
    sha = hashlib.sha256(b"model").hexdigest()
    model = ModelFile("m.bin", sha, f"file://{tmp_path}/m.bin")
    path = locate(model)
    assert path == tmp_path / "cache" / "models" / sha / "m.bin"
    (tmp_path / "m.bin").unlink()
    locate.cache_clear()
    assert locate(model) == path
    with pytest.raises(BadInput, match="put it at"):
        locate(ModelFile("n.bin", sha, f"file://{tmp_path}/n.bin"))


def test_known_models_name_their_licence():
    assert all(known.licence for known in KNOWN.values())
