// A figure: legend, panels in a grid, what could not be shown, and the same numbers as a table.
import { h, prose } from "./dom";
import { download, exportFigure } from "./export";
import { number } from "./format";
import { drawGraph } from "./graph";
import { drawHeatmap, largest } from "./heatmap";
import { drawLegend } from "./legend";
import { Palette } from "./palette";
import { drawPanel, leftMargin, panelSize, walkWithKeys } from "./panel";
import type { Figure, Panel, Study } from "./schema";

export interface DrawnFigure {
  name: string; // of its file
  element: HTMLElement;
  draw(): void; // the panels; later than the page, because it takes the time
  svg(): string;
}

// fig1 of study fig1 is fig1; training curves "curves" of study training are training-curves.
const fileName = (study: Study, figure: Figure) =>
  figure.id.startsWith(study.study) ? figure.id : `${study.study}-${figure.id}`;

function describe(panel: Panel): string {
  const title = panel.title ? `${panel.title}: ` : "";
  const map = panel.heatmap;
  if (map) return `${title}heat map of ${map.rows.length} by ${map.columns.length} values`;
  const graph = panel.graph;
  if (graph)
    return `${title}graph of ${graph.nodes.length} nodes in ${graph.frames.length} frames`;
  const names = (panel.series ?? []).map(series => series.name).join(", ");
  return `${title}${panel.y?.label || "y"} against ${panel.x?.label || "x"}, for ${names}`;
}

// Heat maps in one row of the grid share a scale, as they would in a paper.
function scaleOfRow(figure: Figure, index: number): number {
  const columns = Math.max(1, figure.columns ?? 1);
  const first = Math.floor(index / columns) * columns;
  return Math.max(
    ...figure.panels
      .slice(first, first + columns)
      .map(panel => (panel.heatmap ? largest(panel.heatmap) : 0)),
  );
}

function dataTable(figure: Figure): HTMLElement {
  const rows: (string | number)[][] = [];
  figure.panels.forEach((panel, i) => {
    const title = panel.title || `panel ${i + 1}`;
    for (const series of panel.series ?? []) {
      for (const p of series.points) {
        rows.push([title, series.name, p.x, p.y ?? "–", p.low ?? "", p.high ?? "", p.note ?? ""]);
      }
    }
    panel.heatmap?.values.forEach((row, r) =>
      row.forEach((value, c) =>
        rows.push([title, panel.heatmap!.rows[r], panel.heatmap!.columns[c], value ?? "–"]),
      ),
    );
    for (const frame of panel.graph?.frames ?? []) {
      frame.values.forEach((value, node) =>
        rows.push([title, frame.label ?? "", node, value ?? "–", "", "", ""]),
      );
    }
  });
  const heads = figure.panels.some(panel => panel.heatmap)
    ? ["panel", "row", "column", "value"]
    : ["panel", "series", "x", "y", "low", "high", "note"];
  return h(
    "div",
    {
      class: "scroll",
      tabindex: 0,
      role: "region",
      "aria-label": `Numbers of ${figure.title ?? figure.id}`,
    },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map(name => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map(row =>
          h(
            "tr",
            {},
            row.map(cell =>
              typeof cell === "number"
                ? h("td", { class: "number" }, number(cell, 6))
                : h("td", { class: "text" }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

export function drawFigure(study: Study, figure: Figure): DrawnFigure {
  const columns = Math.max(1, figure.columns ?? 1);
  const palette = new Palette(figure);
  const name = fileName(study, figure);
  const id = figure.id === study.study ? `${figure.id}-figure` : name;
  const slots = figure.panels.map(panel =>
    h("div", { class: "panel" }, panel.title && h("h4", {}, panel.title)),
  );
  const size = panelSize(columns);
  const heat = figure.panels.some(panel => panel.heatmap);
  const data = h("details", { class: "data" }, h("summary", {}, "Numbers"));
  data.addEventListener("toggle", () => {
    if (data.open && data.children.length === 1) data.append(dataTable(figure));
  });
  const element: HTMLElement = h(
    "figure",
    {
      id,
      "data-figure": figure.id,
      "data-panels": figure.panels.length,
      "aria-labelledby": `${id}-title`,
    },
    h("h3", { id: `${id}-title` }, figure.title || figure.id),
    drawLegend(figure, palette, () => element),
    h(
      "div",
      {
        class: `grid ${heat ? "heat" : ""}`,
        style: `--columns: ${columns}; --widest: ${1.2 * size.width}px`,
      },
      slots,
    ),
    figure.caption && h("figcaption", {}, prose(figure.caption)),
    h(
      "div",
      { class: "actions" },
      h(
        "button",
        { type: "button", onclick: () => download(`${name}.svg`, exportFigure(figure, element)) },
        "Download SVG",
      ),
      data,
    ),
  );
  let drawn = false;
  const draw = () => {
    if (drawn) return;
    drawn = true;
    const left = Math.max(
      0,
      ...figure.panels
        .filter(panel => !panel.heatmap && !panel.graph)
        .map(panel => leftMargin(panel, columns)),
    );
    figure.panels.forEach((panel, i) => {
      const label = describe(panel);
      const { svg, notes, controls } = panel.heatmap
        ? drawHeatmap(panel, scaleOfRow(figure, i), label)
        : panel.graph
          ? drawGraph(panel, label)
          : drawPanel(panel, palette, columns, left, label);
      svg.setAttribute("role", "img");
      svg.setAttribute("tabindex", "0");
      walkWithKeys(svg);
      const below = notes.map(note => h("p", { class: "note" }, note));
      slots[i].append(svg, ...(controls ? [controls] : []), ...below);
    });
  };
  return { name, element, draw, svg: () => (draw(), exportFigure(figure, element)) };
}
