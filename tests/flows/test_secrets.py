"""Credentials in a block and in the environment, a run that ends well and one that is refused, every log at its loudest: they appear nowhere."""

import subprocess
import sys

import pytest

from tests.flows.conftest import ROOT, get
from tests.proxy import Faults, Proxy
from tests.s3 import s3_service

pytestmark = pytest.mark.server
BLOCK_KEY, BLOCK_SECRET = "AKIAPLANTEDINBLOCK03", "planted/block+secret/winnow/abcdef"
SHELL_SECRET, URL_SECRET = "planted/shell+secret/winnow/ghijkl", "planted-in-a-url"


@pytest.fixture(scope="module")
def s3():
    with s3_service("secrets") as (environment, client):
        yield environment["AWS_ENDPOINT_URL"], client


def test_planted_secrets_appear_nowhere(winnow, server, environment, tiny, s3, tmp_path, tmp_path_factory):
    endpoint, client = s3
    with Proxy(endpoint, Faults(share=1.0, kinds=("denied",), most=10**6)) as refusing:
        blocks = {"planted-good": endpoint, "planted-refused": refusing.url}
        code = "from winnow.blocks import ArtifactStore\n" + "".join(
            f"ArtifactStore(root='s3://secrets/w', endpoint_url={url!r}, access_key_id={BLOCK_KEY!r}, secret_access_key={BLOCK_SECRET!r})"
            f".save({name!r})\n"
            for name, url in blocks.items()
        )
        done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        env = {
            "AWS_SECRET_ACCESS_KEY": SHELL_SECRET,
            "AWS_ACCESS_KEY_ID": "AKIAPLANTEDINSHELL04",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PREFECT_LOGGING_LEVEL": "DEBUG",
            "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG",
            "PYTHONPATH": str(ROOT),
        }
        said = ""
        for name, status in (("planted-good", 0), ("planted-refused", 2)):
            run = winnow("run", tiny, "--recipe", "gopher", "--store", f"block:{name}", "--limit", "1", "--verbose", env=env)
            assert run.returncode == status, run.stderr
            said += run.stdout + run.stderr
        # In a URI they are refused before anybody can write them down.
        uri = f"https://user:{URL_SECRET}@127.0.0.1:9/"
        for option in ("--base-url", "--runner", "--store"):
            value = f"dask:tcp://user:{URL_SECRET}@h:1" if option == "--runner" else uri
            run = winnow("run", tiny, option, value, env=env)
            assert run.returncode == 2
            said += run.stdout + run.stderr
    assert "DEBUG" in said
    assert "may not be read" in said
    assert get(f"{server}/artifacts/filter", {"limit": 1})
    places = [
        p for folder in ("server-home", "home") for base in tmp_path_factory.getbasetemp().glob(f"{folder}*") for p in base.rglob("*")
    ]
    files = {str(p): p.read_bytes() for p in places if p.is_file()}
    assert any(name.endswith("prefect.db") for name in files)
    for item in client.list_objects_v2(Bucket="secrets")["Contents"]:
        files[item["Key"]] = client.get_object(Bucket="secrets", Key=item["Key"])["Body"].read()
    assert any(name.endswith("manifest.json") for name in files)
    files["output"] = said.encode()
    for secret in (BLOCK_SECRET, SHELL_SECRET, URL_SECRET, BLOCK_KEY):
        for name, data in files.items():
            assert secret.encode() not in data, f"{secret} in {name}"
