// One study: what it says, what it shows, and how it was made.
import { drawClaims, rehearsal } from "./claims";
import { h, prose } from "./dom";
import { drawFigure, type DrawnFigure } from "./figure";
import { duration, number } from "./format";
import type { Provenance, Run, Study } from "./schema";
import { drawTable } from "./table";

export const titleOf = (study: Study) => study.title || study.study;

// Short enough for the list at the side: "Table 1", "Fig. 3", "Blow-ups".
export function shortTitle(study: Study): string {
  // The number is that of the paper: the study "gd-fig3" is called "Fig. 3" too.
  const numbered = /(?:^|-)(fig|table)(\d+)$/.exec(study.study);
  if (numbered) return `${numbered[1] === "fig" ? "Fig." : "Table"} ${numbered[2]}`;
  return study.study[0].toUpperCase() + study.study.slice(1);
}

export function provenanceRows(p: Provenance): [string, string][] {
  const machine = [p.cpu, p.cores ? `${p.cores} cores` : "", p.simd].filter(Boolean).join(", ");
  const rows: [string, string | undefined][] = [
    ["Command", p.command],
    ["Version", [p.version, p.commit].filter(Boolean).join(", commit ")],
    ["Machine", machine],
    ["Compiler", p.compiler],
    ["Finished", p.finished],
    ["Training", p.train_seconds ? duration(p.train_seconds) : undefined],
  ];
  return rows.filter((row): row is [string, string] => Boolean(row[1]));
}

function drawRuns(runs: Run[]): HTMLElement | null {
  if (runs.length === 0) return null;
  const heads = ["Run", "Model", "Layers", "Problem", "Seed", "Steps", "Time", "Directory"];
  return h(
    "details",
    { class: "runs" },
    h("summary", {}, `Runs (${runs.length})`),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Runs" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map(name =>
              h(
                "th",
                { scope: "col", class: /Layers|Seed|Steps|Time/.test(name) ? "number" : "" },
                name,
              ),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          runs.map(run =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, run.name),
              h("td", {}, run.kind ?? ""),
              h("td", { class: "number" }, run.layers ?? ""),
              h("td", {}, run.problem ?? ""),
              h("td", { class: "number" }, String(run.seed ?? "")),
              h("td", { class: "number" }, run.steps === undefined ? "" : number(run.steps)),
              h("td", { class: "number" }, run.seconds === undefined ? "" : duration(run.seconds)),
              h("td", {}, h("code", {}, run.directory ?? "")),
            ),
          ),
        ),
      ),
    ),
  );
}

export function drawStudy(study: Study): { element: HTMLElement; figures: DrawnFigure[] } {
  const figures = (study.figures ?? []).map(figure => drawFigure(study, figure));
  const provenance = study.provenance ?? {};
  const rows = provenanceRows(provenance);
  const element = h(
    "section",
    { id: study.study, class: "study", "data-study": study.study },
    h("h2", {}, titleOf(study)),
    study.paper && h("p", { class: "reference" }, study.paper),
    study.quick && rehearsal(),
    study.caption && h("p", { class: "caption" }, prose(study.caption)),
    drawClaims(study.claims ?? []),
    (study.tables ?? []).map(table => drawTable(study, table)),
    figures.map(figure => figure.element),
    drawRuns(study.runs ?? []),
    (rows.length > 0 || provenance.settings) &&
      h(
        "details",
        { class: "settings" },
        h("summary", {}, "Settings and origin"),
        rows.length > 0 &&
          h(
            "dl",
            { class: "origin" },
            rows.map(([name, value]) => [
              h("dt", {}, name),
              h("dd", {}, name === "Command" ? h("code", {}, value) : value),
            ]),
          ),
        provenance.settings && h("pre", { tabindex: 0 }, provenance.settings),
      ),
  );
  return { element, figures };
}
