"""A headless Chromium from Debian's packages, driven over the DevTools protocol; for tests that look at the Prefect UI."""

import base64
import itertools
import json
import shutil
import subprocess
import time
from pathlib import Path

from websockets.sync.client import connect

from tests.flows.conftest import get

CHROMIUM = shutil.which("chromium")
READY_S = 30


class Browser:
    """One window. Context manager; ``home`` is a fresh folder for its profile."""

    def __init__(self, home: Path, width: int = 1440, height: int = 900):
        self._process = subprocess.Popen(
            [
                CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                f"--window-size={width},{height}", "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._numbers = itertools.count(1)
        active = home / "DevToolsActivePort"
        self._until(lambda: active.is_file() and "\n" in active.read_text(), "Chromium starts")
        port = active.read_text().splitlines()[0]
        page = next(t for t in get(f"http://127.0.0.1:{port}/json/list") if t["type"] == "page")
        self._socket = connect(page["webSocketDebuggerUrl"], max_size=None, origin=None)
        self.call("Page.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._process.terminate()
        self._process.wait()

    def call(self, method, **parameters):
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=READY_S))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, url, *texts):
        """Go to a page and wait until it shows every one of these texts."""
        self.call("Page.navigate", url=url)
        self.see(*texts)

    def see(self, *texts):
        for text in texts:
            self._until(lambda text=text: text.casefold() in self.text().casefold(), f"the page shows {text!r}")

    def click(self, text):
        """Click the innermost element that shows this text."""
        script = f"""(() => {{
            const all = [...document.querySelectorAll('*')].filter(e => e.innerText?.trim() === {json.dumps(text)});
            all.at(-1)?.click(); return all.length }})()"""
        self._until(lambda: self.run(script), f"there is a {text!r} to click")

    def until(self, what, script):
        """Wait until a JavaScript expression is true."""
        self._until(lambda: self.run(script), what)

    def text(self):
        """What the page shows, and after it what its fields hold."""
        return (
            self.run("[document.body?.innerText, ...[...document.querySelectorAll('input, textarea')].map(e => e.value)].join('\\n')") or ""
        )

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _until(self, true, what):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if true():
                return
            time.sleep(0.1)
        raise AssertionError(f"waited {READY_S} s in vain: {what}. The page says: {self.text()[:2000] if hasattr(self, '_socket') else ''}")
