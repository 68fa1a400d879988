// One panel: an SVG by Observable Plot. Drawn points carry their numbers as data-x, data-y,
// data-low and data-high, as the file has them.
import * as Plot from "@observablehq/plot";

import { beyond, domainOf, drawable, hasErrorBar, isLog, scaleOf, shows } from "./axis";
import { number } from "./format";
import { isStroked, type Palette, type Style } from "./palette";
import type { Panel, Point, Series } from "./schema";

const kMostSymbols = 40; // of a line; more points are drawn as a line alone

interface Drawn {
  series: Series;
  style: Style;
  name: string; // class of its elements
  points: Point[];
}

export interface DrawnPanel {
  svg: SVGSVGElement;
  notes: string[]; // what could not be shown
}

export const panelSize = (columns: number) =>
  columns <= 1
    ? { width: 560, height: 320 }
    : columns === 2
      ? { width: 420, height: 270 }
      : { width: 300, height: 215 };

function explain(series: Series, point: Point, panel: Panel): string {
  const x = series.mark === "rule" ? "" : `\n${panel.x?.label || "x"}: ${number(point.x)}`;
  const bar = hasErrorBar(point) ? ` (${number(point.low!)} to ${number(point.high!)})` : "";
  const note = point.note ? `\n${point.note}` : "";
  return `${series.name}${x}\n${panel.y?.label || "y"}: ${number(point.y!)}${bar}${note}`;
}

function marksOf(
  { series, style, name, points }: Drawn,
  panel: Panel,
  domain: [number, number],
): Plot.Markish[] {
  const floor = isLog(panel.y) ? domain[0] : -Infinity;
  const height = (value: number | null | undefined) =>
    typeof value === "number" ? drawable(panel.y, domain, value) : NaN;
  const mark = series.mark ?? "line";
  const clip = true;
  const common = { stroke: style.color, strokeWidth: style.width, clip };
  if (mark === "rule") {
    return [
      Plot.ruleY(points, {
        ...common,
        y: "y",
        strokeDasharray: style.dash ?? undefined,
        className: `${name} rule`,
      }),
    ];
  }
  const marks: Plot.Markish[] = [];
  if (mark !== "points") {
    marks.push(
      Plot.line(points, {
        ...common,
        x: "x",
        y: (point: Point) =>
          shows(panel.y, point.y) && shows(panel.x, point.x) ? height(point.y) : NaN,
        strokeDasharray: style.dash ?? undefined,
        strokeLinejoin: "round",
        className: `${name} line`,
      }),
    );
  }
  const visible = (point: Point) => shows(panel.x, point.x) && shows(panel.y, point.y);
  marks.push(
    Plot.ruleX(points, {
      ...common,
      strokeWidth: 1.1,
      x: "x",
      y1: (point: Point) => Math.max(floor, height(point.low)),
      y2: (point: Point) => height(point.high),
      // A point at zero on a log axis keeps its bar: an upper limit.
      filter: (point: Point) =>
        shows(panel.x, point.x) && hasErrorBar(point) && shows(panel.y, point.high),
      className: `${name} error`,
    }),
  );
  if (mark === "points" || (mark === "line" && points.length <= kMostSymbols)) {
    const stroked = isStroked(style.symbol) || style.hollow;
    marks.push(
      Plot.dot(points, {
        x: "x",
        y: (point: Point) => height(point.y),
        filter: visible,
        symbol: style.symbol as Plot.SymbolType,
        r: style.hollow ? 3.4 : 2.6,
        clip,
        fill: style.hollow || isStroked(style.symbol) ? "none" : style.color,
        stroke: stroked ? style.color : "none",
        strokeWidth: 1.3,
        className: `${name} points`,
      }),
    );
  }
  return marks;
}

function bandMarks(panel: Panel, width: number, domain: [number, number]): Plot.Markish[] {
  const bands = panel.bands ?? [];
  const common = { fill: "var(--band)", clip: true as const, className: "band" };
  // A band of a single value of sigma is drawn as a stripe: half its width.
  const narrow = (0.022 * 300 * (domain[1] - domain[0])) / width / 2;
  return [
    Plot.rectX(bands, {
      ...common,
      x1: band => (band.from === band.to && !isLog(panel.x) ? band.from - narrow : band.from),
      x2: band => (band.from === band.to && !isLog(panel.x) ? band.to + narrow : band.to),
    }),
  ];
}

// What the pointer finds: every drawn point; a rule at the places of the others.
function targets(drawn: Drawn[], panel: Panel, x: [number, number], y: [number, number]) {
  const found: { x: number; y: number; title: string; color: string }[] = [];
  const places = [
    ...new Set(drawn.filter(d => d.series.mark !== "rule").flatMap(d => d.points.map(p => p.x))),
  ];
  for (const { series, style, points } of drawn) {
    for (const point of points) {
      if (!shows(panel.y, point.y) || beyond(y, point.y)) continue;
      const at = series.mark === "rule" ? (places.length > 0 ? places : [x[1]]) : [point.x];
      for (const where of at) {
        if (!shows(panel.x, where) || beyond(x, where)) continue;
        found.push({
          x: where,
          y: point.y,
          title: explain(series, point, panel),
          color: style.color,
        });
      }
    }
  }
  return found;
}

function notesOf(drawn: Drawn[], panel: Panel, y: [number, number]): string[] {
  const notes: string[] = [];
  const list = (what: (point: Point) => boolean) =>
    drawn
      .map(d => [d.series.name, d.points.filter(what).length, d.points.length] as const)
      .filter(([, count]) => count > 0)
      .map(([name, count, all]) => (all === 1 || count === 1 ? name : `${name} (${count} points)`))
      .join(", ");
  const missing = list(
    point => point.y === null || point.y === undefined || !Number.isFinite(point.y),
  );
  if (missing) notes.push(`Without a value: ${missing}.`);
  const nonpositive = isLog(panel.y)
    ? list(point => typeof point.y === "number" && point.y <= 0)
    : "";
  if (nonpositive) notes.push(`Zero or negative, so not on a log axis: ${nonpositive}.`);
  // A line that leaves the frame is seen to; a level, a point or a whole line outside is not.
  const hidden = (d: Drawn) =>
    d.points.filter(point => shows(panel.y, point.y) && beyond(y, point.y)).length;
  const outside = drawn.filter(
    d => hidden(d) > 0 && (d.series.mark === "points" || hidden(d) === d.points.length),
  );
  if (outside.length > 0)
    notes.push(`Beyond the axis: ${outside.map(d => d.series.name).join(", ")}.`);
  const left = isLog(panel.x) ? list(point => !(point.x > 0)) : "";
  if (left) notes.push(`At x = 0 or below, so not on a log axis: ${left}.`);
  return notes;
}

// Puts the numbers on what was drawn; Plot leaves the index of the datum on each element.
function label(svg: SVGSVGElement, drawn: Drawn[]): void {
  for (const { series, name, points } of drawn) {
    for (const group of svg.querySelectorAll<SVGGElement>(`g.${name}`)) {
      group.setAttribute("data-series", series.name);
      group.setAttribute("data-count", String(points.length));
      if (group.classList.contains("line")) continue;
      for (const element of group.querySelectorAll<SVGElement & { __data__?: number }>(
        "path, line, circle",
      )) {
        const point = points[element.__data__ ?? -1];
        if (!point) continue;
        for (const key of ["x", "y", "low", "high"] as const) {
          if (typeof point[key] === "number")
            element.setAttribute(`data-${key}`, String(point[key]));
        }
      }
    }
  }
}

export function drawPanel(
  panel: Panel,
  palette: Palette,
  columns: number,
  title: string,
): DrawnPanel {
  const { width, height } = panelSize(columns);
  const drawn = (panel.series ?? []).map((series, i) => ({
    series,
    style: palette.style(series),
    name: `s${i}`,
    points: series.points ?? [],
  }));
  const x = domainOf(panel, "x")!;
  const y = domainOf(panel, "y")!;
  const order = { rule: 0, dashes: 1, line: 2, points: 3 };
  const layers = [...drawn].sort(
    (a, b) => order[a.series.mark ?? "line"] - order[b.series.mark ?? "line"],
  );
  const grid = { stroke: "var(--grid)", strokeOpacity: 1 };
  const text = { fontSize: 10.5, fill: "var(--axis)", stroke: "var(--rule)", textStroke: "none" };
  const xScale = scaleOf(panel.x, x, columns > 2 ? 5 : 8);
  const yScale = scaleOf(panel.y, y, columns > 2 ? 4 : 6);
  const found = targets(drawn, panel, x, y);
  const svg = Plot.plot({
    width,
    height,
    marginLeft: 58,
    marginRight: 8,
    marginTop: 8,
    marginBottom: 38,
    style: { background: "none", overflow: "visible", fontSize: "10.5px" },
    className: "plot",
    ariaLabel: title,
    x: xScale,
    y: yScale,
    marks: [
      bandMarks(panel, width, x),
      Plot.gridY(yScale.ticks as number[], grid),
      Plot.frame({ stroke: "var(--rule)" }),
      Plot.axisX({
        ...text,
        ticks: xScale.ticks as number[],
        tickFormat: xScale.tickFormat,
        tickSize: 4,
        label: panel.x?.label ?? null,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 33,
      }),
      Plot.axisY({
        ...text,
        ticks: yScale.ticks as number[],
        tickFormat: yScale.tickFormat,
        tickSize: 4,
        label: panel.y?.label ?? null,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 54,
      }),
      layers.map(d => marksOf(d, panel, y)),
      Plot.tip(
        found,
        Plot.pointer({
          x: "x",
          y: "y",
          title: "title",
          stroke: "var(--rule)",
          fill: "var(--raised)",
          textPadding: 7,
          fontSize: 11.5,
          lineHeight: 1.25,
          maxRadius: 30,
        }),
      ),
    ],
  }) as SVGSVGElement;
  label(svg, drawn);
  return { svg, notes: notesOf(drawn, panel, y) };
}

// Left and right walk over the points of a focused panel: the tip is shown as for a pointer there.
export function walkWithKeys(svg: SVGSVGElement): void {
  let at = -1;
  const leave = () => svg.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
  svg.addEventListener("keydown", event => {
    if (event.key === "Escape") return leave();
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const points = [...svg.querySelectorAll("g.points > *, g.heat > *")];
    if (step === 0 || points.length === 0) return;
    event.preventDefault();
    at = (at + step + points.length) % points.length;
    const box = points[at].getBoundingClientRect();
    svg.dispatchEvent(
      new PointerEvent("pointermove", {
        pointerType: "mouse",
        bubbles: true,
        clientX: box.left + box.width / 2,
        clientY: box.top + box.height / 2,
      }),
    );
  });
  svg.addEventListener("blur", leave);
}
