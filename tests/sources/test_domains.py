"""Registered and top-level domains of hosts."""

import pytest

from winnow.tasks.sources.domains import registered_domain, top_level


@pytest.mark.parametrize(
    ("host", "domain", "tld"),
    [
        ("news.bbc.co.uk", "bbc.co.uk", "uk"),
        ("example.org", "example.org", "org"),
        ("10.0.0.1", "10.0.0.1", "unknown"),
        ("localhost", "localhost", "unknown"),
        ("", "", "unknown"),
        ("a" * 300 + "..", "a" * 300 + "..", ""),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de", "de"),
        ("[::1]", "[::1]", "unknown"),
    ],
)
def test_domains(host, domain, tld):
    assert registered_domain(host) == domain
    assert top_level(host) == (tld or "unknown")
