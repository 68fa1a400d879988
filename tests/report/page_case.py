"""What tests of the page of gramian report share: a page in a browser, and what was drawn on it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import fixture
from reading import READ_PANELS

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import browser  # noqa: E402

GRAMIAN = sys.argv[1] if len(sys.argv) > 1 else ""


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        fixture.write(cls.folder)
        subprocess.run([GRAMIAN, "report", str(cls.folder)], check=True, stdout=subprocess.DEVNULL)
        cls.path = cls.folder / "report.html"
        cls.url = cls.path.as_uri()
        cls.browser = browser.Browser()
        cls.page = cls.browser.open(cls.url)
        cls.drawn = {figure["id"]: figure for figure in cls.page.evaluate(READ_PANELS)}
        cls.studies = {result["study"]: result for result in fixture.results()}

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.temporary.cleanup()

    def panels(self):
        for study in self.studies.values():
            for figure in study["figures"]:
                self.assertEqual(
                    len(self.drawn[figure["id"]]["panels"]), len(figure["panels"]), figure["id"]
                )
                for told, seen in zip(figure["panels"], self.drawn[figure["id"]]["panels"]):
                    yield told, seen

    @staticmethod
    def shown(panel, point):
        log_x, log_y = panel["x"]["scale"] == "log", panel["y"]["scale"] == "log"
        return (
            point["y"] is not None
            and (point["y"] > 0 or not log_y)
            and (point["x"] > 0 or not log_x)
        )

    @staticmethod
    def keeps_bar(told, seen, point):
        """A point beyond the frame has no bar there: it would cross the panel."""
        if point.get("high") is None:
            return False
        if told["y"]["scale"] == "log" and not point["y"] > 0:
            return True  # an upper limit
        ends = sorted(told["y"]["domain"] or seen["yDomain"])
        return ends[0] <= point["y"] <= ends[1]

    def papers(self, fragment="", **kind):
        path = self.folder / "papers/report.html"
        if not path.exists():
            fixture.write(path.parent, fixture.papers())
            subprocess.run(
                [GRAMIAN, "report", str(path.parent)], check=True, stdout=subprocess.DEVNULL
            )
        return self.browser.open(path.as_uri() + fragment, **kind)


def main():
    """Exit code 77 says that Chromium or Playwright is missing and the tests were skipped."""
    if browser.missing():
        print(f"skipped: the page is tested in a browser, and {browser.missing()}")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
