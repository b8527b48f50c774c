"""Personal data: what is found, what is not, and that a replacement depends on the value alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.corpus.pii import KINDS, redact

FOUND = {
    "email": [
        "jane.doe@mail-server.org",
        "a+b@x.co.uk",
        "müller@firma.de",
        "(info@shop.biz)",
        "Write to sales@acme.io.",
        "me@site.example",
    ],
    "ip": ["from 8.8.8.8 to", "host=93.184.216.34;", "2606:4700:4700::1111", "[2a00:1450:4001:81b::200e]"],
    "phone": [
        "+49 30 1234567",
        "+1 212-867-5309",
        "(030) 901820",
        "212-867-5309",
        "Tel. 030 901820",
        "Fax: 0711/2345678",
        "+44 (20) 7946 0958",
    ],
}
NOT_FOUND = {
    "email": ["@handle", "a@b", "user@localhost", "x@example.com", "C++@home", "foo@bar@"],
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
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in FOUND.items() for t in texts])
def test_found(kind, text):
    redacted = redact(text, KINDS)
    assert redacted.counts == {kind: 1}
    assert redacted.text != text


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in NOT_FOUND.items() for t in texts])
def test_not_found(kind, text):
    assert redact(text, (kind,)) == (text, {})


def test_what_stands_around_stays():
    assert redact("Call (030) 901820, or mail jane@firm.org!", KINDS).text.startswith("Call 555-01")
    text = redact("mail jane@firm.org! And JANE@firm.org, john@firm.org.", ["email"]).text
    first, second, third = (word.strip("!,.") for word in text.split() if "@" in word)
    assert first == second != third


PIECES = st.sampled_from(
    ["jane@firm.org", "8.8.8.8", "+49 30 1234567", " ", "\n", ".", "@", "1", "-", "x", "555-01", ":", "2606:4700::1", "tel ", "é"]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_redacting_twice_is_redacting_once(text):
    once = redact(text, KINDS)
    assert redact(once.text, KINDS) == (once.text, {})


@given(st.lists(st.sampled_from([t for texts in FOUND.values() for t in texts]), min_size=2, max_size=5))
def test_a_replacement_depends_on_the_value_only(texts):
    assert redact("\n".join(texts), KINDS).text == "\n".join(redact(t, KINDS).text for t in texts)


@pytest.mark.parametrize(
    "text",
    [
        "@" * 10**6,
        "a" * 10**6 + "@",
        "1." * 5 * 10**5,
        "1" * 10**6,
        "1 " * 5 * 10**5,
        "+1 (2" * 2 * 10**5,
        ":" * 10**6,
        "a.a@" * 2 * 10**5,
        "(1) " * 10**5,
    ],
    ids=lambda t: t[:6],
)
def test_hostile_texts_take_linear_time(text):
    begin = time.process_time()
    redact(text, KINDS)
    assert time.process_time() - begin < 5
