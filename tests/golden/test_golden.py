"""Golden addresses and outputs. A diff of addresses shows what will be computed anew; an output that changed while its address did not
asks for a new ``version`` of the step. Accept with ``pytest tests/golden --update-golden``.
"""

import hashlib
import json
from pathlib import Path

import pytest

from tests.extract.test_learned_blocks import STRUCTURE
from tests.pipelines import curated
from tests.tiny import mirror
from winnow.tasks.engine.crawl import Crawl, SourceFile
from winnow.tasks.engine.identity import digest
from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.extractors.resiliparse_text import ResiliparseText
from winnow.tasks.extract.extractors.trafilatura_text import TrafilaturaText
from winnow.tasks.recipes import build as recipes

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CRAWL = Crawl("CC-MAIN-2026-43", "warc", (SourceFile(0, "crawl-data/a.warc.gz"), SourceFile(1, "crawl-data/b.warc.gz")))

_SENTENCES = (
    "The mill stands where the river bends, and its wheel has turned since the spring flood.",
    "Whoever asks the miller hears that flour wants patience.",
)
ARTICLE = f"""<html><head><title>The mill</title></head><body><nav><a href="/">Home</a></nav><article><h1>The mill</h1>
{"".join(f"<p>{n}. {' '.join(_SENTENCES)}</p>" for n in range(8))}<ul><li>wheat</li><li>rye</li></ul></article><footer>Contact</footer></body></html>"""
"""A page of which every extractor makes a text; trafilatura finds STRUCTURE too short."""


def golden(request, name, value):
    path = HERE / f"{name}.json"
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert text == path.read_text(), f"{path.name} changed: see the module docstring"


def test_addresses(request):
    golden(request, "addresses", {name: [s.address for s in recipes.build(recipes.load(name), CRAWL).steps] for name in recipes.names()})


def test_extractors(request):
    extractors = [ResiliparseText(), TrafilaturaText(), LearnedBlocks(), LearnedBlocks(structure="markdown")]
    pages = {"structure": STRUCTURE, "article": ARTICLE}
    found = {f"{type(e).__name__} {digest(e)[:16]} {name}": e.extract(page) for e in extractors for name, page in pages.items()}
    assert all(text for name, text in found.items() if name.endswith("article"))
    texts = {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in found.items()}
    golden(request, "extractors", texts)


@pytest.mark.parametrize("recipe", ["fineweb", "refinedweb"])
def test_outputs(request, tmp_path, recipe):
    run = curated(mirror(tmp_path / "mirror", warcs=2, pages=4), recipe, tmp_path / "store")
    outputs = {}
    for step in run.pipeline.steps:
        rows = [run.context.read(step, shard).to_pylist() for shard in step.shards(run.context)]
        outputs[step.address] = hashlib.sha256(json.dumps(rows, default=lambda b: b.hex()).encode()).hexdigest()[:16]
    golden(request, f"outputs-{recipe}", outputs)
