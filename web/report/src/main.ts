// The page: reads the results that `gramian report` has put into it, and draws them.
import "./style.css";

import { drawSummary } from "./claims";
import { h } from "./dom";
import type { DrawnFigure } from "./figure";
import type { Study } from "./schema";
import { drawStudy, provenanceRows, shortTitle } from "./study";
import { explainCells } from "./table";
import { followTheme, themeButton } from "./theme";

declare global {
  interface Window {
    gramian: { figures: () => { name: string; svg: string }[] };  // for scripts/export_svg.py
  }
}

function readResults(): Study[] | null {
  const text = document.getElementById("gramian-results")?.textContent ?? "null";
  return JSON.parse(text)?.results ?? null;
}

// What all studies share; where they differ each says it itself.
function drawOrigin(studies: Study[]): HTMLElement {
  const all = studies.map((study) => new Map(provenanceRows(study.provenance ?? {})));
  const names = [...new Set(all.flatMap((rows) => [...rows.keys()]))].filter((name) => name !== "Training");
  const rows = names.map((name) => {
    const values = [...new Set(all.map((row) => row.get(name)).filter((value) => value !== undefined))].sort();
    if (values.length === 1) return [name, values[0]];
    if (name === "Finished") return [name, `${values[0]} to ${values[values.length - 1]}`];
    return [name, `${values.length} different ones; see each study`];
  });
  return h("dl", { class: "origin" }, rows.map(([name, value]) =>
    [h("dt", {}, name), h("dd", {}, name === "Command" ? h("code", {}, value) : value)]));
}

function drawNavigation(studies: Study[]): HTMLElement {
  const entry = (id: string, text: string) => h("li", {}, h("a", { href: `#${id}` }, text));
  const navigation = h("nav", { "aria-label": "Studies" },
    h("ul", {}, entry("summary", "Summary"), studies.map((study) => entry(study.study, shortTitle(study)))), themeButton());
  return navigation;
}

// Marks the study that is being read.
function followReading(navigation: HTMLElement): void {
  const links = new Map([...navigation.querySelectorAll<HTMLAnchorElement>("a")].map((link) => [link.hash.slice(1), link]));
  let current: HTMLAnchorElement | undefined;
  const mark = () => {
    const above = [...links.keys()].filter((id) => document.getElementById(id)!.getBoundingClientRect().top < window.innerHeight / 3);
    const link = links.get(above[above.length - 1] ?? "summary");
    if (!link || link === current) return;
    current?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    current = link;
    const list = link.closest("ul")!;
    list.scrollTo({ left: link.offsetLeft - list.clientWidth / 2 });
  };
  let waiting = false;
  window.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  mark();
}

// The figure that is asked for first, then one after the other, so that the page can be read meanwhile.
function drawInTurn(figures: DrawnFigure[]): void {
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  const order = [...figures].sort((a, b) => Number(wanted ? wanted.contains(b.element) : 0) - Number(wanted ? wanted.contains(a.element) : 0));
  const next = () => {
    const figure = order.shift();
    if (figure) {
      figure.draw();
      setTimeout(next);
    } else {
      document.documentElement.dataset.ready = "true";
      if (wanted) wanted.scrollIntoView();
    }
  };
  next();
  window.addEventListener("beforeprint", () => {
    order.splice(0).forEach((figure) => figure.draw());
    document.querySelectorAll<HTMLDetailsElement>("details.runs, details.settings").forEach((details) => { details.open = true; });
  });
}

function drawPage(page: HTMLElement): void {
  followTheme();
  const studies = readResults();
  const licences = document.getElementById("licences") as HTMLDetailsElement;
  if (!studies) {
    page.append(h("main", { class: "empty" }, h("h1", {}, "Gramian: report"),
      h("p", {}, "This is the empty page. ", h("code", {}, "gramian report DIR"), " fills it with results.")));
    document.documentElement.dataset.ready = "true";
    return;
  }
  const navigation = drawNavigation(studies);
  const figures: DrawnFigure[] = [];
  const sections = studies.map((study) => {
    const drawn = drawStudy(study);
    figures.push(...drawn.figures);
    return drawn.element;
  });
  licences.hidden = false;
  page.append(
    h("header", {}, h("h1", {}, "In-context learning in linear transformers"),
      h("p", { class: "subtitle" }, "Results of Gramian beside those of the paper it reproduces: Vladymyrov, von Oswald, Sandler, Ge, ",
        h("cite", {}, "Linear transformers are versatile in-context learners"), ", NeurIPS 2024."),
      drawOrigin(studies)),
    navigation,
    h("main", {}, drawSummary(studies), sections),
    h("footer", {}, h("p", {}, "Losses are halves of squared errors against the noise-free target, adjusted: minus the loss of ridge regression that knows the noise. Lower is better."),
      licences));
  explainCells(page);
  followReading(navigation);
  window.gramian = { figures: () => figures.map((figure) => ({ name: figure.name, svg: figure.svg() })) };
  drawInTurn(figures);
}

drawPage(document.getElementById("page")!);
