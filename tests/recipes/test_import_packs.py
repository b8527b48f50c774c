"""FineWeb2's packs from a checkout, a tar archive or a zip: the same folder, a recipe that runs, and nothing written that was not a pack."""

import io
import json
import tarfile
import zipfile

import pytest
import yaml

from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes import import_packs as module
from winnow.tasks.recipes.import_packs import digest_of, import_packs
from winnow.tasks.recipes.load import load

PACKS = {
    "fra_Latn": {"language_score": 0.7, "stopwords": ["le", "la"], "max_avg_word_length": 10},
    "cmn_Hani": {"stopwords": ["的"], "dup_line_frac": 0.287},
    "khm_Khmr": {"max_avg_word_length": 9},
    "lao_Laoo": {"language_score": 0.9},
}
FILES = {f"configs/{label}.yml": yaml.safe_dump(pack, allow_unicode=True).encode() for label, pack in PACKS.items()}
OTHERS = {
    "README.md": b"#",
    "configs/other.txt": b"x",
    "configs/../../evil_Latn.yml.sh": b"x",
    "configs/big_Latn.yml": b"#" * (module.MOST_BYTES + 1),
}


def checkout(base):
    for name, data in FILES.items():
        (base / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
        (base / "repo" / name).write_bytes(data)
    return base / "repo"


def tar(base):
    with tarfile.open(base / "repo.tar.gz", "w:gz") as archive:
        for name, data in {**FILES, **OTHERS}.items():
            info = tarfile.TarInfo(f"fineweb-2-d0defb2/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return base / "repo.tar.gz"


def zipped(base):
    with zipfile.ZipFile(base / "repo.zip", "w") as archive:
        for name, data in {**FILES, **OTHERS}.items():
            archive.writestr(f"fineweb-2-main/{name}", data)
    return base / "repo.zip"


@pytest.mark.parametrize("made", [checkout, tar, zipped, lambda base: f"file://{tar(base)}"])
def test_from_wherever_it_comes(tmp_path, made):
    found = import_packs(str(made(tmp_path)), tmp_path / "out")
    assert {p.stem: yaml.safe_load(p.read_text()) for p in (tmp_path / "out" / "packs").iterdir()} == PACKS
    assert (found.languages, found.by_characters, found.segmented, found.published) == (4, ("khm_Khmr",), ("cmn_Hani",), False)
    assert found.digest == digest_of({name[8:-4]: data for name, data in FILES.items()})
    recipe = yaml.safe_load(found.recipe.read_text())
    assert recipe == {"extends": "fineweb2", "language_model": "glotlid", "languages": "packs", "segment": {"khm_Khmr": "characters"}}
    found.recipe.write_text(found.recipe.read_text().replace("glotlid", "lid.176.ftz"))
    mine = load(found.recipe)
    assert {s.language: s.library for s in mine.options["segment"]} == {"khm_Khmr": "characters", "cmn_Hani": "jieba"}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["fineweb2-packs.yaml", "packs"]


def test_packs_of_an_earlier_import_go(tmp_path):
    import_packs(str(checkout(tmp_path)), tmp_path / "out")
    (tmp_path / "repo" / "configs" / "lao_Laoo.yml").unlink()
    assert import_packs(str(tmp_path / "repo"), tmp_path / "out").languages == 3
    assert not (tmp_path / "out" / "packs" / "lao_Laoo.yml").exists()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("none.tar.gz", b"no archive", "not an archive that can be read"),
        ("cut.zip", b"PK\x03\x04", "not an archive that can be read"),
        ("missing.tar.gz", None, "cannot be read"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, data, said):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match=said):
        import_packs(str(tmp_path / name), tmp_path / "out")


def test_a_place_without_packs_and_a_pack_with_an_unknown_field(tmp_path):
    with pytest.raises(BadInput, match="has no language pack"):
        import_packs(str(tmp_path), tmp_path / "out")
    (tmp_path / "deu_Latn.yml").write_text("max_word: 3\n")
    with pytest.raises(BadInput, match="unknown field 'max_word'"):
        import_packs(str(tmp_path), tmp_path / "out")


def test_the_published_repository_must_be_what_it_was(tmp_path, monkeypatch):
    url = f"file://{tar(tmp_path)}"
    monkeypatch.setattr(module, "PUBLISHED", url)
    with pytest.raises(BadInput, match="not what it was"):
        import_packs(url, tmp_path / "out")
    monkeypatch.setattr(module, "DIGEST", digest_of({name[8:-4]: data for name, data in FILES.items()}))
    assert import_packs(url, tmp_path / "out").published


def test_the_command(tmp_path, capsys):
    assert main(["packs", str(checkout(tmp_path)), "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["languages"] == 4
    assert main(["packs", str(tmp_path / "repo"), "--out", str(tmp_path / "out")]) == 0
    assert "cmn_Hani: pip install 'winnow[segmentation]'" in capsys.readouterr().out
