// A heat map: zero is neutral, the two signs have their own hue, and the bar below says how much.
import * as Plot from "@observablehq/plot";

import { textWidth } from "./axis";
import { number } from "./format";
import type { DrawnPanel } from "./panel";
import type { Heatmap, Panel } from "./schema";

const kBar = 25; // steps of the colour bar

export const largest = (map: Heatmap) =>
  map.values
    .flat()
    .reduce<number>((most, value) => (value === null ? most : Math.max(most, Math.abs(value))), 0);

export function colour(value: number, most: number): string {
  const share = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
  const end = value < 0 ? "negative" : "positive";
  return `color-mix(in oklab, var(--${end}) ${(100 * share).toFixed(1)}%, var(--zero))`;
}

export function drawHeatmap(panel: Panel, most: number, title: string): DrawnPanel {
  const map = panel.heatmap!;
  const cells = map.values.flatMap((row, r) =>
    row.map((value, c) => ({ row: r, column: c, value })),
  );
  const side = 260;
  const text = {
    fontSize: 10,
    fill: "var(--axis)",
    stroke: "none",
    tickSize: 0,
    tickPadding: 5,
    label: null,
  };
  const widest = (labels: string[]) =>
    Math.max(0, ...labels.map(label => textWidth(label, text.fontSize)));
  // Every label, or every second, ..: not more than twelve, and no two of a row touch.
  const ticks = (labels: string[], room: number, needed: number) => {
    const every = Math.max(1, Math.ceil(labels.length / 12), Math.ceil(needed / room));
    return labels.map((_, i) => i).filter(i => i % every === 0);
  };
  const left = Math.max(34, Math.ceil(widest(map.rows)) + 9);
  const inner = side - left - 8;
  const height = inner * (map.rows.length / Math.max(1, map.columns.length)) + 66;
  const columnTicks = ticks(map.columns, inner / map.columns.length, widest(map.columns) + 4);
  const svg = Plot.plot({
    width: side,
    height,
    marginLeft: left,
    marginRight: 8,
    marginTop: 20,
    marginBottom: 46,
    padding: 0.04,
    style: { background: "none", overflow: "visible", fontSize: "10px" },
    className: "plot",
    ariaLabel: title,
    color: { type: "identity" },
    x: { type: "band", domain: map.columns.map((_, i) => i), label: null },
    y: { type: "band", domain: map.rows.map((_, i) => i), label: null },
    marks: [
      Plot.cell(
        cells.filter(cell => cell.value !== null),
        {
          x: "column",
          y: "row",
          fill: cell => colour(cell.value, most),
          className: "heat",
          inset: 0,
        },
      ),
      Plot.text(
        cells.filter(cell => cell.value === null),
        { x: "column", y: "row", text: () => "×", fill: "var(--axis)" },
      ),
      Plot.axisX(columnTicks, {
        ...text,
        anchor: "top",
        tickFormat: (i: number) => map.columns[i],
      }),
      Plot.axisY(ticks(map.rows, 1, 1), { ...text, tickFormat: (i: number) => map.rows[i] }),
      bar(most, left, side, height),
      Plot.tip(
        cells,
        Plot.pointer({
          x: "column",
          y: "row",
          stroke: "var(--rule)",
          fill: "var(--raised)",
          fontSize: 11.5,
          textPadding: 7,
          maxRadius: 20,
          title: cell =>
            `${map.rows[cell.row]}, ${map.columns[cell.column]}\n` +
            (cell.value === null ? "no value" : number(cell.value)),
        }),
      ),
    ],
  }) as SVGSVGElement;
  const shown = cells.filter(cell => cell.value !== null);
  for (const element of svg.querySelectorAll<SVGElement & { __data__?: number }>("g.heat > rect")) {
    const cell = shown[element.__data__ ?? -1];
    element.setAttribute("data-row", String(cell.row));
    element.setAttribute("data-column", String(cell.column));
    element.setAttribute("data-value", String(cell.value));
  }
  const names = [
    panel.y?.label && `rows: ${panel.y.label}`,
    panel.x?.label && `columns: ${panel.x.label}`,
  ].filter(Boolean);
  const empty = cells.length - shown.length;
  return {
    svg,
    notes: [
      ...(names.length > 0 ? [names.join(", ") + "."] : []),
      ...(empty > 0 ? [`${empty} without a value (×).`] : []),
    ],
  };
}

function bar(most: number, left: number, side: number, height: number): Plot.Markish {
  return () => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "g");
    svg.setAttribute("class", "bar");
    const width = side - left - 8;
    const top = height - 34;
    let inside = "";
    for (let i = 0; i < kBar; ++i) {
      const value = most * ((2 * i) / (kBar - 1) - 1);
      const x = (left + (i * width) / kBar).toFixed(2);
      inside +=
        `<rect x="${x}" y="${top}" width="${(width / kBar + 0.3).toFixed(2)}" height="9"` +
        ` fill="${colour(value, most)}"/>`;
    }
    [-1, 0, 1].forEach((at, i) => {
      const x = left + (width * (at + 1)) / 2;
      const value = at === 0 ? "0" : number(at * most, 2);
      inside +=
        `<text x="${x}" y="${top + 21}" text-anchor="${["start", "middle", "end"][i]}"` +
        ` font-size="10" fill="var(--axis)">${value}</text>`;
    });
    svg.innerHTML = inside;
    return svg;
  };
}
