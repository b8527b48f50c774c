"""A recipe that extends another file: paths, and what null lifts."""

from pathlib import Path

import pytest

from winnow.tasks.recipes.load import load

PATHS = {
    "domains": ("domains: {never: never.txt}", "never.txt", "nowhere.example\n"),
    "decontaminate": (
        "decontaminate: {against: evals.jsonl}",
        "evals.jsonl",
        '{"eval_key": "e", "question": "what does the miller do with the grain before rain"}\n',
    ),
    "a-link": (
        "decide: {manuals: {decontaminate: {against: [evals.jsonl]}}}",
        "evals.jsonl",
        '{"eval_key": "e", "question": "what does the miller do with the grain before rain"}\n',
    ),
    "a-link-by-its-key": ("decide: {domains: {never: never.txt}}", "never.txt", "nowhere.example\n"),
    "skills": ("skills: {reference: texts.jsonl}", "texts.jsonl", '{"text": "The miller grinds the grain."}\n'),
    "agents": ("consent: {agents: agents.yaml}", "agents.yaml", "[GPTBot, CCBot]\n"),
    "languages": ("languages: {eng_Latn: eng.yml}", "eng.yml", "min_avg_word_length: 3\n"),
}


@pytest.mark.parametrize("name", PATHS)
def test_paths_of_an_extended_recipe_start_from_its_own_folder(name: str, tmp_path: Path) -> None:
    said, file, content = PATHS[name]
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    (there / file).write_text(content)
    (there / "base.yaml").write_text(f"extends: raw\n{said}\n")
    (here / "mine.yaml").write_text("extends: ../there/base.yaml\n")
    assert load(str(here / "mine.yaml")).described() | {"name": "base"} == load(str(there / "base.yaml")).described()


def test_null_lifts_every_limit(tmp_path: Path) -> None:
    (tmp_path / "open.yaml").write_text("extends: gopher\nlimits: null\n")
    assert load("gopher").limits
    assert load(str(tmp_path / "open.yaml")).limits == ()
