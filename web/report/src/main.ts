// The page: reads the results that `gramian report` has put into it, and draws them.
import "./style.css";

import { drawSummary } from "./claims";
import { h } from "./dom";
import type { DrawnFigure } from "./figure";
import type { Study } from "./schema";
import { citation, drawTabs, followAddress, groupByPaper, type Group } from "./papers";
import { drawStudy, provenanceRows, shortTitle } from "./study";
import { explainCells } from "./table";
import { followTheme, themeButton } from "./theme";

declare global {
  interface Window {
    gramian: { figures: () => { name: string; svg: string }[] }; // for scripts/export_svg.py
  }
}

function readResults(): Study[] | null {
  const text = document.getElementById("gramian-results")?.textContent ?? "null";
  return JSON.parse(text)?.results ?? null;
}

// What all studies share; where they differ each says it itself.
function drawOrigin(studies: Study[]): HTMLElement {
  const all = studies.map(study => new Map(provenanceRows(study.provenance ?? {})));
  const names = [...new Set(all.flatMap(rows => [...rows.keys()]))].filter(
    name => name !== "Training",
  );
  const rows = names.map(name => {
    const values = [
      ...new Set(all.map(row => row.get(name)).filter(value => value !== undefined)),
    ].sort();
    if (values.length === 1) return [name, values[0]];
    if (name === "Finished") return [name, `${values[0]} to ${values[values.length - 1]}`];
    return [name, `${values.length} different ones; see each study`];
  });
  return h(
    "dl",
    { class: "origin" },
    rows.map(([name, value]) => [
      h("dt", {}, name),
      h("dd", {}, name === "Command" ? h("code", {}, value) : value),
    ]),
  );
}

const summaryOf = (group: Group) => (group.id ? `${group.id}-summary` : "summary");
const partOf = (group: Group) => ({ "data-paper": group.id || null });

// The studies of every paper, of which one list is shown.
function drawNavigation(groups: Group[]): HTMLElement {
  const entry = (id: string, text: string) => h("li", {}, h("a", { href: `#${id}` }, text));
  return h(
    "nav",
    { "aria-label": "Studies" },
    groups.map(group =>
      h(
        "ul",
        partOf(group),
        entry(summaryOf(group), "Summary"),
        group.studies.map(study => entry(study.study, shortTitle(study))),
      ),
    ),
    themeButton(),
  );
}

// Marks the study that is being read in the list at the side. Returns a function to call when other
// parts of the page are shown.
function followReading(navigation: HTMLElement): () => void {
  const links = [...navigation.querySelectorAll<HTMLAnchorElement>("a")].map(link => ({
    link,
    section: document.getElementById(link.hash.slice(1))!,
    list: link.closest("ul")!,
  }));
  let current: HTMLAnchorElement | undefined;
  const mark = () => {
    const shown = links.filter(({ list }) => !list.hidden);
    const above = shown.filter(
      ({ section }) => section.getBoundingClientRect().top < window.innerHeight / 3,
    );
    const { link, list } = above[above.length - 1] ?? shown[0];
    if (link === current) return;
    current?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    current = link;
    list.scrollTo({ left: link.offsetLeft - list.clientWidth / 2 });
  };
  let waiting = false;
  window.addEventListener(
    "scroll",
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    },
    { passive: true },
  );
  return mark;
}

// Draws the figure that the address names, then the others in turn, so that the page can
// be read meanwhile.
function drawInTurn(figures: DrawnFigure[]): void {
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  const order = [...figures].sort(
    (a, b) =>
      Number(wanted ? wanted.contains(b.element) : 0) -
      Number(wanted ? wanted.contains(a.element) : 0),
  );
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
    order.splice(0).forEach(figure => figure.draw());
    document
      .querySelectorAll<HTMLDetailsElement>("details.runs, details.settings")
      .forEach(details => {
        details.open = true;
      });
  });
}

function drawPage(page: HTMLElement): void {
  followTheme();
  const studies = readResults();
  const licences = document.getElementById("licences") as HTMLDetailsElement;
  if (!studies) {
    page.append(
      h(
        "main",
        { class: "empty" },
        h("h1", {}, "Gramian: report"),
        h(
          "p",
          {},
          "This is the empty page. ",
          h("code", {}, "gramian report DIR"),
          " fills it with results.",
        ),
      ),
    );
    document.documentElement.dataset.ready = "true";
    return;
  }
  const groups = groupByPaper(studies);
  const navigation = drawNavigation(groups);
  const tabs = groups.length > 1 ? drawTabs(groups) : null;
  const figures: DrawnFigure[] = [];
  const draw = (study: Study) => {
    const drawn = drawStudy(study);
    figures.push(...drawn.figures);
    return drawn.element;
  };
  const papers = groups.map(group =>
    h(
      "div",
      {
        ...partOf(group),
        class: "paper",
        id: group.id || null,
        role: tabs && "tabpanel",
        "aria-labelledby": tabs && `tab-${group.id}`,
      },
      tabs && h("h2", {}, group.name),
      tabs && group.about && h("p", { class: "subtitle" }, citation(group.about)),
      drawSummary(group.studies, summaryOf(group)),
      group.studies.map(draw),
      group.about?.losses && h("p", { class: "losses" }, group.about.losses),
    ),
  );
  licences.hidden = false;
  const about = groups[0].about;
  page.append(
    h(
      "header",
      {},
      h("h1", {}, "In-context learning in linear transformers"),
      h(
        "p",
        { class: "subtitle" },
        tabs
          ? "Results of Gramian beside those of the papers it reproduces."
          : about
            ? ["Results of Gramian beside those of the paper it reproduces: ", citation(about)]
            : "Results of Gramian.",
      ),
      drawOrigin(studies),
    ),
    ...(tabs ? [tabs] : []),
    navigation,
    h("main", {}, papers),
    h("footer", {}, licences),
  );
  explainCells(page);
  const mark = followReading(navigation);
  if (tabs) followAddress(tabs, mark);
  else mark();
  window.gramian = {
    figures: () => figures.map(figure => ({ name: figure.name, svg: figure.svg() })),
  };
  drawInTurn(figures);
}

drawPage(document.getElementById("page")!);
