"""A headless Chromium, driven over a pipe with the DevTools protocol. Needs no other package.

with Browser() as browser:
    page = browser.open("file:///tmp/report.html", width=390, dark=True)
    page.evaluate("document.title")
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Switches off what only people need of a browser: updates, accounts, suggestions.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
--disable-extensions
--disable-background-networking --disable-component-update --disable-sync --disable-default-apps
--disable-features=MediaRouter,OptimizationHints,Translate --hide-scrollbars
--force-color-profile=srgb
--font-render-hinting=none --remote-debugging-pipe about:blank""".split()


def find():
    """The path of a Chromium, or None."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    def __init__(self, patience=120):
        """`patience`: seconds after which an answer that does not come is an error."""
        program = find()
        if program is None:
            raise RuntimeError(
                f"no Chromium found; tried {', '.join(NAMES)} (Debian: apt-get install chromium)"
            )
        self.patience = patience
        self.folder = tempfile.TemporaryDirectory(
            prefix="gramian_browser_", ignore_cleanup_errors=True
        )
        # Chromium reads commands from descriptor 3 and answers on 4.
        there_in, self.out = os.pipe()
        self.into, there_out = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (there_in, there_out)]

        def place_ends():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self.folder.name}"],
            preexec_fn=place_ends,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (there_in, there_out, *ends):
            os.close(end)
        self.buffer = b""
        self.count = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("Browser.close")
            self.process.wait(timeout=10)
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.into)
        self.folder.cleanup()

    def send(self, method, session=None, **parameters):
        """Sends a command and returns its answer; events that come before it are kept."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        while True:
            answer = self.receive(method)
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, purpose):
        deadline = time.monotonic() + self.patience
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise RuntimeError(f"{purpose}: the browser has not answered for {self.patience} s")
            data = os.read(self.into, 1 << 20)
            if not data:
                raise RuntimeError(f"{purpose}: the browser has ended")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def open(self, url, width=1280, height=900, dark=False, phone=False):
        return Page(self, url, width, height, dark, phone)


class Page:
    def __init__(self, browser, url, width, height, dark, phone):
        self.browser = browser
        target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        self.send(
            "Emulation.setFocusEmulationEnabled", enabled=True
        )  # several pages, each as if it were in front
        self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        self.send("Page.navigate", url=url)
        self.wait("document.documentElement?.dataset.ready === 'true'")

    def send(self, method, **parameters):
        return self.browser.send(method, session=self.session, **parameters)

    def evaluate(self, expression):
        result = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, condition):
        deadline = time.monotonic() + self.browser.patience
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"still not true after {self.browser.patience} s: {condition};"
                    f" {self.complaints()}"
                )
            time.sleep(0.05)

    def events(self, method):
        return [
            event["params"]
            for event in self.browser.events
            if event.get("method") == method and event.get("sessionId") == self.session
        ]

    def complaints(self):
        """Exceptions, and warnings and errors that the browser or the page wrote to the console."""
        self.evaluate("0")  # what came before the answer has come
        found = [
            event["exceptionDetails"]
            .get("exception", {})
            .get("description", event["exceptionDetails"]["text"])
            for event in self.events("Runtime.exceptionThrown")
        ]
        found += [
            event["entry"]["text"]
            for event in self.events("Log.entryAdded")
            if event["entry"]["level"] in ("warning", "error")
        ]
        found += [
            str([argument.get("value") for argument in event["args"]])
            for event in self.events("Runtime.consoleAPICalled")
            if event["type"] in ("warning", "error", "assert")
        ]
        return found

    def requests(self):
        """Addresses that the page has asked for, without those that are data."""
        self.evaluate("0")
        return [
            event["request"]["url"]
            for event in self.events("Network.requestWillBeSent")
            if not event["request"]["url"].startswith("data:")
        ]

    def screenshot(self, path, whole=True):
        data = self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self, path=None):
        data = base64.b64decode(
            self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"]
        )
        if path:
            with open(path, "wb") as file:
                file.write(data)
        return data

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
