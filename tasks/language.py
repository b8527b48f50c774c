"""STUB language"""
from functools import lru_cache
import fasttext
from tasks.models import ModelFile, locate
class LanguageModel:
    def __init__(self, path):
        fasttext.FastText.eprint = lambda x: None
        self._m = fasttext.load_model(path)
    @classmethod
    def of(cls, m: ModelFile): return _load(cls, m)
    def predict(self, texts):
        out = []
        for t in texts:
            r = self._m.f.predict(t.replace("\n", " ") + "\n", 1, 0.0, "strict")
            out.append((r[0][1].removeprefix("__label__"), min(1.0, float(r[0][0]))) if r else ("", 0.0))
        return out
@lru_cache
def _load(cls, m): return cls(locate(m))
