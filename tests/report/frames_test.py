#!/usr/bin/env python3
"""Figures of gramian report: nothing leaves its frame or is overprinted: frames_test.py GRAMIAN.

Light and dark, on a wide screen and on a phone. Exit code 77: as page_test.py.
"""

from page_case import PageCase, main
from reading import READ_MISPLACED


class FramesTest(PageCase):
    def test_what_lies_beyond_an_axis_has_a_mark_and_a_note(self):
        found = 0
        for told, seen in self.panels():
            marks = {(mark["series"], mark["kind"]): mark for mark in seen["marks"]}
            notes = " ".join(seen["notes"])
            for series in told["series"]:
                ends = sorted(told["y"]["domain"] or seen["yDomain"])
                visible = [p for p in series["points"] if self.shown(told, p)]
                for side, word, out in (
                    ("above", "Above", [p for p in visible if p["y"] > ends[1]]),
                    ("below", "Below", [p for p in visible if p["y"] < ends[0]]),
                ):
                    points = marks.get((series["name"], side), {"points": []})["points"]
                    self.assertEqual(len(points), len(out), (series["name"], side))
                    if out:
                        found += 1
                        told_so = notes.partition(f"{word} the axis")[2].partition(" the axis")[0]
                        self.assertIn(f"{series['name']} (", told_so)
                    for point in points:
                        edge = seen["frame"][0 if side == "above" else 1]
                        self.assertAlmostEqual(point["at"][1], edge, delta=0.6)
        self.assertGreater(found, 5)

    def test_an_outlier_does_not_flatten_its_panel(self):
        for told, seen in self.panels():
            if not told["title"].startswith("outlier"):
                continue
            usual = [p["y"] for s in told["series"] for p in s["points"] if 0 < abs(p["y"]) < 10]
            low, high = sorted(seen["yDomain"])
            if told["y"]["scale"] == "log":
                self.assertLess(high / low, 1e14, told["title"])
            else:
                self.assertLess(high - low, 10 * (max(usual) - min(usual)), told["title"])
            self.assertIn("the axis", " ".join(seen["notes"]))

    def misplaced(self, path, **kind):
        """On a light page and, once that has become one, on a dark page."""
        page = self.browser.open(path.as_uri(), **kind)
        found = page.evaluate(READ_MISPLACED)
        page.tab.emulate_media(color_scheme="dark")
        found += page.evaluate(READ_MISPLACED)
        self.assertEqual(page.complaints(), [])
        page.close()
        return found

    def test_nothing_is_outside_of_its_frame_and_no_labels_overlap(self):
        self.papers().close()
        for path in (self.path, self.folder / "papers/report.html"):
            for kind in (
                {},
                {"width": 800},
                {"width": 390, "height": 844, "phone": True},
            ):
                self.assertEqual(self.misplaced(path, **kind), [], kind)

    def test_the_check_of_places_finds_what_is_misplaced(self):
        page = self.browser.open(self.url)
        page.evaluate(
            """(() => { window.gramian.figures();
            const svg = document.querySelector("figure[data-figure=fig1] svg.plot");
            const texts = svg.querySelectorAll("text");
            texts[0].setAttribute("transform", texts[1].getAttribute("transform"));
            texts[texts.length - 1].setAttribute("transform", "translate(900,10)");
            svg.querySelector('[aria-label="x-axis tick"] path')
               .setAttribute("transform", "translate(20,177)"); })()"""
        )
        found = " ".join(page.evaluate(READ_MISPLACED))
        for fault in ("overlaps", "is outside", "a tick of x is outside of the frame"):
            self.assertIn(fault, found)
        page.close()


if __name__ == "__main__":
    main()
