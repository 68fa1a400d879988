// One panel: an SVG by Observable Plot. Drawn points carry their numbers as data-x, data-y,
// data-low and data-high, as the file has them.
import * as Plot from "@observablehq/plot";

import {
  beyond,
  domainOf,
  drawable,
  hasErrorBar,
  isLog,
  kTickSize,
  positionOf,
  type Scale,
  scaleOf,
  shows,
  textWidth,
  withRoom,
} from "./axis";
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
  controls?: HTMLElement; // what changes it, below it
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

// A point of which the axis of y shows nothing, though it has a place.
const cutOff = (panel: Panel, domain: [number, number]) => (point: Point) =>
  shows(panel.x, point.x) && shows(panel.y, point.y) && beyond(domain, point.y);

// A point at zero on a log axis keeps its bar: an upper limit.
const keepsBar = (panel: Panel, domain: [number, number]) => (point: Point) =>
  shows(panel.x, point.x) &&
  hasErrorBar(point) &&
  shows(panel.y, point.high) &&
  (shows(panel.y, point.y) ? !beyond(domain, point.y) : point.high >= domain[0]);

// An arrow at the frame for each point beyond it; of a long line, for the farthest alone.
function arrows(
  { series, style, name, points }: Drawn,
  panel: Panel,
  [x, y]: [[number, number], [number, number]],
): Plot.Markish[] {
  const rule = series.mark === "rule"; // a level has no x: its arrow is at the right end
  const out = points.filter(point =>
    rule ? shows(panel.y, point.y) && beyond(y, point.y) : cutOff(panel, y)(point),
  );
  const inside = out.filter(point => rule || !beyond(x, point.x));
  return [true, false].map(up => {
    const there = inside.filter(point => point.y! > y[1] === up);
    const farther = (a: Point, b: Point) => (a.y! > b.y! === up ? a : b);
    const shown = new Set(
      points.length > kMostSymbols && there.length > 0 ? [there.reduce(farther)] : there,
    );
    return Plot.dot(points, {
      filter: (point: Point) => shown.has(point),
      x: rule ? () => x[1] : "x",
      y: () => y[up ? 1 : 0],
      dx: rule ? -6 : 0,
      dy: up ? 5 : -5,
      symbol: "triangle",
      rotate: up ? 0 : 180,
      r: 2.8,
      fill: style.color,
      clip: true,
      className: `${name} ${up ? "above" : "below"}`,
    });
  });
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
      filter: keepsBar(panel, domain),
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

const outside = (panel: Panel, [low, high]: [number, number], sign: 1 | -1) => (point: Point) =>
  shows(panel.y, point.y) && (sign > 0 ? point.y > high : point.y < low);

// "1.2 at sigma = 3", or "4 points, up to 1.2 at sigma = 3".
function farthest({ series, points }: Drawn, panel: Panel, sign: 1 | -1): string {
  const end = points.reduce((a, b) => (sign * (b.y! - a.y!) > 0 ? b : a));
  const at = series.mark === "rule" ? "" : ` at ${panel.x?.label || "x"} = ${number(end.x, 3)}`;
  const many = points.length > 1 ? `${points.length} points, ${sign > 0 ? "up" : "down"} to ` : "";
  return `${many}${number(end.y!, 3)}${at}`;
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
  for (const [sign, side] of [
    [1, "Above"],
    [-1, "Below"],
  ] as const) {
    const out = drawn.map(d => ({ ...d, points: d.points.filter(outside(panel, y, sign)) }));
    const told = out
      .filter(d => d.points.length > 0)
      .map(d => `${d.series.name} (${farthest(d, panel, sign)})`);
    if (told.length > 0)
      notes.push(`${side} the axis (${sign > 0 ? "▲" : "▼"}): ${told.join(", ")}.`);
  }
  const bars = list(
    point =>
      keepsBar(panel, y)(point) && (point.high! > y[1] || (point.low! < y[0] && point.low! > 0)),
  );
  if (bars) notes.push(`Error bars go on beyond the axis: ${bars}.`);
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

const yTicks = (panel: Panel, columns: number) =>
  scaleOf(panel.y, domainOf(panel, "y")!, columns > 2 ? 4 : 6);

// Room for the labels of the axis of y and its title. The panels of a figure share the widest.
export function leftMargin(panel: Panel, columns: number): number {
  const scale = yTicks(panel, columns);
  const widest = Math.max(0, ...scale.ticks.map(tick => textWidth(scale.tickFormat(tick))));
  return Math.max(58, Math.ceil(widest) + 29);
}

// Half of the last label may stand beyond the frame.
function rightMargin(scale: Scale, length: number): number {
  const ends = scale.ticks.map(
    tick => positionOf(scale, tick, length) + textWidth(scale.tickFormat(tick)) / 2 - length,
  );
  return Math.max(8, Math.ceil(Math.max(0, ...ends)) + 1);
}

// `left`: of the figure.
export function drawPanel(
  panel: Panel,
  palette: Palette,
  columns: number,
  left: number,
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
  const text = {
    fontSize: kTickSize,
    fill: "var(--axis)",
    stroke: "var(--rule)",
    textStroke: "none",
  };
  const yScale = yTicks(panel, columns);
  const wide = scaleOf(panel.x, x, columns > 2 ? 5 : 8);
  const right = rightMargin(wide, width - left - 8);
  const xScale = { ...wide, ticks: withRoom(wide, width - left - right) };
  const found = targets(drawn, panel, x, y);
  const svg = Plot.plot({
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: 8,
    marginBottom: 38,
    style: { background: "none", overflow: "visible", fontSize: `${kTickSize}px` },
    className: "plot",
    ariaLabel: title,
    x: xScale,
    y: yScale,
    marks: [
      bandMarks(panel, width, x),
      Plot.gridY(yScale.ticks, grid),
      Plot.frame({ stroke: "var(--rule)" }),
      Plot.axisX({
        ...text,
        ticks: xScale.ticks,
        tickFormat: xScale.tickFormat,
        tickSize: 4,
        label: panel.x?.label ?? null,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 33,
      }),
      Plot.axisY({
        ...text,
        ticks: yScale.ticks,
        tickFormat: yScale.tickFormat,
        tickSize: 4,
        label: panel.y?.label ?? null,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: left - 4,
      }),
      layers.map(d => marksOf(d, panel, y)),
      layers.map(d => arrows(d, panel, [x, y])),
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
  svg.dataset.y = y.join(" ");
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
