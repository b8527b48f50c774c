"""The page of ``winnow label`` in a real browser: keys, the way back, and texts that would like to be more than text."""

import threading

import pytest

from tests.flows.browser import CHROMIUM, Browser
from winnow.tasks.labels.heads import head
from winnow.tasks.labels.page import LabelPage
from winnow.tasks.labels.sheet import Item

pytestmark = [pytest.mark.server, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]
ITEMS = [
    Item(f"d{n}", None, f"http://a.example/{n}", f"Page {n} <img src=x onerror=\"document.title='run'\"> </pre> about mills")
    for n in range(3)
]


@pytest.mark.parametrize(("name", "key", "label"), [("educational", "4", "4"), ("weborganizer_topic", "2", "Art & Design")])
def test_one_document_at_a_time(tmp_path, name, key, label):
    kept: dict[str, str] = {}
    page = LabelPage(head(name), len(ITEMS), ITEMS.__getitem__, lambda i: kept.get(i.id), lambda i, said: kept.update({i.id: said}))
    thread = threading.Thread(target=page.run, daemon=True)
    thread.start()

    def press(code):
        browser.run(f"document.dispatchEvent(new KeyboardEvent('keydown', {{key: {code!r}, bubbles: true}}))")

    with Browser(tmp_path / "profile", width=1000) as browser:
        browser.open(page.address, "Page 0", "1 of 3", label)
        assert browser.run("document.title") == "Winnow: labels"
        assert browser.run("document.querySelectorAll('#text img').length") == 0
        press(key)
        browser.see("Page 1", "2 of 3")
        assert kept == {"d0": label}
        press("ArrowLeft")
        browser.see("1 of 3")
        browser.until("what was said is marked", "document.querySelector('[aria-pressed=true]')?.dataset.name === " + repr(label))
        press("ArrowRight")
        browser.see("2 of 3")
        press("ArrowRight")
        browser.see("3 of 3")
        browser.screenshot(tmp_path / "page.png")
        press(key)
        browser.see("Everything has been seen")
        assert kept == {"d0": label, "d2": label}
        browser.click("Done")
        browser.see("Thank you")
    thread.join(10)
    assert not thread.is_alive()
