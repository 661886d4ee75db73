"""Debian's Chromium, driven through its driver (WebDriver, over HTTP), with Python's standard library alone."""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 20.0  # seconds for what has to come; nothing waits this long unless it fails


class Browser:
    """A browser without a window and without a network: only this machine can be reached."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="browser.")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=dict(os.environ, TMPDIR=self.folder),
        )  # fmt: skip
        port = next((found[1] for line in self.driver.stdout if (found := re.search(r"successfully on port (\d+)", line))), None)
        if port is None:
            raise RuntimeError("chromedriver does not start")
        self.address = f"http://127.0.0.1:{port}"
        arguments = [
            "--headless=new", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking", "--no-first-run",
            "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            f"--user-data-dir={self.folder}/profile",
        ]  # fmt: skip
        if os.geteuid() == 0:  # root may not have a sandbox
            arguments.append("--no-sandbox")
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{made['sessionId']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._ask("DELETE", self.session)
        except OSError:
            pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, verb, path, body=None):
        data = None if verb != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.address + path, data, {"content-type": "application/json"}, method=verb)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def _command(self, path, body=None):
        return self._ask("POST", self.session + path, body)

    def _developer(self, command, **parameters):
        return self._command("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        self._command("/url", {"url": address})

    def run(self, script, *arguments):
        """The value of a script, or of the promise that it returns."""
        return self._command("/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, what, script, *arguments):
        """Waits until a script returns something true, and gives that."""
        return self.until_true(what, lambda: self.run(script, *arguments))

    def until_true(self, what, look):
        end = time.monotonic() + PATIENCE
        while True:
            if value := look():
                return value
            if time.monotonic() > end:
                raise AssertionError(f"{what}: it did not come. The page says: {self.run('return document.body.innerText')[:2000]}")
            time.sleep(0.05)

    def look(self, width, height, scheme="light", motion="no-preference"):
        """As a screen of this size shows it, and a reader who wants it light or dark, with or without movement."""
        self._developer("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]
        self._developer("Emulation.setEmulatedMedia", features=features)

    def screenshot(self, path):
        shot = self._ask("GET", self.session + "/screenshot")
        Path(path).write_bytes(base64.b64decode(shot))

    def complaints(self):
        """What the console says that is an error or a warning, since the last time."""
        entries = self._command("/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]
