"""What a message may show of a place: never what lets somebody in."""

import pytest

from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import store_at
from winnow.tasks.transport.uri import has_credentials, without_credentials

SECRET = "planted-5d1e"
PLACES = [
    f"https://user:{SECRET}@h.example/x.warc.gz",
    f"http:/user:{SECRET}@h.example/x.warc.gz",  # as a path is written
    f"s3://AKIA:{SECRET}@bucket/x",
    f"https://h.example/x?api_key={SECRET}&n=1",
    f"https://h.example/x?a=1&X-Amz-Signature={SECRET}",
    f"https://{SECRET}@h.example/",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", ["There is no file {}.", "'{}'", "{}, does not answer", "({})"])
def test_a_message_keeps_credentials_to_itself(place: str, words: str) -> None:
    said = without_credentials(words.format(place))
    assert SECRET not in said
    assert "h.example" in said or "bucket" in said


@pytest.mark.parametrize(
    "plain", ["mail a@b.example", "https://h.example/@user/x?page=2", "/home/a@b/c", "s3://bucket/a@b", "12:30 @ the mill"]
)
def test_what_is_no_credential_stays(plain: str) -> None:
    assert without_credentials(plain) == plain
    assert not has_credentials(plain)


COMMANDS = (
    ["inspect", "{}"],
    ["extract", "{}"],
    ["status", "--store", "{}"],
    ["verify", "--store", "{}"],
    ["prune", "--store", "{}"],
    ["threshold", "word_count", "--run", "r", "--store", "{}"],
    ["run", "{}"],
    ["run", "/nowhere", "--recipe", "{}"],
    ["decontaminate", "{}", "--against", "{}"],
    ["redact", "{}"],
    ["index", "{}"],
    ["train", "lm", "--lang", "en", "--text", "{}", "--out", "x"],
    ["what-if", "{}"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_repeats_the_credentials_that_it_was_given(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word.format(f"http://user:{SECRET}@127.0.0.1:9/x") for word in command]) == 2
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert said.err.startswith("winnow: ")


@pytest.mark.parametrize("root", ["http://127.0.0.1:9/x", "https://127.0.0.1:9/x"])
def test_a_web_server_is_no_store(root: str) -> None:
    with pytest.raises(BadInput, match="Nothing can be stored"):
        store_at(root)
