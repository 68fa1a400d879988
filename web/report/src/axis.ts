// The axes of a panel: what can be shown on them, their domain and their ticks.
import { number, power, scientific } from "./format";
import type { Axis, Panel, Point } from "./schema";

export const isLog = (axis: Axis | undefined) => axis?.scale === "log";

// A log axis has no place for zero and below.
export const shows = (axis: Axis | undefined, value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value) && (!isLog(axis) || value > 0);

export const beyond = (domain: number[] | undefined, value: number) =>
  domain !== undefined && (value < Math.min(...domain) || value > Math.max(...domain));

// Where to draw a value that lies far beyond the frame. Browsers refuse coordinates of 1e38 pixels,
// and a line that leaves the frame looks the same however far it goes.
const kFarthest = 1e4; // lengths of the axis
export function drawable(
  axis: Axis | undefined,
  [low, high]: [number, number],
  value: number,
): number {
  if (isLog(axis)) return value;
  const far = kFarthest * Math.abs(high - low);
  return Math.max(Math.min(low, high) - far, Math.min(Math.max(low, high) + far, value));
}

// The interval that the axis of these values shows. One value that is far from all others would
// flatten the rest: where four fifths of the values lie in the lowest thirtieth of a linear axis,
// it ends at ten times those; a log axis leaves out what is more than twice the spread of the
// middle three fifths, or four decades, away from them. With fewer than kFewest values nothing is
// left out.
const kFewest = 8;
function bulk(values: number[], log: boolean): [number, number] {
  const at = (sorted: number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  const ascending = (list: number[]) => [...list].sort((a, b) => a - b);
  if (values.length < kFewest) return [-Infinity, Infinity];
  if (log) {
    const sorted = ascending(values.map(Math.log10));
    const reach = 2 * Math.max(2, at(sorted, 0.8) - at(sorted, 0.2));
    return [10 ** (at(sorted, 0.2) - reach), 10 ** (at(sorted, 0.8) + reach)];
  }
  const sorted = ascending(values.map(Math.abs));
  const most = at(sorted, 0.8);
  const far = most > 0 && sorted[sorted.length - 1] > 30 * most;
  return far ? [-10 * most, 10 * most] : [-Infinity, Infinity];
}

// A rule is a level of y: its x says nothing.
export function domainOf(panel: Panel, which: "x" | "y"): [number, number] | undefined {
  const axis = panel[which];
  if (axis?.domain && axis.domain.length === 2) return [axis.domain[0], axis.domain[1]];
  const values: number[] = [];
  const ends: number[] = []; // of error bars
  const add = (value: number | null | undefined, list: number[]) => {
    if (shows(axis, value)) list.push(value);
  };
  for (const series of panel.series ?? []) {
    for (const point of series.points) {
      if (which === "x") {
        if (series.mark !== "rule") add(point.x, values);
        continue;
      }
      add(point.y, values);
      if (series.mark !== "rule") [point.low, point.high].forEach(end => add(end, ends));
    }
  }
  const bands = which === "x" ? (panel.bands ?? []) : [];
  for (const band of bands) [band.from, band.to].forEach(end => add(end, ends));
  const [least, most] = which === "y" ? bulk(values, isLog(axis)) : [-Infinity, Infinity];
  // The bar of a point that is left out is left out too, and any other ends at these bounds.
  const all = [...values, ...ends].filter(value => value >= least && value <= most);
  if (all.length === 0) return isLog(axis) ? [1, 10] : [0, 1];
  let low = all.reduce((a, b) => Math.min(a, b));
  let high = all.reduce((a, b) => Math.max(a, b));
  if (isLog(axis)) {
    const margin = which === "y" ? Math.max(1.15, (high / low) ** 0.04) : 1.05;
    return [low / margin, high * margin];
  }
  if (which === "y" && low >= 0 && low < 0.6 * high) low = 0;
  if (low === high)
    [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const margin = 0.04 * (high - low);
  return [low === 0 && which === "y" ? 0 : low - margin, high + margin];
}

// Decades, or 1, 2, 5 where there are few of them: at most about seven labels.
function logTicks([low, high]: [number, number]): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const ticks: number[] = [];
  if (last - first >= 2) {
    const step = Math.ceil((last - first + 1) / 7);
    for (let e = last; e >= first; e -= step) ticks.unshift(10 ** e);
    return ticks;
  }
  for (let e = first - 1; e <= last + 1; ++e) {
    for (const m of [1, 2, 5]) {
      const tick = Number(`${m}e${e}`);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}

// Multiples of 1, 2 or 5 times a power of ten, about `count` of them.
function linearTicks([low, high]: [number, number], count: number): number[] {
  const rough = (high - low) / count;
  const exponent = Math.floor(Math.log10(rough));
  const rest = rough / 10 ** exponent;
  const step = Number(`${rest < 1.42 ? 1 : rest < 3.17 ? 2 : rest < 7.08 ? 5 : 10}e${exponent}`);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); ++i)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

export const kTickSize = 10.5; // of the font of labels, in pixels

const canvas = document.createElement("canvas").getContext("2d")!;
export function textWidth(text: string, size = kTickSize): number {
  const family = getComputedStyle(document.documentElement).getPropertyValue("--sans");
  canvas.font = `${size}px ${family || "sans-serif"}`;
  return canvas.measureText(text).width;
}

export interface Scale {
  type: "log" | "linear";
  domain: [number, number];
  label: null;
  ticks: number[];
  tickFormat: (value: number) => string;
}

// `ticks`: about how many, where the axis does not say which. Ticks are inside the domain.
export function scaleOf(axis: Axis | undefined, domain: [number, number], ticks: number): Scale {
  const log = isLog(axis);
  const given = axis?.ticks?.filter(tick => shows(axis, tick) && !beyond(domain, tick)) ?? [];
  const decades = log && Math.log10(domain[1] / domain[0]) > 4;
  return {
    type: log ? "log" : "linear",
    domain,
    label: null,
    ticks: given.length > 0 ? given : log ? logTicks(domain) : linearTicks(domain, ticks),
    tickFormat: (value: number) => {
      const exponent = Math.log10(value);
      if (
        log &&
        Number.isInteger(Number(exponent.toFixed(9))) &&
        (decades || Math.abs(exponent) > 3)
      )
        return power(Math.round(exponent));
      if (Math.abs(value) < 1e5) return number(value, 3);
      const exact = (decimals: number) => Number(value.toExponential(decimals)) === value;
      return scientific(value, exact(0) ? 0 : exact(1) ? 1 : 2);
    },
  };
}

// Where a value lies on an axis of `length` pixels.
export const positionOf = ({ type, domain: [low, high] }: Scale, value: number, length: number) =>
  type === "log"
    ? (length * Math.log(value / low)) / Math.log(high / low)
    : (length * (value - low)) / (high - low);

// Every tick, or every second, .. so that no two labels below an axis of `length` pixels touch.
export function withRoom(scale: Scale, length: number): number[] {
  const kGap = 5;
  for (let every = 1; every < scale.ticks.length; ++every) {
    const ticks = scale.ticks.filter((_, i) => i % every === 0);
    const boxes = ticks.map(tick => {
      const middle = positionOf(scale, tick, length);
      const half = textWidth(scale.tickFormat(tick)) / 2;
      return [middle - half, middle + half];
    });
    if (boxes.every(([left], i) => i === 0 || left >= boxes[i - 1][1] + kGap)) return ticks;
  }
  return scale.ticks.slice(0, 1);
}

export const hasErrorBar = (point: Point) =>
  typeof point.low === "number" && typeof point.high === "number";
