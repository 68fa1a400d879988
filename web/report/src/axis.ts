// The axes of a panel: what can be shown on them, their domain and their ticks.
import { number, power } from "./format";
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

// A rule is a level of y: its x says nothing.
export function domainOf(panel: Panel, which: "x" | "y"): [number, number] | undefined {
  const axis = panel[which];
  if (axis?.domain && axis.domain.length === 2) return [axis.domain[0], axis.domain[1]];
  const all: number[] = [];
  const add = (value: number | null | undefined) => {
    if (shows(axis, value)) all.push(value);
  };
  for (const series of panel.series ?? []) {
    for (const point of series.points) {
      if (which === "y") [point.y, point.low, point.high].forEach(add);
      else if (series.mark !== "rule") add(point.x);
    }
  }
  if (which === "x") for (const band of panel.bands ?? []) [band.from, band.to].forEach(add);
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

export function scaleOf(
  axis: Axis | undefined,
  domain: [number, number] | undefined,
  ticks: number,
) {
  const log = isLog(axis);
  const given =
    axis?.ticks && axis.ticks.length > 0 ? axis.ticks.filter(tick => shows(axis, tick)) : undefined;
  const decades = log && domain && Math.log10(domain[1] / domain[0]) > 4;
  return {
    type: log ? ("log" as const) : ("linear" as const),
    domain,
    label: null,
    ticks: given ?? (log && domain ? logTicks(domain) : ticks),
    tickFormat: (value: number) => {
      const exponent = Math.log10(value);
      if (
        log &&
        Number.isInteger(Number(exponent.toFixed(9))) &&
        (decades || Math.abs(exponent) > 3)
      )
        return power(Math.round(exponent));
      return number(value, 3);
    },
  };
}

export const hasErrorBar = (point: Point) =>
  typeof point.low === "number" && typeof point.high === "number";
