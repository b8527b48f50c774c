"""What strangers wrote (pages, listings, documents, recipes, models) reaches no file outside the store, no markup, no unpickler. SECURITY.md lists more."""

import ast
import hashlib
import inspect
import json
import os
import pickletools
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipelines import curated, finished, rows
from tests.shared import ROOT
from tests.tiny import CRAWL, article, capture, html, mirror, record
from winnow.cli import main as cli
from winnow.flows import serve
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store
from winnow.tasks.extract.read_documents import ReadDocuments
from winnow.tasks.models.files import locate, model_file
from winnow.tasks.runs import housekeeping

SCRIPT = "<script>alert(1)</script>"
LANGUAGES = ["../../../../outside", "/outside", "en", "..", "a/b", SCRIPT, "x" * 400, "e\n", None]


def sources():
    return [p for folder in ("tasks", "flows", "blocks", "winnow/cli") for p in sorted((ROOT / folder).rglob("*.py"))]


# ------------------------------------------------------------------ the way out of the store


@pytest.mark.parametrize("path", ["../outside", "steps/../../outside", "/etc/passwd", "steps/x/.."])
@pytest.mark.parametrize("root", ["folder", "s3://bucket/winnow"])
def test_no_path_leads_out_of_the_store(tmp_path, root, path):
    store = Store(root if "://" in root else str(tmp_path / root))
    with pytest.raises(BadInput, match="out of the store"):
        store.full(path)
    assert store.full("steps/a..b/c.json").endswith("/steps/a..b/c.json")


def test_documents_that_name_a_folder_as_their_language_stay_in_the_store(tmp_path):
    source = tmp_path / "in" / "texts.jsonl"
    source.parent.mkdir()
    pages = [{"text": article(n).replace("<p>", "").replace("</p>", "\n"), "language": name} for n, name in enumerate(LANGUAGES)]
    source.write_text("".join(json.dumps(p) + "\n" for p in pages))
    home = tmp_path / "deep" / "er"
    run = curated(str(source), "raw", home / "store")
    assert sorted(p.name for p in (home / "store" / run.home / "data").iterdir()) == ["lang=en"]
    made = pa.concat_tables(pq.read_table(p) for p in (home / "store" / run.home).rglob("*.parquet"))
    assert made.num_rows == len(LANGUAGES), "none is lost for it"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep", "in"]
    assert [p.name for p in home.iterdir()] == ["store"]
    assert ReadDocuments.version != "1", "the rows differ from those of version 1"


@pytest.mark.parametrize("line", ["../../../etc/passwd", "/etc/passwd", "crawl-data/../../x.warc.gz", "file:///etc/passwd", "s3://other/x"])
def test_a_listing_cannot_name_files_elsewhere(tmp_path, line):
    import gzip

    source = mirror(tmp_path / "mirror", warcs=1, pages=1)
    [listing] = source.rglob("warc.paths.gz")
    listing.write_bytes(gzip.compress(line.encode() + b"\n"))
    with pytest.raises(BadInput):
        curated(str(source), "raw", tmp_path / "store")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", ".."])
def test_names_that_become_folders_are_plain(tmp_path, name, capsys):
    source = mirror(tmp_path / "mirror", warcs=1, pages=1)
    store = str(tmp_path / "store")
    recipe = tmp_path / "r.yaml"
    recipe.write_text(json.dumps({"extends": "raw", "name": name}))
    plain = ["run", str(source), "--store", store]
    for command in (
        [*plain, "--snapshot", name],
        [*plain, "--recipe", str(recipe)],
        [*plain, "--remember", name],
        ["train", "lm", "--lang", "en", "--text", str(recipe), "--out", f".{name}" if "/" in name else name],
    ):
        if command[0] == "train" and "/" in name:
            continue  # a path of the user's own
        assert cli.main(command) == 2, command
        assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "store" / "corpora").exists()


@pytest.mark.slow
def test_a_link_in_a_store_is_not_followed_by_prune(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=1, pages=1)
    finished(str(source), "raw", tmp_path / "store")
    precious = tmp_path / "precious"
    (precious / "inside").mkdir(parents=True)
    (precious / "inside" / "file").write_text("mine")
    for place in ("steps/extract-v1-0000000000000000", f"corpora/{CRAWL}/gone-12345678"):
        (tmp_path / "store" / place).symlink_to(precious)
    housekeeping.prune(str(tmp_path / "store"))
    assert (precious / "inside" / "file").read_text() == "mine"


def test_the_store_writes_beside_no_link_of_strangers(tmp_path):
    """A temporary file has a name that nobody can foretell, and a rename replaces a link instead of writing through it."""
    (tmp_path / "store").mkdir()
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "store" / "x.json").symlink_to(tmp_path / "victim")
    Store(str(tmp_path / "store")).put("x.json", b"{}")
    assert (tmp_path / "victim").read_text() == "mine"


# ------------------------------------------------------------------ markup


@pytest.mark.slow
def test_what_pages_say_is_text_in_the_report_the_card_and_explain(tmp_path, monkeypatch):
    """A whole run over pages whose titles, URLs, hosts, types and texts are attacks."""
    hostile = [
        capture(1, f"http://x.example/{SCRIPT}", html(article(1), SCRIPT)),
        capture(2, f"http://{SCRIPT}.example/", html(article(2) + f"<p>{SCRIPT.replace('<', '&lt;')} " + "word " * 60 + "</p>")),
        capture(3, "http://y.example/'\"><img src=x onerror=alert(1)>", html(article(3)), mime=f"text/x-{SCRIPT}"),
        capture(4, "javascript:alert(1)", html(article(4))),
        capture(5, "http://z.example/5", html("<p>Short.</p>", f"]({SCRIPT})")),
    ]
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.warc.gz").write_bytes(record("warcinfo", 1, "", b"software: tests\r\n") + b"".join(hostile))
    run = finished(str(source), "gopher", tmp_path / "store")
    home = tmp_path / "store" / run.home
    for page in ("report.html", "README.md"):
        text = (home / page).read_text()
        if page == "README.md":
            text = re.sub(r"`[^`\n]*`", "", text)  # code spans of Markdown are text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    [url] = [row["url"] for row in rows(run, run.pipeline.documents) if row["url"].startswith("http://x.example/")]
    assert cli.main(["explain", url, "--store", str(tmp_path / "store"), "--html", str(tmp_path / "e.html")]) == 0
    text = (tmp_path / "e.html").read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert 'href="javascript:' not in text


def test_every_template_of_html_escapes():
    for path in sources():
        source = path.read_text()
        for node in ast.walk(ast.parse(source)) if "Environment" in source else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Environment":
                given = {k.arg for k in node.keywords}
                assert "autoescape" in given, path
    safe = [
        line
        for path in sorted((ROOT / "tasks" / "report").rglob("*.j2"))
        for line in path.read_text().splitlines()
        if "|safe" in line.replace(" ", "")
    ]
    assert safe == ["{{ css|safe }}"] * 3, "only our own style sheet goes in as it is"


# ------------------------------------------------------------------ code in data


FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
CALLS = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "os.system"}
LAST_OF_CALLS = {name.rpartition(".")[2] for name in CALLS}
CODE_OF_USERS = {
    "tasks/engine/plugins.py": {"exec"},  # a plug-in is code that the recipe names, and the user runs
    "tasks/recipes/packs.py": {"yaml.load"},  # with the safe loader, compiled where it is installed
    "tasks/engine/worker.py": {
        "pickle"
    },  # a job on its way to this run's own workers, packed a second time so that its plug-ins come first
}


def unpickled_or_evaluated(source, allowed):
    """What a module imports or calls that makes code of data, beyond what it is allowed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {a.name.split(".")[0] for a in node.names} | {(getattr(node, "module", "") or "").split(".")[0]}
            found += sorted(names & FORBIDDEN - allowed)
        if isinstance(node, ast.Call):
            last = getattr(node.func, "id", getattr(node.func, "attr", ""))
            called = ast.unparse(node.func) if last in LAST_OF_CALLS else ""
            asks = any(k.arg in ("allow_pickle", "shell") and getattr(k.value, "value", None) for k in node.keywords)
            if asks or (called in CALLS and called not in allowed):
                found.append(ast.unparse(node))
    return found


def test_no_data_is_unpickled_or_evaluated():
    found = {path: unpickled_or_evaluated(path.read_text(), CODE_OF_USERS.get(str(path.relative_to(ROOT)), set())) for path in sources()}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize("source", ["import pickle", "from joblib import load", "eval(x)", "np.load(f, allow_pickle=True)", "yaml.load(f)"])
def test_code_out_of_data_would_be_found(source):
    assert unpickled_or_evaluated(source, set())
    assert not unpickled_or_evaluated("yaml.load(f)", {"yaml.load"})


@pytest.mark.slow
def test_nothing_in_a_store_is_a_pickle(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=1, pages=3)
    finished(str(source), "fineweb", tmp_path / "store")
    kinds = {p.suffix for p in (tmp_path / "store").rglob("*") if p.is_file()}
    assert kinds <= {".json", ".parquet", ".html", ".md", ".npy"}
    for path in (tmp_path / "store").rglob("*.json"):
        json.loads(path.read_text())
        with pytest.raises(ValueError, match=r".*"):
            list(pickletools.genops(path.read_bytes()))


# ------------------------------------------------------------------ models


def test_a_model_is_not_loaded_before_its_digest_is_checked(tmp_path):
    path = tmp_path / "model.ftz"
    path.write_bytes(b"honest")
    model = model_file(str(path), hashlib.sha256(b"honest").hexdigest())
    path.write_bytes(b"swapped")
    with pytest.raises(BadInput, match="has the sha256"):
        locate(model)


@pytest.mark.parametrize("sha256", ["../../x", "0" * 63, "g" * 64])
def test_a_digest_is_a_digest(tmp_path, sha256):
    with pytest.raises(BadInput, match="64 hex digits"):
        model_file("https://example.org/model.bin", sha256)


LOADERS = {"fasttext.load_model", "kenlm.Model", "SentencePieceProcessor", "spm.SentencePieceProcessor"}


def test_every_loader_of_models_gets_a_checked_file():
    """Functions that load a model call ``locate``, which checks, or are given what it returned."""
    for path in sources():
        text = path.read_text()
        if any(loader in text for loader in LOADERS):
            assert "locate(" in text or "Path" in text, path


# ------------------------------------------------------------------ the server


def test_the_server_binds_to_this_machine_unless_a_password_is_set(monkeypatch):
    monkeypatch.delenv(serve.AUTH, raising=False)
    assert inspect.signature(serve.serve).parameters["host"].default == "127.0.0.1"
    for inside in ("127.0.0.1", "localhost", "::1", "127.8.8.8"):
        serve._refuse_open_doors(inside)
    for outside in ("0.0.0.0", "::", "192.168.1.4", "example.org"):
        with pytest.raises(BadInput, match="could run programs here"):
            serve._refuse_open_doors(outside)
    monkeypatch.setenv(serve.AUTH, "user:password")
    serve._refuse_open_doors("0.0.0.0")


def test_files_of_a_store_are_not_made_for_everybody_to_write(tmp_path):
    Store(str(tmp_path / "store")).put("x.json", b"{}")
    assert not os.stat(tmp_path / "store" / "x.json").st_mode & 0o022
