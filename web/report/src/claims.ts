// Claims and the summary that stands first.
import { h, prose } from "./dom";
import { duration, number } from "./format";
import type { Cell, Claim, Study } from "./schema";
import { isCell } from "./table";

const kVerdict = {
  true: { sign: "✓", word: "holds", name: "holds" },
  false: { sign: "✗", word: "does not hold", name: "fails" },
  null: { sign: "?", word: "not judged", name: "open" },
} as const;

const verdictOf = (claim: Claim) => kVerdict[String(claim.holds ?? null) as keyof typeof kVerdict];

export function drawClaims(claims: Claim[]): HTMLElement | null {
  if (claims.length === 0) return null;
  return h(
    "section",
    { class: "claims" },
    h("h3", {}, "Claims"),
    h(
      "ul",
      {},
      claims.map(claim => {
        const verdict = verdictOf(claim);
        return h(
          "li",
          { class: verdict.name, "data-holds": String(claim.holds ?? null) },
          h("span", { class: "mark", "aria-hidden": "true" }, verdict.sign),
          h(
            "div",
            {},
            h("p", {}, prose(claim.text)),
            h(
              "p",
              { class: "detail" },
              h("strong", {}, verdict.word),
              claim.detail ? " · " : "",
              prose(claim.detail ?? ""),
            ),
          ),
        );
      }),
    ),
  );
}

export const rehearsal = () =>
  h("p", { class: "rehearsal" }, h("strong", {}, "Rehearsal:"), " too few steps to mean anything.");

const cellsOf = (study: Study) =>
  (study.tables ?? [])
    .flatMap(table => table.rows.flat())
    .filter((cell): cell is Cell => cell !== undefined && isCell(cell));

const count = (studies: Study[], name: string) =>
  studies.flatMap(study => study.claims ?? []).filter(claim => verdictOf(claim).name === name)
    .length;

function tile(value: string, label: string, detail: string, kind = ""): HTMLElement {
  return h(
    "div",
    { class: `tile ${kind}` },
    h("p", { class: "figure" }, value),
    h("p", { class: "label" }, label),
    h("p", { class: "detail" }, detail),
  );
}

export function drawSummary(studies: Study[], id: string): HTMLElement {
  const claims = studies.flatMap(study => study.claims ?? []);
  const cells = studies.flatMap(cellsOf).filter(cell => cell.status);
  const of = (status: string) => cells.filter(cell => cell.status === status).length;
  const held = count(studies, "holds");
  const open = count(studies, "open");
  const rehearsals = studies.filter(study => study.quick);
  const runs = studies.reduce((sum, study) => sum + (study.runs ?? []).length, 0);
  const seconds = studies.reduce((sum, study) => sum + (study.provenance?.train_seconds ?? 0), 0);
  const dash = (study: Study, name: string, sign: string) => {
    const found = count([study], name);
    return h(
      "td",
      { class: `number ${found > 0 ? name : "none"}` },
      found > 0 ? `${sign} ${found}` : "–",
    );
  };
  const amount = (items: unknown[] = []) =>
    h("td", { class: "number" }, items.length > 0 ? number(items.length) : "–");
  const names = rehearsals.map(study => study.title || study.study).join(", ");
  return h(
    "section",
    { id, class: "summary" },
    h("h2", {}, "Summary"),
    rehearsals.length > 0 &&
      h(
        "p",
        { class: "rehearsal" },
        h("strong", {}, "Rehearsal:"),
        ` too few steps to mean anything in ${names}.`,
      ),
    h(
      "div",
      { class: "tiles" },
      claims.length > 0 &&
        tile(
          `${held} of ${claims.length}`,
          "claims held",
          `${count(studies, "fails")} not held, ${open} not judged`,
        ),
      cells.length > 0 &&
        tile(
          `${of("better")} / ${of("equal")} / ${of("worse")}`,
          "cells clearly better / not distinguishable / clearly worse",
          `than the paper's, of ${cells.length}`,
        ),
      runs > 0 &&
        tile(
          number(runs),
          runs === 1 ? "training run" : "training runs",
          seconds > 0 ? `${duration(seconds)} of training` : "",
        ),
    ),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Studies" },
      h(
        "table",
        { class: "overview" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Study", "Held", "Not held", "Not judged", "Figures", "Runs"].map((name, i) =>
              h("th", { scope: "col", class: i === 0 ? "" : "number" }, name),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          studies.map(study =>
            h(
              "tr",
              {},
              h(
                "th",
                { scope: "row" },
                h("a", { href: `#${study.study}` }, study.title || study.study),
                study.quick && h("span", { class: "tag" }, "rehearsal"),
              ),
              dash(study, "holds", "✓"),
              dash(study, "fails", "✗"),
              dash(study, "open", "?"),
              amount(study.figures),
              amount(study.runs),
            ),
          ),
        ),
      ),
    ),
  );
}
