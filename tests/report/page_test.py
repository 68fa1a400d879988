#!/usr/bin/env python3
"""The page of gramian report in a browser: page_test.py GRAMIAN.

Exit code 77 says that Chromium or Playwright is missing and the tests were skipped.
"""

import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree

import fixture
from page_case import GRAMIAN, ROOT, PageCase, main  # scripts/ is on the path from here on
import export_svg
from reading import READ_SHOWN, READ_TABLES, contrast, luminance, parse, tab


class PageTest(PageCase):
    def test_nothing_is_complained_about_and_nothing_asked_for(self):
        self.assertEqual(self.page.complaints(), [])
        self.assertEqual(self.page.requests(), [self.url])

    def test_texts_of_results_are_texts(self):
        self.assertEqual(self.page.evaluate("document.title"), "Gramian: report")
        self.assertEqual(
            self.page.evaluate("document.querySelector('#table1 h2').textContent"), fixture.HOSTILE
        )
        self.assertIn(
            "# </pre><b>",
            self.page.evaluate("document.querySelector('#table1 .settings pre').textContent"),
        )

    def test_claims_have_their_verdicts(self):
        seen = self.page.evaluate(
            "[...document.querySelectorAll('.claims li')].map(li => li.dataset.holds)"
        )
        self.assertEqual(seen, ["true", "false", "null"])
        self.assertEqual(
            self.page.evaluate("document.querySelector('.tile .figure').textContent"), "1 of 3"
        )
        cells = [
            cell["status"]
            for row in self.studies["table1"]["tables"][0]["rows"]
            for cell in row
            if isinstance(cell, dict) and cell.get("status")
        ]
        self.assertEqual(
            self.page.evaluate("document.querySelectorAll('.tile .figure')[1].textContent"),
            " / ".join(str(cells.count(status)) for status in ("better", "equal", "worse")),
        )

    def test_only_a_rehearsal_is_marked_as_one(self):
        marked = self.page.evaluate(
            "[...document.querySelectorAll('.study .rehearsal')].map(p => p.closest('.study').id +"
            " ': ' + p.textContent)"
        )
        self.assertEqual(marked, ["fig2: Rehearsal: too few steps to mean anything."])

    def test_tables_show_the_numbers_of_the_file(self):
        table = self.studies["table1"]["tables"][0]
        seen = self.page.evaluate(READ_TABLES)[0]
        self.assertEqual(seen["columns"], table["columns"])
        *rows, bound = seen["rows"]
        self.assertEqual(
            [float(cell["bayes"]) for cell in bound[1:]],
            [cell["bayes"] for cell in table["rows"][0][2:]],
        )
        self.assertEqual(len(rows), len(table["rows"]))
        for told, cells in zip(table["rows"], rows):
            cells = cells[-(len(table["columns"]) - 2) :]  # without the names of the row
            for cell, shown in zip(told[2:], cells):
                cell = cell if isinstance(cell, dict) else {"value": cell}
                if not isinstance(cell["value"], (int, float)):
                    self.assertEqual(shown["text"].rstrip("*"), cell["value"] or "–")
                    continue
                self.assertEqual(float(shown["value"]), cell["value"])
                value, place = parse(shown["text"])
                self.assertAlmostEqual(value, cell["value"], delta=0.51 * place)
                if cell.get("se"):
                    digits = int(re.search(r"\((\d+)\)", shown["text"])[1]) * place
                    self.assertAlmostEqual(digits, cell["se"], delta=0.51 * place)
                for key in ("se", "paper", "bayes"):
                    if cell.get(key) is not None:
                        self.assertEqual(float(shown[key]), cell[key])
                if cell.get("paper") is not None:
                    self.assertAlmostEqual(
                        parse(shown["theirs"])[0], cell["paper"], delta=1e-3 * abs(cell["paper"])
                    )
                self.assertEqual(shown.get("status", ""), cell.get("status", ""))

    def test_every_series_is_drawn_and_named(self):
        for study in self.studies.values():
            for figure in study["figures"]:
                names = list(
                    dict.fromkeys(s["name"] for p in figure["panels"] for s in p["series"])
                )
                self.assertEqual(self.drawn[figure["id"]]["legend"], names)
        for told, seen in self.panels():
            self.assertEqual(seen["title"], told["title"])
            self.assertEqual(seen["bands"], len(told["bands"]))
            for series in told["series"]:
                self.assertIn(series["name"], seen["label"])
                if any(self.shown(told, point) for point in series["points"]):
                    self.assertIn(
                        series["name"],
                        {
                            mark["series"]
                            for mark in seen["marks"]
                            if mark["count"] == len(series["points"])
                        },
                    )

    def test_points_carry_the_numbers_of_the_file(self):
        for told, seen in self.panels():
            for series in told["series"]:
                visible = [point for point in series["points"] if self.shown(told, point)]
                marks = {
                    mark["kind"]: mark for mark in seen["marks"] if mark["series"] == series["name"]
                }
                kind = "rule" if series["mark"] == "rule" else "points"
                if series["mark"] == "dashes" or (
                    series["mark"] == "line" and len(series["points"]) > 40
                ):
                    self.assertNotIn("points", marks)
                elif visible:
                    self.assertEqual(
                        [(float(p["x"]), float(p["y"])) for p in marks[kind]["points"]],
                        [(p["x"], p["y"]) for p in visible],
                    )
                bars = [p for p in series["points"] if self.keeps_bar(told, seen, p)]
                if bars:
                    self.assertEqual(
                        [
                            (float(p["x"]), float(p["low"]), float(p["high"]))
                            for p in marks["error"]["points"]
                        ],
                        [(p["x"], p["low"], p["high"]) for p in bars],
                    )

    def test_points_lie_where_the_axes_say(self):
        for told, seen in self.panels():
            scale_x = math.log if told["x"]["scale"] == "log" else float
            scale_y = math.log if told["y"]["scale"] == "log" else float
            if told["heatmap"] or len(seen["yTicks"]) < 2 or not told["series"]:
                continue
            ticks_x = [(scale_x(parse(text)[0]), at[0]) for text, at in seen["xTicks"]]
            ticks_y = [(scale_y(parse(text)[0]), at[1]) for text, at in seen["yTicks"]]
            to_x, to_y = self.affine(ticks_x), self.affine(ticks_y)
            self.assertGreater(to_x(1), to_x(0))
            self.assertLess(to_y(1), to_y(0))

            def assert_height(drawn, value):
                """Far beyond the frame a page may draw what it likes, on the right side."""
                height = to_y(scale_y(value))
                if abs(height) < 1e6:
                    self.assertAlmostEqual(drawn, height, delta=0.2)
                else:
                    self.assertGreater(drawn * height, 0)
                    self.assertTrue(1e5 < abs(drawn) < 1e9, drawn)

            for mark in seen["marks"]:
                series = next(s for s in told["series"] if s["name"] == mark["series"])
                visible = [p for p in series["points"] if self.shown(told, p)]
                for point in mark["points"]:
                    if mark["kind"] in ("above", "below"):
                        continue  # an arrow at the frame
                    if mark["kind"] != "rule":
                        self.assertAlmostEqual(
                            point["at"][0], to_x(scale_x(float(point["x"]))), delta=0.2
                        )
                    if mark["kind"] != "error":
                        assert_height(point["at"][1], float(point["y"]))
                    elif float(point["low"]) > 0:
                        ends = sorted(point["at"][1:])
                        assert_height(ends[0], float(point["high"]))
                        assert_height(ends[1], float(point["low"]))
                if mark["kind"] == "line" and visible:
                    corners = re.findall(r"[ML]([-\d.e]+),([-\d.e]+)", mark["paths"][0])
                    self.assertEqual(len(corners), len(visible))
                    for (x, y), point in zip(corners, visible):
                        self.assertAlmostEqual(float(x), to_x(scale_x(point["x"])), delta=0.2)
                        assert_height(float(y), point["y"])

    @staticmethod
    def affine(ticks):
        (a, at_a), (b, at_b) = ticks[0], ticks[-1]
        return lambda value: at_a + (value - a) * (at_b - at_a) / (b - a)

    def test_what_an_axis_cannot_show_is_said(self):
        notes = {seen["title"]: " ".join(seen["notes"]) for _, seen in self.panels()}
        self.assertIn("Without a value: GD++", notes["first"])
        self.assertIn("not on a log axis: DIAG, TUNEDRR", notes["first"])
        self.assertIn("not on a log axis: OLD", notes["nothing"])
        self.assertIn("far (5 at σ = 1)", notes["p0"])
        self.assertRegex(notes["p0"], r"explodes \(12 points, up to 10?.*10⁴³ at σ = 3\)")
        self.assertEqual(notes["wide"], "")

    def test_heat_maps_have_a_neutral_zero_and_two_signs(self):
        for told, seen in self.panels():
            if not told["heatmap"]:
                continue
            values = {
                (r, c): v
                for r, row in enumerate(told["heatmap"]["values"])
                for c, v in enumerate(row)
                if v is not None
            }
            self.assertEqual(
                {
                    (int(cell["row"]), int(cell["column"])): float(cell["value"])
                    for cell in seen["heat"]
                },
                values,
            )
            fills = {float(cell["value"]): cell["fill"] for cell in seen["heat"]}
            self.assertEqual(len(set(fills.values())), len(fills))
            far = []
            for value, fill in sorted(fills.items(), key=lambda item: abs(item[0])):
                green_red, blue_yellow = [
                    float(part) for part in re.findall(r"-?[\d.e-]+", fill.partition("oklab")[2])
                ][1:3]
                far.append(math.hypot(green_red, blue_yellow))
                if abs(value) >= 0.1:
                    self.assertEqual(blue_yellow < 0, value < 0, f"{value}: {fill}")
            self.assertLess(far[0], 0.01)
            self.assertGreater(far[-1], 0.05)
            self.assertIn("1 without a value", " ".join(seen["notes"]))

    def test_colours_are_told_apart_from_the_page(self):
        roles = (
            "['page', 'ink', 'soft', ...%s, ...[0,1,2,3,4,5,6,7,8,9].map(i => 'ramp-' + i)]"
            % json.dumps(fixture.ROLES)
        )
        read = (
            """(() => { const probe = document.body.appendChild(document.createElement("i"));
            const found = {};
            for (const name of %s) {
              probe.style.color = `var(--${name})`;
              found[name] = getComputedStyle(probe).color;
            }
            probe.remove(); return found; })()"""
            % roles
        )
        dark = self.browser.open(self.url, dark=True)
        for page in (self.page, dark):
            colours = page.evaluate(read)
            self.assertGreater(contrast(colours["ink"], colours["page"]), 7)
            self.assertGreater(contrast(colours["soft"], colours["page"]), 4.5)
            for name, colour in colours.items():
                if name != "page":
                    self.assertGreater(contrast(colour, colours["page"]), 2.5, name)
        background = "getComputedStyle(document.body).backgroundColor"
        self.assertGreater(luminance(self.page.evaluate(background)), 0.9)
        self.assertLess(luminance(dark.evaluate(background)), 0.02)
        dark.evaluate("document.querySelector('.theme').click()")
        self.assertGreater(luminance(dark.evaluate(background)), 0.9)
        self.assertEqual(dark.complaints(), [])
        dark.evaluate("document.querySelector('.theme').click()")
        dark.close()

    def test_a_phone_scrolls_only_down(self):
        phone = self.browser.open(self.url, width=390, height=844, phone=True)
        self.assertEqual(phone.evaluate("document.documentElement.scrollWidth"), 390)
        width = phone.evaluate("document.querySelector('.panel svg').getBoundingClientRect().width")
        self.assertGreater(width, 300)
        phone.evaluate("document.querySelector('#table1-cells .scroll').scrollLeft = 300")
        heads = phone.evaluate(
            "[...document.querySelectorAll('#table1-cells tbody tr:first-child th')].map(th =>"
            " th.getBoundingClientRect().left)"
        )
        self.assertTrue(all(0 <= left < 150 for left in heads), heads)
        self.assertEqual(phone.complaints(), [])
        phone.close()

    def test_a_link_leads_to_its_study(self):
        page = self.browser.open(self.url + "#fig4")
        top = page.evaluate("document.getElementById('fig4').getBoundingClientRect().top")
        self.assertTrue(-2 < top < 200, top)
        links = page.evaluate(
            "[...document.querySelectorAll('nav a')].map(a => [a.hash,"
            " Boolean(document.querySelector(a.hash))])"
        )
        self.assertEqual(links, [["#" + name, True] for name in ("summary", *self.studies)])
        page.close()

    OLD = tab("Vladymyrov et al. 2024", "fig1", "steps")
    GD = tab("von Oswald et al. 2022", "gd-fig2", "gd-fig3")
    NONE = tab("Beyond the papers", "explain-a")

    def test_one_paper_has_no_tabs(self):
        self.assertEqual(
            self.page.evaluate(
                "document.querySelectorAll('[role=tablist], [role=tab], [role=tabpanel], [hidden]"
                " .study').length"
            ),
            0,
        )
        self.assertIn(
            "versatile in-context learners",
            self.page.evaluate("document.querySelector('header').textContent"),
        )

    def test_every_paper_has_a_tab(self):
        page = self.papers()
        tabs = page.evaluate(
            "[...document.querySelectorAll('[role=tablist] > [role=tab]')].map(t => t.textContent)"
        )
        self.assertEqual(
            tabs,
            [
                "Vladymyrov et al. 20241 of 1 claims held",
                "von Oswald et al. 20221 of 3 claims held",
                "Beyond the papers1 of 1 claims held",
            ],
        )
        self.assertEqual(page.evaluate(READ_SHOWN), self.OLD)
        page.evaluate("document.querySelectorAll('[role=tab]')[1].click()")
        page.tab.wait_for_url("**#paper-von-oswald-et-al-2022")
        page.tab.locator("#gd-fig2").wait_for(state="visible")
        self.assertEqual(page.evaluate(READ_SHOWN), self.GD)
        self.assertIn(
            "by gradient descent",
            page.evaluate("document.querySelector('.paper:not([hidden]) cite').textContent"),
        )
        page.evaluate("history.back()")
        page.tab.locator("#fig1").wait_for(state="visible")
        self.assertEqual(page.evaluate(READ_SHOWN), self.OLD)
        self.assertEqual(len(page.evaluate("window.gramian.figures()")), 5)
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(page.complaints(), [])
        page.close()

    def test_a_link_opens_the_tab_of_its_study(self):
        for fragment, seen in (
            ("#gd-fig3", self.GD),
            ("#explain-a", self.NONE),
            ("#paper-von-oswald-et-al-2022", self.GD),
            ("#nothing", self.OLD),
            ("#%E0%A4%A", self.OLD),
        ):
            page = self.papers(fragment)
            self.assertEqual(page.evaluate(READ_SHOWN), seen, fragment)
            if not fragment.startswith(("#paper", "#nothing", "#%")):
                self.assertTrue(
                    page.evaluate(
                        "(() => { const box ="
                        f" document.querySelector('{fragment}').getBoundingClientRect();return"
                        " box.top > -2 && box.top < innerHeight; })()"
                    ),
                    fragment,
                )
            self.assertEqual(page.complaints(), [])
            page.close()

    def test_tabs_follow_the_keyboard_and_are_told_to_screen_readers(self):
        page = self.papers()
        page.evaluate("document.querySelector('[role=tab][tabindex=\"0\"]').focus()")
        for key, seen in (
            ("ArrowRight", self.GD),
            ("End", self.NONE),
            ("ArrowRight", self.OLD),
            ("ArrowLeft", self.NONE),
            ("Home", self.OLD),
        ):
            page.tab.keyboard.press(key)
            page.tab.locator(f"#{seen[1][0]}").wait_for(state="visible")
            self.assertEqual(page.evaluate(READ_SHOWN), seen)
            self.assertEqual(
                page.evaluate("document.activeElement.firstChild.textContent"), seen[0][0]
            )
        told = page.evaluate(
            """[...document.querySelectorAll("[role=tab]")].map(tab => {
              const panel = document.getElementById(tab.getAttribute("aria-controls"));
              return [tab.getAttribute("aria-selected"), tab.tabIndex, panel.getAttribute("role"),
                      panel.getAttribute("aria-labelledby") === tab.id, panel.hidden]; })"""
        )
        self.assertEqual(
            told,
            [
                ["true", 0, "tabpanel", True, False],
                ["false", -1, "tabpanel", True, True],
                ["false", -1, "tabpanel", True, True],
            ],
        )
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))"
        )
        self.assertTrue(
            all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels
        )
        page.close()

    def test_tabs_fit_a_phone(self):
        page = self.papers("#explain-a", width=390, height=844, phone=True)
        self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
        box = page.evaluate(
            "(() => { const b ="
            " document.querySelector('[aria-selected=true]').getBoundingClientRect(); return"
            " [b.left, b.right, b.height]; })()"
        )
        self.assertTrue(0 <= box[0] and box[1] <= 390 and box[2] >= 40, box)
        page.close()

    def test_print_shows_all_papers(self):
        page = self.papers("#gd-fig2")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.tab.emulate_media(media="print")
        shown = page.evaluate(
            "[...document.querySelectorAll('.paper, section.study, svg.plot, .tabs')].filter(e =>"
            " e.checkVisibility()).map(e => e.id || e.tagName)"
        )
        self.assertEqual(
            shown,
            [
                "paper-vladymyrov-et-al-2024",
                "fig1",
                "svg",
                "steps",
                "svg",
                "paper-von-oswald-et-al-2022",
                "gd-fig2",
                "svg",
                "gd-fig3",
                "svg",
                "paper-beyond-the-papers",
                "explain-a",
                "svg",
            ],
        )
        page.close()

    def test_headings_skip_no_level_and_ids_are_unique(self):
        levels = self.page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))"
        )
        self.assertEqual(levels[0], 1)
        self.assertTrue(
            all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels
        )
        ids = self.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        self.assertEqual(len(ids), len(set(ids)))

    def test_cells_and_points_explain_themselves(self):
        self.page.evaluate("document.querySelectorAll('#table1-cells td[data-value]')[1].focus()")
        box = self.page.evaluate("document.querySelector('.explain:not([hidden])').textContent")
        for part in (
            "Layers 1 · GD++ · 1",
            "0.04951 ± 0.0002",
            "paper",
            "0.050",
            "not distinguishable",
            "a note",
        ):
            self.assertIn(part, box)
        tip = """(() => { const svg = document.querySelector("figure[data-figure=fig1] svg.plot");
            svg.scrollIntoView(); svg.focus();
            svg.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
            const tip = () => svg.querySelector("[aria-label=tip]").textContent;
            return new Promise(done => setTimeout(() => done(tip()), 100)); })()"""
        self.assertRegex(self.page.evaluate(tip), r"layers: 1")

    def test_print_is_light_and_shows_everything(self):
        page = self.browser.open(self.url, dark=True)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(
            page.evaluate(
                "document.querySelectorAll('details.runs:not([open]),"
                " details.settings:not([open])').length"
            ),
            0,
        )
        page.tab.emulate_media(media="print")
        self.assertGreater(
            luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")), 0.9
        )
        self.assertEqual(
            page.evaluate("getComputedStyle(document.querySelector('nav')).display"), "none"
        )
        self.assertTrue(page.tab.pdf(prefer_css_page_size=True).startswith(b"%PDF"))
        page.close()

    def test_a_result_may_leave_out_nearly_everything(self):
        folder = self.folder / "sparse"
        (folder / "results").mkdir(parents=True)
        (folder / "results/a.json").write_text(json.dumps(fixture.sparse()), encoding="utf-8")
        (folder / "results/b.json").write_text('{"study": "bare"}', encoding="utf-8")
        subprocess.run(
            [GRAMIAN, "report", str(folder), "-o", str(folder / "page.html")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        page = self.browser.open((folder / "page.html").as_uri())
        self.assertEqual(page.complaints(), [])
        self.assertEqual(page.evaluate("document.querySelectorAll('#sparse svg.plot').length"), 4)
        self.assertEqual(len(page.evaluate("window.gramian.figures()")), 2)
        self.assertEqual(page.complaints(), [])
        page.close()

    def test_a_page_that_is_not_there_is_said(self):
        done = subprocess.run(
            [sys.executable, "-B", ROOT / "scripts/export_svg.py", "nowhere.html", self.folder],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "export_svg.py: there is no file nowhere.html\n")

    def test_figures_are_exported_as_files_of_their_own(self):
        target = self.folder / "svg"
        export_svg.export(self.browser, self.path, target)
        names = {path.name for path in target.iterdir()}
        self.assertEqual(
            names, {"fig1.svg", "fig2-profiles.svg", "fig4.svg", "training-curves.svg"}
        )
        for path in target.iterdir():
            text = path.read_text(encoding="utf-8")
            root = xml.etree.ElementTree.fromstring(text)
            self.assertTrue(root.tag.endswith("svg"))
            for word in ("var(", "color-mix", "class=", "<style", "http://" + "fonts"):
                self.assertNotIn(word, text)
        text = (target / "fig1.svg").read_text(encoding="utf-8")
        for word in ("adjusted loss", "layers", "FULL, paper", "first", "#c44e00"):
            self.assertIn(word, text)
        paths = self.page.evaluate(
            "document.querySelectorAll('figure[data-figure=fig1] g[data-series] > :is(path,"
            " circle)').length"
        )
        self.assertGreaterEqual(len(re.findall("<path|<circle", text)), paths)
        # What an axis cuts off is said there too; lines are broken between words.
        notes = self.page.evaluate(
            "[...document.querySelectorAll('figure p.note')].map(note => note.textContent)"
        )
        self.assertGreater(len(notes), 0)
        said = ""
        for path in target.iterdir():
            root = xml.etree.ElementTree.fromstring(path.read_text(encoding="utf-8"))
            said += " ".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("}text"))
        for note in notes:
            self.assertIn(" ".join(note.split()), said)


if __name__ == "__main__":
    main()
