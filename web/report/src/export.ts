// A figure as one SVG file for a paper: panels, titles and legend, in the light colours, with every
// style written out as an attribute that drawing programs and TeX tools understand.
import { s } from "./dom";
import { bandLabels, entriesOf, swatch } from "./legend";
import { Palette } from "./palette";
import type { Figure } from "./schema";

const kFont = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
const kAttributes = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linejoin",
  "stroke-linecap",
  "stroke-opacity",
  "fill-opacity",
  "opacity",
  "text-anchor",
  "font-size",
] as const;

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;

// Whatever CSS calls a colour (color-mix, oklab, ...) as #rrggbb.
function plainColour(colour: string): string {
  if (colour === "none" || colour.startsWith("url")) return colour;
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return a === 0
    ? "none"
    : `#${[r, g, b].map(part => part.toString(16).padStart(2, "0")).join("")}`;
}

const kDefaults: Record<string, string> = {
  "stroke-width": "1px",
  "stroke-dasharray": "none",
  "stroke-linejoin": "miter",
  "stroke-linecap": "butt",
  "stroke-opacity": "1",
  "fill-opacity": "1",
  opacity: "1",
  "text-anchor": "start",
};

// The drawn element with its computed style; what only serves the screen is left out.
function plainCopy(element: Element): Element | null {
  if (element.matches("style, [aria-label=tip]")) return null;
  const copy = document.createElementNS("http://www.w3.org/2000/svg", element.localName);
  for (const name of [
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "width",
    "height",
    "transform",
    "id",
    "clip-path",
    "dy",
    "dx",
  ]) {
    const value = element.getAttribute(name);
    if (value !== null) copy.setAttribute(name, value);
  }
  const children = [...element.childNodes].map(child =>
    child instanceof Element
      ? plainCopy(child)
      : child instanceof Text && child.data.trim()
        ? child.cloneNode()
        : null,
  );
  copy.append(...children.filter(child => child !== null));
  if (["path", "line", "rect", "circle", "text"].includes(element.localName)) {
    const style = getComputedStyle(element);
    for (const name of kAttributes) {
      const text = element.localName === "text";
      if (!text && (name === "font-size" || name === "text-anchor")) continue;
      let value = style.getPropertyValue(name);
      if (name === "fill" || name === "stroke") value = plainColour(value);
      if (value !== kDefaults[name]) copy.setAttribute(name, value.replace(/px/g, ""));
    }
  } else if (copy.localName === "g" && !copy.hasChildNodes()) {
    return null;
  }
  return copy;
}

const text = (
  content: string,
  x: number,
  y: number,
  size: number,
  more: Record<string, string | number> = {},
) => s("text", { x, y, "font-size": size, fill: "#1a1a1a", ...more }, content);

const widthOf = (content: string, size: number) => {
  canvas.font = `${size}px sans-serif`;
  return canvas.measureText(content).width;
};

// The legend in rows no wider than `width`; returns its height.
function legend(figure: Figure, into: SVGGElement, width: number): number {
  const items: [string, SVGElement][] = entriesOf(figure, new Palette(figure)).map(entry => [
    entry.name,
    swatch(entry),
  ]);
  for (const label of bandLabels(figure))
    items.push([label, s("rect", { x: -13, y: -5, width: 26, height: 10, fill: "var(--band)" })]);
  let x = 0;
  let y = 8;
  for (const [name, drawn] of items) {
    const wide = 40 + widthOf(name, 11) + 14;
    if (x > 0 && x + wide > width) [x, y] = [0, y + 18];
    into.append(
      s(
        "g",
        { transform: `translate(${x},${y})` },
        s("g", { transform: "translate(17,0)" }, drawn),
        text(name, 38, 4, 11),
      ),
    );
    x += wide;
  }
  return items.length > 0 ? y + 16 : 0;
}

const kNote = { size: 9, line: 12, margin: 8 };

// The notes below a panel, of what its axes cut off, in lines no wider than `width`.
function noteLines(plot: SVGSVGElement, width: number): string[] {
  const lines: string[] = [];
  for (const note of plot.parentElement?.querySelectorAll("p.note") ?? []) {
    let line = "";
    for (const word of (note.textContent ?? "").split(/\s+/).filter(Boolean)) {
      const longer = line ? `${line} ${word}` : word;
      if (line && widthOf(longer, kNote.size) > width) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    if (line) lines.push(line);
  }
  return lines;
}

export function exportFigure(figure: Figure, element: HTMLElement): string {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  const dimmed = [...element.querySelectorAll(".dim")];
  dimmed.forEach(group => group.classList.remove("dim"));
  root.dataset.theme = "light";
  const drawn = [...element.querySelectorAll<SVGSVGElement>(".panel svg.plot")];
  const columns = Math.max(1, Math.min(figure.columns ?? 1, drawn.length));
  const plotHeight = Math.max(0, ...drawn.map(svg => svg.viewBox.baseVal.height));
  const cellWidth = Math.max(0, ...drawn.map(svg => svg.viewBox.baseVal.width)) + 8;
  const notes = drawn.map(svg => noteLines(svg, cellWidth - 2 * kNote.margin));
  const mostLines = Math.max(0, ...notes.map(lines => lines.length));
  const cell = { width: cellWidth, height: plotHeight + 24 + mostLines * kNote.line };
  const width = columns * cell.width + 8;
  const key = s("g", { transform: "translate(12,8)" });
  // Colours of the legend are CSS variables: it has to be in the page to be computed.
  const stage = s("svg", { width: 0, height: 0, style: "position:absolute" }, key);
  document.body.append(stage);
  const top = legend(figure, key, width - 24) + 4;
  const out = s("svg", {
    viewBox: `0 0 ${width} ${top + Math.ceil(drawn.length / columns) * cell.height}`,
    "font-family": kFont,
  });
  out.setAttribute("width", String(width));
  out.setAttribute("height", String(top + Math.ceil(drawn.length / columns) * cell.height));
  out.append(s("rect", { width: "100%", height: "100%", fill: "#ffffff" }), plainCopy(key) ?? "");
  stage.remove();
  drawn.forEach((svg, i) => {
    const x = 4 + (i % columns) * cell.width;
    const y = top + Math.floor(i / columns) * cell.height;
    const panel = s("g", { transform: `translate(${x},${y + 18})` });
    panel.append(...[...svg.children].map(plainCopy).filter(child => child !== null));
    out.append(
      text(figure.panels[i].title ?? "", x + cell.width / 2, y + 14, 12, {
        "text-anchor": "middle",
      }),
      panel,
      ...notes[i].map((line, k) =>
        text(line, x + kNote.margin, y + plotHeight + 26 + k * kNote.line, kNote.size),
      ),
    );
  });
  if (theme) root.dataset.theme = theme;
  dimmed.forEach(group => group.classList.add("dim"));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(out)}\n`;
}

export function download(name: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "image/svg+xml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
