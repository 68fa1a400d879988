// A drawn graph: nodes coloured by a number each, edges as wide as their weight, and a slider that
// walks through the frames, such as the layers of a network. Colours are those of a heat map, with
// one scale for all frames.
import { h, s } from "./dom";
import { number } from "./format";
import { colour } from "./heatmap";
import type { DrawnPanel } from "./panel";
import type { DrawnGraph, Panel } from "./schema";

const kSide = 260;
const kRadius = 11;

const largestOf = (graph: DrawnGraph) =>
  Math.max(0, ...graph.frames.flatMap(frame => frame.values.map(value => Math.abs(value ?? 0))));

// Places of the nodes within the square, y upwards.
function placesOf(graph: DrawnGraph): [number, number][] {
  const span = (axis: 0 | 1) => {
    const all = graph.nodes.map(node => node[axis]);
    return [Math.min(...all), Math.max(...all)];
  };
  const [left, right] = span(0);
  const [bottom, top] = span(1);
  const scale = (kSide - 4 * kRadius) / Math.max(right - left, top - bottom, 1e-9);
  return graph.nodes.map(([x, y]) => [
    kSide / 2 + (x - (left + right) / 2) * scale,
    kSide / 2 - (y - (bottom + top) / 2) * scale,
  ]);
}

export function drawGraph(panel: Panel, title: string): DrawnPanel {
  const graph = panel.graph!;
  const places = placesOf(graph);
  const most = largestOf(graph);
  const heaviest = Math.max(1e-9, ...graph.edges.map(edge => edge[2]));
  const edges = graph.edges.map(([u, v, weight]) =>
    s("line", {
      x1: places[u][0].toFixed(1),
      y1: places[u][1].toFixed(1),
      x2: places[v][0].toFixed(1),
      y2: places[v][1].toFixed(1),
      stroke: "var(--axis)",
      "stroke-opacity": 0.6,
      "stroke-width": (0.6 + 4.4 * (weight / heaviest)).toFixed(2),
    }),
  );
  const tips = places.map(() => s("title", {}));
  const nodes = places.map(([x, y], i) => {
    const circle = s("circle", {
      cx: x.toFixed(1),
      cy: y.toFixed(1),
      r: kRadius,
      stroke: "var(--axis)",
      "stroke-width": 1,
      "data-node": i,
    });
    circle.append(tips[i]);
    return circle;
  });
  const svg = s(
    "svg",
    { viewBox: `0 0 ${kSide} ${kSide}`, class: "plot graph", "aria-label": title },
    ...edges,
    ...nodes,
  ) as SVGSVGElement;
  svg.setAttribute("width", String(kSide));
  svg.setAttribute("height", String(kSide));
  const label = h("output", { class: "frame" });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: graph.frames.length - 1,
    step: 1,
    value: graph.frames.length - 1,
    "aria-label": `Frame of ${panel.title || "the graph"}`,
  }) as HTMLInputElement;
  const show = () => {
    const frame = graph.frames[Number(slider.value)];
    label.textContent = frame.label ?? "";
    slider.setAttribute("aria-valuetext", frame.label ?? "");
    nodes.forEach((circle, i) => {
      const value = frame.values[i];
      circle.setAttribute("fill", value === null ? "none" : colour(value, most));
      circle.setAttribute("data-value", String(value));
      tips[i].textContent = `node ${i}: ${value === null ? "no value" : number(value)}`;
    });
  };
  slider.addEventListener("input", show);
  show();
  return { svg, notes: [], controls: h("div", { class: "frames" }, slider, label) };
}
