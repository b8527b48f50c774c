"""Personal data: what is found, what is not, and that a replacement depends on the value and the key alone."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.corpus.pii import registry
from winnow.tasks.corpus.pii.evaluate import evaluate
from winnow.tasks.corpus.pii.find import find, redact

KINDS = tuple(registry.kinds())
# Numbers of documentation, of standards, and made up ones that pass their checks; nobody's.
FOUND = {
    "email": [
        "jane.doe@mail-server.org",
        "a+b@x.co.uk",
        "müller@firma.de",
        "(info@shop.biz)",
        "Write to sales@acme.io.",
        "请联系abc@qq.com进行注册。",
        "メールはinfo@example-corp.co.jpまで。",
        "이메일abc@naver.com으로",
        "mail a@firm.comPhone: none",
        "иван@почта.рф",
        "jane [at] firm [dot] org",
        "jane (at) firm.org",
        "jane at firm dot org",
        "E-mail: jane @ firm.org",
    ],
    "ip": [
        "from 8.8.8.8 to",
        "host=93.184.216.34;",
        "服务器IP地址8.8.8.8是公开的。",
        "2606:4700:4700::1111",
        "[2a00:1450:4001:81b::200e]",
        "see http://93.184.216.34:8080/x",
    ],
    "phone": [
        "+49 30 1234567",
        "+1 212-867-5309",
        "(030) 901820",
        "212-867-5309",
        "Tel. 030 901820",
        "Fax: 0711/2345678",
        "+44 (20) 7946 0958",
        "电话：010-62345678",
        "тел. 8 495 123-45-67",
        "Phone\n(866) 741-8323",
        "Sales | F 303.733.5669",
        "call 0845 766 5522 now",
    ],
    "iban": ["DE89 3704 0044 0532 0130 00", "IBAN GB82WEST12345698765432.", "my iban is gb82west12345698765432"],
    "card": ["credit card 4111 1111 1111 1111", "Visa: 4012888888881881", "信用卡号 5500005555555559", "tarjeta 4111-1111-1111-1111 con"],
    "bank_account": ["Código cuenta cliente: 2085 8720 60 1902070563"],
    "crypto": [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "donate ETH 0x52908400098527886E0F7030069857D2E4169EE7",
    ],
    "national_id": [
        "SSN: 536-90-4399",
        "SSN 536 90 4399",
        "CURP es PEPP700101HASRRD09",
        "o CPF é 263.946.533-30",
        "aadhaar number 2341 2341 2346",
        "codice fiscale RSSMRA85T10A562S",
        "PESEL 44051401359",
        "身份证号码11010519491231002X。",
        "hetu 131052-308T",
        "NI number AB123456C",
        "Steuer-ID: 36574261809",
    ],
    "secret": [
        "key AKIAQ3EGRT7KLM2ZXCVB here",
        "token: ghp_aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5",
        "postgres://app:S3cr3tPw@db/x",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx1zKk3bJ8qYp0Tt6ZsQwertyuiop==\n-----END RSA PRIVATE KEY-----",
    ],
    "device": ["MAC 00:16:3E:C2:07:EE", "IMEI 49-015420-323751-8"],
}
NOT_FOUND = {
    "email": [
        "@handle",
        "a@b",
        "user@localhost",
        "x@example.com",
        "C++@home",
        "foo@bar@",
        "me@site.example",
        "logo@2x.png and icon@3x.jpg",
        "git@github.com:a/b",
        "react@18.2.0",
        "@alice@mastodon.social",
        "meet me at the dot party",
    ],
    "ip": [
        "10.0.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "192.0.2.7",
        "version 1.2.3.4.5",
        "256.1.1.1",
        "1.2.3",
        "12:30:45",
        "std::vector",
        "::1",
        "fe80::1",
        "v8.8.8.8",
        "Section 4.2.13.1",
        "4.2.13.1 On mills",
        "see version 8.8.4.4",
        "\n## 4.2.13.1. Grain",
        "Si veda Sezione 6.3.4.2, Part",
        "смотрите Раздел 1.3.2.1 и",
        "kernel 4.19.0.13 and OpenSSL 1.0.2.1 are old; jQuery 3.2.1.0 is newer.",
        "Player 32.0.0.171",
        "a[::10], a[1::10], b[10::2] and c[2001::10:1]",
        "B::CC and DB::DB",
        "the network 128.1.0.0/16",
        "Chrome/91.0.44.124",
    ],
    "phone": [
        "2024-05-18",
        "18.05.2024",
        "12:30",
        "3.14159265",
        "1,234,567",
        "ISBN 978-3-16-148410-0",
        "id 123456789012",
        "$1 200 000",
        "555-0142",
        "tel 555-0142",
        "1914-1918",
        "10 000 000",
        "thành phố 9.166.800",
        "Boston, MA 02284-1003",
        "call 1 2 3 4 5 6 7 8",
        "192.168.0.0/24",
        "Fax +99 983 453 999",
    ],
    "iban": ["DE89 3704 0044 0532 0130 01", "AB12 3456 7890 1234"],
    "card": ["order 4111 1111 1111 1111", "credit card 4111 1111 1111 1112", "credit card 4273 9666 4581"],
    "bank_account": ["Código cuenta cliente: 2085 8720 44 1902070563", "order 2085 8720 60 1902070563"],
    "crypto": [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "tx 0x52908400098527886E0F7030069857D2E4169EE7",
    ],
    "national_id": ["SSN 666-90-4399", "536-90-4399", "PESEL 44051401358", "CPF 000.000.000-12", "CURP PEPP700101HASRRD01"],
    "secret": ["AKIAIOSFODNN7EXAMPLE", "sk-xxxxxxxxxxxxxxxxxxxxxxxx", "https://user:password@host", "sk-task-oriented-language-design"],
    "device": ["time 00:16:3E:C2:07:EE", "IMEI 49-015420-323751-9", "MAC 00:00:00:00:00:00"],
}


def test_every_kind_has_cases():
    assert set(FOUND) == set(NOT_FOUND) == set(KINDS)


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in FOUND.items() for t in texts])
def test_found(kind, text):
    redacted = redact(text, KINDS)
    assert redacted.counts == {kind: 1}
    assert redacted.text != text


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in NOT_FOUND.items() for t in texts])
def test_not_found(kind, text):
    assert redact(text, (kind,)) == (text, {}, ())


def test_what_stands_around_stays():
    assert redact("Call (030) 901820, or mail jane@firm.org!", KINDS).text.startswith("Call 555-01")
    assert re.fullmatch(r"请联系user\d{5}@example\.(com|org|net)进行注册。", redact("请联系abc@qq.com进行注册。", KINDS).text)
    text = redact("mail jane@firm.org! And JANE@firm.org, john@firm.org.", ["email"]).text
    first, second, third = (word.strip("!,.") for word in text.split() if "@" in word)
    assert first == second != third


def test_spans_are_places_in_the_input():
    text = "Call (030) 901820, or mail jane@firm.org! 我的邮箱是abc@qq.com。"
    spans = redact(text, KINDS).spans
    assert [(s.kind, text[s.start : s.end]) for s in spans] == [
        ("phone", "(030) 901820"),
        ("email", "jane@firm.org"),
        ("email", "abc@qq.com"),
    ]
    assert list(spans) == find(text, KINDS)


def test_equal_values_are_equal_however_they_are_written_and_another_key_gives_others():
    plain = redact("IBAN DE89 3704 0044 0532 0130 00 and DE89370400440532013000", ["iban"]).text
    keyed = redact("IBAN DE89 3704 0044 0532 0130 00 and DE89370400440532013000", ["iban"], b"a key that nobody knows").text
    assert plain != keyed
    for text in (plain, keyed):
        first, second = re.findall(r"\[iban [a-z]{8}\]", text)
        assert first == second


PIECES = st.sampled_from(
    " |\n|jane@firm.org|8.8.8.8|+49 30 1234567|.|@|1|-|x|555-01|:|2606:4700::1|tel |é|card |4111 1111 1111 1111|GB82WEST12345698765432|SSN |536-90-4399"
    "|AKIAQ3EGRT7KLM2ZXCVB|1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa|://a:S3cr3t| at | dot org|(|)|/".split("|")
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_redacting_twice_is_redacting_once(text):
    once = redact(text, KINDS)
    assert redact(once.text, KINDS) == (once.text, {}, ())


@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_spans_are_in_order_apart_and_hold_all_that_changes(text):
    redacted = redact(text, KINDS)
    ends = [0, *(s.end for s in redacted.spans)]
    starts = [*(s.start for s in redacted.spans), len(text)]
    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    at = 0
    for end, start in zip(ends, starts, strict=True):  # what is between the spans stands in the result, in this order
        at = redacted.text.index(text[end:start], at) + start - end


@given(st.lists(st.sampled_from([t for texts in FOUND.values() for t in texts if "\n" not in t]), min_size=2, max_size=5))
def test_a_replacement_depends_on_the_value_only(texts):
    gap = "\n" + "." * 50 + "\n\n"  # too far for a word of one to be the context of another
    assert redact(gap.join(texts), KINDS).text == gap.join(redact(t, KINDS).text for t in texts)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["@", "a", "1.", "1", "1 ", "+1 (2", ":", "a.a@", "(1) ", "ssn 1 2 3 4 5 ", "sk-", "eyJ", "-----BEGIN PRIVATE KEY-----", "DE89", "a at b dot ", "[at]", "a@b.com", "://a:b"],
)  # fmt: skip
def test_hostile_texts_take_linear_time(piece):
    text = (piece * 10**5)[: 10**5]
    begin = time.process_time()
    redact(text, KINDS)
    assert time.process_time() - begin < 10  # seconds; the wrong expression takes minutes


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_human_labels():
    scores = {s.kind: s for s in evaluate([DATA / "labels/pii/webstruct_entities.jsonl.gz"], ("email", "phone"))}
    assert scores["email"].f1 >= 0.98
    assert scores["phone"].f1 >= 0.95
