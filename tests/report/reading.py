"""How the page of gramian report is read: scripts that the browser runs, and numbers from text."""

import re

# Each panel: its title, the ticks of its axes, and for every series what was drawn where.
READ_PANELS = """
[...document.querySelectorAll("figure")].map(figure => ({
  id: figure.dataset.figure,
  legend: [...figure.querySelectorAll(".legend button")].map(entry => entry.dataset.entry),
  panels: [...figure.querySelectorAll(".panel")].map(panel => {
    const svg = panel.querySelector("svg.plot");
    const at = element => {
      const moved = /translate\\(([^,]+),([^)]+)\\)/.exec(element.getAttribute("transform") ?? "");
      if (moved) return [Number(moved[1]), Number(moved[2])];
      const get = name => element.hasAttribute(name) ? Number(element.getAttribute(name)) : null;
      return [get("cx") ?? get("x1") ?? get("x"), get("cy") ?? get("y1") ?? get("y"), get("y2")];
    };
    const ticks = axis => [...svg.querySelectorAll(`[aria-label="${axis}-axis tick label"] text`)]
      .map(text => [text.textContent, at(text)]);
    return {
      title: panel.querySelector("h4")?.textContent ?? "",
      label: svg.getAttribute("aria-label"),
      // As the page has it on its frame: the values at its ends, and where these are.
      yDomain: svg.dataset.y?.split(" ").map(Number),
      frame: (rect => rect && [Number(rect.getAttribute("y")),
        Number(rect.getAttribute("y")) + Number(rect.getAttribute("height"))])(
        svg.querySelector("[aria-label=frame]")),
      notes: [...panel.querySelectorAll(".note")].map(note => note.textContent),
      bands: svg.querySelectorAll("g.band rect").length,
      xTicks: ticks("x"), yTicks: ticks("y"),
      marks: [...svg.querySelectorAll("g[data-series]")].map(group => ({
        series: group.dataset.series, kind: group.getAttribute("class").split(" ").pop(),
        count: Number(group.dataset.count),
        paths: [...group.querySelectorAll("path")].map(path => path.getAttribute("d")),
        points: [...group.querySelectorAll("[data-x]")]
          .map(point => ({...point.dataset, at: at(point)}))})),
      heat: [...svg.querySelectorAll("g.heat rect")]
        .map(rect => ({...rect.dataset, fill: getComputedStyle(rect).fill})),
    };
  })
}))
"""

# What is wrong with where things lie, in every figure: [] where nothing is. A text outside of its
# panel; two texts that overlap; a tick, or a mark that nothing clips, outside of the frame. Tabs
# are opened, so that everything has a place.
READ_MISPLACED = """(() => {
  window.gramian.figures();
  const tabs = [...document.querySelectorAll("[role=tabpanel][hidden]")];
  tabs.forEach(tab => (tab.hidden = false));
  const found = [], page = {left: 0, right: innerWidth, top: -Infinity, bottom: Infinity};
  const inside = (a, b, slack = 1) => a.left >= b.left - slack && a.right <= b.right + slack &&
    a.top >= b.top - slack && a.bottom <= b.bottom + slack;
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const seen = element => !element.closest("[aria-label=tip]") && element.textContent.trim();
  const apart = (texts, where) => {
    const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
    boxes.forEach(([one, a], i) => boxes.slice(0, i).forEach(([other, b]) => {
      if (meet(a, b)) found.push(`${where}: "${one}" overlaps "${other}"`);
    }));
  };
  for (const figure of document.querySelectorAll("figure[data-figure]")) {
    const name = figure.dataset.figure, place = figure.getBoundingClientRect();
    const keys = [...figure.querySelectorAll(".legend > *")];
    apart(keys, `${name}: legend`);
    for (const key of keys)
      if (!inside(key.getBoundingClientRect(), page)) found.push(`${name}: "${key.textContent}"`);
    for (const panel of figure.querySelectorAll(".panel")) {
      const where = `${name}: ${panel.querySelector("h4")?.textContent ?? ""}`;
      const svg = panel.querySelector("svg.plot"), box = svg.getBoundingClientRect();
      const texts = [...svg.querySelectorAll("text")].filter(seen);
      apart(texts, where);
      for (const text of [...texts, ...panel.querySelectorAll("h4, .note")])
        if (!inside(text.getBoundingClientRect(), text.closest("svg") ? box : place))
          found.push(`${where}: "${text.textContent}" is outside`);
      const frame = svg.querySelector("[aria-label=frame]")?.getBoundingClientRect();
      if (!frame) continue;
      for (const axis of ["x", "y"]) {
        for (const tick of svg.querySelectorAll(`[aria-label="${axis}-axis tick"] path`)) {
          const {left, right, top, bottom} = tick.getBoundingClientRect();
          const [x, y] = [(left + right) / 2, (top + bottom) / 2];
          if (axis === "x" ? x < frame.left - 1 || x > frame.right + 1
                           : y < frame.top - 1 || y > frame.bottom + 1)
            found.push(`${where}: a tick of ${axis} is outside of the frame`);
        }
      }
      for (const mark of svg.querySelectorAll("g > :is(path, line, circle, rect)")) {
        if (mark.closest("[clip-path], [aria-label$=tick], [aria-label=tip], clipPath")) continue;
        if (!inside(mark.getBoundingClientRect(), frame))
          found.push(`${where}: ${mark.parentNode.getAttribute("class")} is outside of the frame`);
      }
    }
  }
  tabs.forEach(tab => (tab.hidden = true));
  return found;
})()"""

READ_TABLES = """
[...document.querySelectorAll("section.table")].map(section => ({
  id: section.dataset.table,
  columns: [...section.querySelectorAll("thead th")].map(th => th.textContent),
  rows: [...section.querySelectorAll("tbody tr")].map(tr => [...tr.children].map(td => ({
    text: (td.querySelector(".value") ?? td).textContent,
    theirs: td.querySelector(".theirs")?.textContent, ...td.dataset})))
}))
"""

# The chosen tab, the panel that is shown, the studies in it and those in the list at the side.
READ_SHOWN = """(() => {
  const shown = selector =>
    [...document.querySelectorAll(selector)].filter(e => e.checkVisibility());
  return [shown("[role=tab][aria-selected=true]").map(e => e.firstChild.textContent),
          shown("[role=tabpanel]").map(e => e.id), shown("section.study").map(e => e.id),
          shown("nav a").map(e => e.hash.slice(1))]; })()"""


def tab(paper, *studies):
    """What READ_SHOWN reads where the tab of `paper` is chosen."""
    panel = "paper-" + re.sub("[^a-z0-9]+", "-", paper.lower())
    return [[paper], [panel], list(studies), [f"{panel}-summary", *studies]]


def parse(text):
    """The number that a reader reads: 2.50(2)×10⁻¹² is (2.5e-12, place of the last digit 1e-14)."""
    text = re.sub(r"\(\d+\)|\*", "", text).replace("−", "-").replace("\u202f", "")
    exponent = 0
    if "10" in text and re.search("[⁰¹²³⁴⁵⁶⁷⁸⁹]", text):
        text, _, power = text.rpartition("10")
        digits = power.replace("⁻", "-")
        exponent = int("".join("⁰¹²³⁴⁵⁶⁷⁸⁹".find(c).__str__() if c != "-" else c for c in digits))
        text = text.rstrip("×") or "1"
    decimals = len(text.partition(".")[2])
    return float(text) * 10.0**exponent, 10.0 ** (exponent - decimals)


def luminance(colour):
    channels = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
