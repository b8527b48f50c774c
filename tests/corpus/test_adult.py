"""Which pages a report hides until somebody asks: by the URL, by what was measured of it, and by words of several languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.corpus.adult import LEAST, may_be_adult

PLAIN = "The harvest festival begins on Friday, and the mill will be open to visitors until the evening. "


@pytest.mark.parametrize("signal", LEAST)
def test_what_was_measured_of_the_url_counts(signal):
    assert may_be_adult("https://a.example/", PLAIN, {signal: LEAST[signal]})
    assert not may_be_adult("https://a.example/", PLAIN, {signal: 0})
    assert not may_be_adult("https://a.example/", PLAIN, {signal: None})


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/free-porn-videos",
        "https://a.example/seks-pozycje;analne,artykul.html",
        "https://a.example/порно/1",
        "https://a.example/naked_nude_gallery",
        "https://a.example/エロ動画",
    ],
)
def test_urls_that_say_it_themselves(url):
    assert may_be_adult(url, PLAIN, {})


@pytest.mark.parametrize(
    "text",
    [
        "porno film, pornofilme, porn",
        "Seks w łóżku. Seksualne pozycje, seks analny.",
        "секс, порно и эротика",
        "成人电影 色情 性交",
        "섹스 야동 포르노",
    ],
)
def test_texts_in_several_languages(text):
    assert may_be_adult("https://a.example/", text, {})


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://www.essex.example/analysis/sextant", PLAIN),
        ("https://a.example/statistics", "Sex: male. Age and sex of the respondents were analysed; the analysis is annual."),
        ("https://a.example/sv", "Sex personer, sextio kronor, en sextant och sex äpplen."),
        ("https://a.example/ru", "Секстет и секстант: анализ музыкального сектора."),
        ("https://a.example/zh", "成人教育学院的性能分析与彩色情报板"),
        ("https://a.example/", "A single mention of pornography in a report on the law of the press."),
        ("", ""),
    ],
)
def test_pages_that_only_sound_alike_are_shown(url, text):
    assert not may_be_adult(url, text, {})


@given(st.text(max_size=300), st.text(max_size=300))
@settings(deadline=None, max_examples=50)
def test_it_answers_for_any_text(url, text):
    assert may_be_adult(url, text, {}) in (True, False)
