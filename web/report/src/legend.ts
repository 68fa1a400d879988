// The legend of a figure: one entry for each name, drawn as its series are.
import { h, s } from "./dom";
import { isStroked, type Palette, type Style } from "./palette";
import type { Figure } from "./schema";

export interface Entry {
  name: string;
  style: Style;
  line: boolean;
  symbol: boolean;
}

export function entriesOf(figure: Figure, palette: Palette): Entry[] {
  const entries = new Map<string, Entry>();
  for (const panel of figure.panels) {
    for (const series of panel.series ?? []) {
      const mark = series.mark ?? "line";
      const entry = entries.get(series.name) ?? {
        name: series.name,
        style: palette.style(series),
        line: false,
        symbol: false,
      };
      entry.line ||= mark !== "points";
      entry.symbol ||= mark === "points" || (mark === "line" && series.points.length <= 40);
      entries.set(series.name, entry);
    }
  }
  return [...entries.values()];
}

export const bandLabels = (figure: Figure) => [
  ...new Set(
    figure.panels.flatMap(panel => (panel.bands ?? []).map(band => band.label || "shaded")),
  ),
];

// Plot's symbols in a box of 10 by 10 about (0, 0), as paths.
const kShapes: Record<string, string> = {
  circle: "M3,0A3,3,0,1,1,-3,0A3,3,0,1,1,3,0",
  square: "M-2.7,-2.7H2.7V2.7H-2.7Z",
  triangle: "M0,-3.6L3.2,2H-3.2Z",
  diamond: "M0,-4L2.4,0L0,4L-2.4,0Z",
  star: "M0,-4L1,-1.3L3.8,-1.2L1.5,0.5L2.4,3.2L0,1.6L-2.4,3.2L-1.5,0.5L-3.8,-1.2L-1,-1.3Z",
  wye: "M-1,3.5V0.6L-3.4,-1.4L-2.3,-3.1L0,-1.2L2.3,-3.1L3.4,-1.4L1,0.6V3.5Z",
  cross: "M-3.6,-1.2H-1.2V-3.6H1.2V-1.2H3.6V1.2H1.2V3.6H-1.2V1.2H-3.6Z",
  diamond2: "M0,-3.6L3.6,0L0,3.6L-3.6,0Z",
  square2: "M-2.7,-2.7H2.7V2.7H-2.7Z",
  triangle2: "M0,-3.6L3.2,2H-3.2Z",
  times: "M-3,-3L3,3M-3,3L3,-3",
  plus: "M-3.6,0H3.6M0,-3.6V3.6",
  asterisk: "M0,-3.6V3.6M-3.1,-1.8L3.1,1.8M-3.1,1.8L3.1,-1.8",
};

export function swatch(entry: Entry): SVGGElement {
  const { style } = entry;
  const open = style.hollow || isStroked(style.symbol);
  return s(
    "g",
    {},
    entry.line &&
      s("path", {
        d: "M-15,0H15",
        stroke: style.color,
        "stroke-width": style.width,
        "stroke-dasharray": style.dash,
        fill: "none",
      }),
    entry.symbol &&
      s("path", {
        d: kShapes[style.symbol] ?? kShapes.circle,
        fill: open ? "none" : style.color,
        stroke: open ? style.color : "none",
        "stroke-width": 1.3,
      }),
  );
}

// Pointing at an entry brings its series to the front in all panels.
export function drawLegend(
  figure: Figure,
  palette: Palette,
  element: () => HTMLElement,
): HTMLElement | null {
  const entries = entriesOf(figure, palette);
  const bands = bandLabels(figure);
  if (entries.length + bands.length === 0) return null;
  const emphasise = (name: string | null) => {
    for (const group of element().querySelectorAll("g[data-series]")) {
      group.classList.toggle("dim", name !== null && group.getAttribute("data-series") !== name);
    }
  };
  const button = (entry: Entry) =>
    h(
      "button",
      {
        type: "button",
        onpointerenter: () => emphasise(entry.name),
        onpointerleave: () => emphasise(null),
        onfocus: () => emphasise(entry.name),
        onblur: () => emphasise(null),
        "data-entry": entry.name,
      },
      s(
        "svg",
        { width: 34, height: 12, viewBox: "-17 -6 34 12", "aria-hidden": "true" },
        swatch(entry),
      ),
      entry.name,
    );
  return h(
    "ul",
    { class: "legend", "aria-label": "Legend" },
    entries.map(entry => h("li", {}, button(entry))),
    bands.map(label =>
      h(
        "li",
        {},
        h(
          "span",
          { class: "band-key" },
          s(
            "svg",
            { width: 34, height: 12, "aria-hidden": "true" },
            s("rect", { x: 4, width: 26, height: 12, fill: "var(--band)" }),
          ),
          label,
        ),
      ),
    ),
  );
}
