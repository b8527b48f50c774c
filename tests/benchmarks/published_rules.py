"""Verdicts against published code on the same real pages: lines by RefinedWeb's rules (DCLM's reimplementation), bad words by C4's and
language packs by FineWeb2's (datatrove's blocks).

    python -m tests.benchmarks.published_rules refinedweb --dclm FOLDER [--show]   FOLDER is a checkout of github.com/mlfoundations/dclm
    python -m tests.benchmarks.published_rules bad-words
    python -m tests.benchmarks.published_rules fineweb2 --configs FOLDER   FineWeb2's bounds on Chinese and Japanese; configs of github.com/huggingface/fineweb-2

Needs ``../shared/data``. What differs, and why, is in docs/recipes.md.
"""

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import yaml
from datatrove.data import Document as Trove
from datatrove.pipeline.filters import c4_filters
from datatrove.pipeline.filters.fineweb_quality_filter import FineWebQualityFilter
from datatrove.pipeline.filters.gopher_quality_filter import GopherQualityFilter
from datatrove.pipeline.filters.gopher_repetition_filter import GopherRepetitionFilter

from tests.shared import DATA
from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.models.files import model_file
from winnow.tasks.recipes.packs import limited, worded
from winnow.tasks.signals.filters.bad_words import BadWords, WordList
from winnow.tasks.signals.filters.fineweb import FineWeb
from winnow.tasks.signals.filters.gopher import Gopher
from winnow.tasks.signals.filters.repetition import Repetition
from winnow.tasks.signals.segmentation import Segmenter, assigned
from winnow.tasks.signals.text import Document, Segmented

EVERY = {"en": 6}
REFINEDWEB = LineRules(max_upper_share=0.5, numeric=True, counters=True, min_words=2, edit_interface=True)
MOST_REMOVED = 0.05


def pages(language):
    rows = pq.read_table(DATA / "dedup" / "documents.parquet", columns=["lang", "text"]).to_pylist()
    return [r["text"] for r in rows if r["lang"] == language and r["text"].strip()][:: EVERY.get(language, 1)]


def words(text):
    """What DCLM counts: fastText's tokens that begin with a letter or digit."""
    return sum(token[0].isalnum() for token in text.split())


def modifiers(dclm):
    """DCLM's module of line rules, without the packages that its other functions import."""
    for name in ("justext", "retrie", "retrie.retrie", "lxml.etree", "bs4", "core", "core.constants", "core.factory_utils"):
        sys.modules.setdefault(name, ModuleType(name))
    for name in ("baselines", "baselines.mappers", "baselines.mappers.core_utils"):
        sys.modules[name] = ModuleType(name)
    stubs = {"lxml.etree": {"ParserError": Exception}, "retrie.retrie": {"Blacklist": None}, "bs4": {"BeautifulSoup": None}}
    stubs |= {"core.constants": {"CONTENT": "text", "URL": "url"}, "core.factory_utils": {"factory_function": lambda f: f}}
    stubs |= {"baselines.mappers.core_utils": {"split_paragraphs": None, "split_words": None}}
    for name, values in stubs.items():
        for key, value in values.items():
            if not hasattr(sys.modules[name], key):
                setattr(sys.modules[name], key, value)
    module = ModuleType("modifiers")
    exec(compile((Path(dclm) / "baselines" / "mappers" / "modifiers.py").read_text(), "modifiers.py", "exec"), module.__dict__)
    return module


def refinedweb(dclm, show):
    rules = modifiers(dclm)
    chain = [  # baselines_configs/dclm_baseline_refinedweb.yaml
        lambda page: rules.uppercase_ratio_line_modifier(page, max_ratio=0.5),
        lambda page: rules.numeric_ratio_line_modifier(page, max_ratio=0.999999),
        rules.counter_line_modifier(),
        lambda page: rules.line_length_modifier(page, min_length=2),
        rules.substring_line_modifier(max_length=10, banlist="items in cart", remove_substring_only=True),
        rules.substring_line_modifier(max_length=10, banlist="Read more...", location="suffix", remove_substring_only=True),
        rules.substring_line_modifier(max_length=10, banlist="Sign-in", location="prefix", remove_substring_only=True),
    ]

    def theirs(text):
        page = {"text": re.sub(r"\n{3,}", "\n\n", text)}
        before = words(page["text"])
        if not before or not all(step(page) for step in chain):
            return "", False
        return page["text"], (before - words(page["text"])) / before <= MOST_REMOVED

    def lines(text):
        return [line.strip() for line in text.split("\n") if line.strip()]

    found = pages("en")
    same_verdict = same_lines = 0
    for text in found:
        (left, kept), ours = theirs(text), REFINEDWEB.apply(text)
        same_verdict += kept == (ours.words_removed_share <= MOST_REMOVED)
        a, b = Counter(lines(left)), Counter(lines(ours.text))
        same_lines += a == b
        if show and a != b:
            print("only theirs:", [*(a - b)][:3], "only ours:", [*(b - a)][:3])
    print(f"{len(found)} pages: the same verdict on {same_verdict}, the same lines in {same_lines}")


def bad_words():
    lists = DATA / "labels" / "blocklists" / "ldnoobw"
    c4_filters.cached_asset_path_or_download = lambda url, **_: str(lists / url.rsplit("/", 1)[1])
    block = c4_filters.C4BadWordsFilter()
    print("| language | pages | with a bad word | the same verdict | MB/s, ours | MB/s, theirs |\n| --- | --: | --: | --: | --: | --: |")
    for language in ("en", "de", "zh", "ja"):
        found = pages(language)
        ours = BadWords(words=(WordList(language, model_file(str(lists / language))),))
        ours.check()
        begin = time.process_time()
        mine = [ours.measure(Document(text, language=language))["bad_word_count"] > 0 for text in found]
        middle = time.process_time()
        theirs = [block.filter(Trove(text=text, id="0", metadata={"language": language})) is not True for text in found]
        end, mb = time.process_time(), sum(map(len, found)) / 1e6
        same = sum(a == b for a, b in zip(mine, theirs, strict=True))
        print(f"| {language} | {len(found)} | {sum(mine)} | {same} | {mb / (middle - begin):.1f} | {mb / (end - middle):.1f} |")


def fineweb2(configs):
    print("| language | pages | kept | the same verdict | by characters |\n| --- | --: | --: | --: | --: |")
    for language, label in (("zh", "cmn_Hani"), ("ja", "jpn_Jpan"), ("th", "tha_Thai")):
        pack = yaml.safe_load((Path(configs) / f"{label}.yml").read_text())
        blocks = [
            GopherRepetitionFilter(
                language=label, dup_para_frac=0, dup_line_char_frac=0, dup_para_char_frac=0, dup_line_frac=pack["dup_line_frac"],
                top_n_grams=pack["top_n_grams"], dup_n_grams=pack["dup_n_grams"],
            ),
            FineWebQualityFilter(
                language=label, short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=pack["line_punct_thr"], new_line_ratio=pack["new_line_ratio"]
            ),
            GopherQualityFilter(
                language=label, max_avg_word_length=pack["max_avg_word_length"], min_avg_word_length=pack["min_avg_word_length"],
                stop_words=pack["stopwords"], max_non_alpha_words_ratio=pack["max_non_alpha_words_ratio"], min_stop_words=2,
            ),
        ]  # fmt: skip
        found = [text for text in pages(language) if text.strip()]
        theirs = [all(block.filter(Trove(text=text, id="0")) is True for block in blocks) for text in found]
        ours = [kept_by_pack(text, label, pack, Segmenter.of(label, assigned(label))) for text in found]
        before = [kept_by_pack(text, label, pack, None) for text in found]
        same, was = (sum(a == b for a, b in zip(theirs, mine, strict=True)) for mine in (ours, before))
        print(f"| {label} | {len(found)} | {sum(theirs)} | {same} | {was} |")


GENERAL = {"word_count": (50, 1e5), "hash_per_word": (0, 0.1), "ellipsis_per_word": (0, 0.1), "bullet_line_share": (0, 0.9)}
GENERAL |= {"ellipsis_line_share": (0, 0.3), "duplicate_char_share": (0, 0.1)}


def kept_by_pack(text, label, pack, segmenter):
    """Within the bounds of a pack and the general ones that FineWeb2 leaves on, words by this segmenter (by characters without)."""
    batch = Segmented(text, segmenter.words(text)) if segmenter else None
    doc = Document(text, language=label, batch=batch)
    gopher = worded((Gopher(),), {label: pack})[0]
    values = gopher.measure(doc) | Repetition().measure(doc) | FineWeb().measure(doc)
    bounds = dict(GENERAL)
    for limit in limited((), {label: pack}):
        [(_, low, high)] = limit.by_language
        bounds[limit.signal] = (low if low is not None else -1, high if high is not None else 1e9)
    return all(low <= values[signal] <= high for signal, (low, high) in bounds.items() if signal != "language_score")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["refinedweb", "bad-words", "fineweb2"])
    parser.add_argument("--dclm")
    parser.add_argument("--configs")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    if args.what == "refinedweb":
        refinedweb(args.dclm, args.show)
    elif args.what == "fineweb2":
        fineweb2(args.configs)
    else:
        bad_words()


if __name__ == "__main__":
    main()
