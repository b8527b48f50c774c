"""Every way in which a model can be wrong stops a run before its first shard: one sentence that names the model, and a store without a step."""

import pytest
import yaml

from tests.models.classify.texts import trained
from tests.models.ngram.texts import trained as language_model
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import locate, model_file, register
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare

PERPLEXITY, CLASSIFIER, IMPORTANCE = "perplexity.Perplexity", "classifier.Classifier", "importance.Importance"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("bad")
    patch = pytest.MonkeyPatch()
    patch.setenv("WINNOW_MODELS", str(base / "models"))
    lm, clf = language_model(), trained().fasttext
    options = {"languages": ["en"], "training": {"options": {"prepare": "words"}}}
    register("lm-en", "ngram", {"kenlm": lm.kenlm, "sentencepiece": lm.sentencepiece}, {"language": "en"})
    register("clf", "classifier", {"fasttext": clf}, options)
    for name, part, data in (("cut", "fasttext", clf[:-50]), ("cut-lm", "kenlm", lm.kenlm[: len(lm.kenlm) // 2])):
        files = {"fasttext": data} if part == "fasttext" else {"kenlm": data, "sentencepiece": lm.sentencepiece}
        register(name, "classifier" if part == "fasttext" else "ngram", files, {**options, "language": "en"})
    register("altered", "classifier", {"fasttext": clf}, options)
    next((base / "models" / "altered").glob("*/model.fasttext")).write_bytes(clf[:-4] + b"\1\2\3\4")
    register("gone", "classifier", {"fasttext": clf}, options)
    next((base / "models" / "gone").glob("*/model.fasttext")).unlink()
    (base / "empty.bin").write_bytes(b"")
    yield base, mirror(base / "mirror", warcs=1, pages=2)
    patch.undo()


WRONG = {
    "unknown name": ({CLASSIFIER: {"model": "nothing"}}, "no model nothing"),
    "language model as classifier": ({CLASSIFIER: {"model": "lm-en"}}, "lm-en is of the kind ngram"),
    "classifier as language model": ({PERPLEXITY: {"models": {"en": "clf"}}}, "clf is of the kind classifier"),
    "classifier as importance": ({IMPORTANCE: {"model": "clf"}}, "clf is of the kind classifier"),
    "language ID as classifier": ({CLASSIFIER: {"model": "lid.176.ftz"}}, "lid.176.ftz is .*not a classifier"),
    "another language": ({PERPLEXITY: {"models": {"de": "lm-en"}}}, "lm-en was trained for 'en', the recipe uses it for 'de'"),
    "truncated classifier": ({CLASSIFIER: {"model": "cut"}}, "truncated"),
    "truncated language model": ({PERPLEXITY: {"models": {"en": "cut-lm"}}}, "kenlm"),
    "altered": ({CLASSIFIER: {"model": "altered"}}, "has the sha256"),
    "missing": ({CLASSIFIER: {"model": "gone"}}, "gone"),
    "empty": ({CLASSIFIER: {"model": {"file": "{base}/empty.bin"}}}, "empty.bin"),
    "another digest": ({CLASSIFIER: {"model": {"file": {"name": "{lid}", "sha256": "0" * 64}, "score": {"en": 1}}}}, "asks for 0000"),
}


@pytest.mark.parametrize("case", WRONG)
def test_no_shard_is_touched(place, tmp_path, case):
    base, source = place
    spec, said = WRONG[case]
    text = yaml.safe_dump({"extends": "raw", "measure": {"models": [spec]}})
    lid = locate(model_file("lid.176.ftz"))
    (tmp_path / "r.yaml").write_text(text.replace("{base}", str(base)).replace("{lid}", str(lid)))
    with pytest.raises(BadInput, match=f"(?s){said}") as raised:
        prepare(Request(str(source), str(tmp_path / "r.yaml"), str(tmp_path / "store"), 1)).pipeline.check()
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "store").rglob("*.parquet"))
