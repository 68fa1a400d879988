"""Debian's Chromium without a window, driven by Playwright (PyPI: playwright).

with Browser() as browser:
    page = browser.open("file:///tmp/report.html", width=390, dark=True)
    page.evaluate("document.title")
"""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
READY = "html[data-ready=true]"  # what the page of gramian report says once everything is drawn

# Waits for an element in the page itself: Playwright's own waiting asks at growing intervals, which
# is a third of the time that these pages take to open.
WAIT = """([selector, patience]) => new Promise((done, failed) => {
  const there = () => document.querySelector(selector) && (done(), true);
  if (there()) return;
  const watch = new MutationObserver(() => there() && watch.disconnect());
  watch.observe(document, {attributes: true, childList: true, subtree: true});
  setTimeout(() => failed(new Error(`no ${selector} after ${patience} ms`)), patience);
})"""


def find():
    """The path of a Chromium (the variable CHROMIUM names another), or None."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for path in map(shutil.which, NAMES) if path), None)


def missing():
    """What is not here that Browser needs, in words; an empty text if nothing is."""
    if find() is None:
        return f"no Chromium found; tried {', '.join(NAMES)} (Debian: apt-get install chromium)"
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "the Python package playwright is missing (pip install playwright)"
    return ""


class Browser:
    def __init__(self, patience=120):
        """`patience`: seconds after which an answer that does not come is an error."""
        if missing():
            raise RuntimeError(missing())
        from playwright.sync_api import sync_playwright

        self.patience = 1000 * patience
        self.phone = None
        self.playwright = sync_playwright().start()
        try:
            # The window of a profile (here a temporary one) opens pages in two thirds of the time
            # of a window without, which shares no processes between its pages.
            self.window = self.playwright.chromium.launch_persistent_context(
                "",
                executable_path=find(),
                args=["--disable-gpu", "--font-render-hinting=none"],
            )
        except BaseException:
            self.playwright.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.window.close()
        self.playwright.stop()

    def open(self, url, width=1280, height=900, dark=False, phone=False, ready=READY):
        """Opens an address in a page of its own, and waits until the selector `ready` is there.
        `phone`: with a touch screen and two dots a pixel."""
        if phone and self.phone is None:
            self.phone = self.window.browser.new_context(
                is_mobile=True, has_touch=True, device_scale_factor=2
            )
        tab = (self.phone if phone else self.window).new_page()
        tab.set_default_timeout(self.patience)
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme="dark" if dark else "light")
        page = Page(tab)
        tab.goto(url, wait_until="commit")
        tab.evaluate(WAIT, [ready, self.patience])
        return page


class Page:
    """A page, and what it complained about and asked for; `tab` is Playwright's page."""

    def __init__(self, tab):
        self._complaints, self._requests = [], []
        self.tab = tab
        self.tab.on("pageerror", lambda error: self._complaints.append(str(error)))
        self.tab.on("console", self._listen)
        self.tab.on("request", lambda request: self._requests.append(request.url))

    def _listen(self, message):
        if message.type in ("warning", "error", "assert"):
            self._complaints.append(message.text)

    def evaluate(self, expression):
        return self.tab.evaluate(expression)

    def complaints(self):
        """Exceptions, and warnings and errors that the browser or the page wrote to the console."""
        self.evaluate("0")  # what came before the answer has come
        return self._complaints

    def requests(self):
        """Addresses that the page has asked for, without those that are data."""
        self.evaluate("0")
        return [url for url in self._requests if not url.startswith("data:")]

    def close(self):
        self.tab.close()
