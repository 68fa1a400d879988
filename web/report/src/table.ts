// A table of a study. Cells with a paper value show how ours compares: by a sign, by a tint, and
// by the paper's number below. Every cell carries its numbers as data-*, as the file has them.
import { h, prose } from "./dom";
import { number, paperNumber, plusMinus, withError } from "./format";
import type { AnyCell, Cell, Study, Table } from "./schema";

const kStatus = {
  better: { sign: "▼", word: "clearly better than the paper" },
  equal: { sign: "=", word: "not distinguishable" },
  worse: { sign: "▲", word: "clearly worse" },
} as const;

interface Place {
  cell: Cell;
  name: string; // of its row and column
}
const placeOf = new WeakMap<Element, Place>();

export const isCell = (cell: AnyCell): cell is Cell => typeof cell === "object" && cell !== null;
const isBlank = (cell: AnyCell) => cell === null || cell === "";
const statusOf = (cell: Cell) => (cell.status ? kStatus[cell.status] : undefined);

// Leading columns that name the rows: texts, or a number repeated over a group of rows.
function headColumns(table: Table): number {
  const named = (c: number) => {
    const cells = table.rows.map(row => row[c] ?? null);
    if (cells.some(isCell)) return false;
    return (
      cells.some(cell => typeof cell === "string") ||
      (c === 0 && cells.every(cell => Number.isInteger(cell)))
    );
  };
  let count = 0;
  while (count < Math.min(2, table.columns.length - 1) && named(count)) ++count;
  return count;
}

function describeCell(cell: Cell): [string, string][] {
  const rows: [string, string][] = [];
  if (cell.value !== null && cell.value !== undefined) {
    rows.push(["ours", plusMinus(cell.value, cell.se)]);
  }
  if (typeof cell.paper === "number") rows.push(["paper", paperNumber(cell.paper)]);
  if (typeof cell.bayes === "number") rows.push(["Bayes bound", number(cell.bayes)]);
  const status = statusOf(cell);
  if (status) rows.push(["ours is", status.word]);
  if (cell.note) rows.push(["note", cell.note]);
  return rows;
}

function compared(cell: Cell, name: string): HTMLTableCellElement {
  const status = statusOf(cell);
  const [digits, error, exponent] =
    typeof cell.value === "number" ? withError(cell.value, cell.se) : ["–", "", ""];
  const td = h(
    "td",
    {
      class: `number ${cell.status ?? ""}`,
      tabindex: 0,
      "data-value": cell.value ?? "null",
      "data-se": cell.se,
      "data-paper": cell.paper,
      "data-bayes": cell.bayes,
      "data-status": cell.status || null,
    },
    h(
      "span",
      { class: "ours" },
      status && h("span", { class: "sign", "aria-label": status.word, role: "img" }, status.sign),
      h(
        "span",
        { class: "value" },
        digits,
        error && h("small", {}, error),
        exponent,
        cell.note && h("sup", {}, "*"),
      ),
    ),
    typeof cell.paper === "number" && h("span", { class: "theirs" }, paperNumber(cell.paper)),
  );
  placeOf.set(td, { cell, name });
  return td;
}

function drawCell(cell: AnyCell, name: string): HTMLTableCellElement {
  if (isCell(cell)) return compared(cell, name);
  if (typeof cell === "number")
    return h("td", { class: "number", "data-value": cell }, number(cell));
  return h("td", { class: "text" }, cell === null ? "–" : prose(cell));
}

// The bound of every column, where all cells of the column agree on it and no row states it.
function bayesRow(table: Table, heads: number): (number | null)[] | null {
  if (table.rows.some(row => row.slice(0, heads).some(cell => /bayes/i.test(String(cell)))))
    return null;
  const bounds = table.columns.slice(heads).map((_, c) => {
    const values = table.rows
      .map(row => row[c + heads])
      .filter(cell => cell !== undefined && isCell(cell))
      .map(cell => (cell as Cell).bayes)
      .filter(bound => typeof bound === "number");
    return values.length > 0 && values.every(value => value === values[0]) ? values[0]! : null;
  });
  return bounds.some(bound => bound !== null) ? bounds : null;
}

function body(table: Table, heads: number): HTMLTableSectionElement[] {
  const sections: HTMLTableSectionElement[] = [];
  const grouped =
    heads === 2 &&
    table.rows.some((row, r) => r > 0 && !isBlank(row[0]) && row[0] === table.rows[r - 1][0]);
  for (let r = 0; r < table.rows.length;) {
    let end = r + 1;
    while (grouped && end < table.rows.length && table.rows[end][0] === table.rows[r][0]) ++end;
    const section = h("tbody", { class: grouped && "group" });
    for (let i = r; i < end; ++i) {
      const tr = h("tr");
      for (let c = 0; c < heads; ++c) {
        if (grouped && c === 0) {
          if (i === r)
            tr.append(
              h(
                "th",
                { scope: "rowgroup", rowspan: end - r, class: "head0" },
                String(table.rows[r][0] ?? ""),
              ),
            );
        } else {
          tr.append(
            h("th", { scope: "row", class: `head${c}` }, prose(String(table.rows[i][c] ?? ""))),
          );
        }
      }
      const row = table.rows[i]
        .slice(0, heads)
        .map((cell, c) => (typeof cell === "number" ? `${table.columns[c]} ${cell}` : cell));
      tr.append(
        ...table.rows[i]
          .slice(heads)
          .map((cell, c) => drawCell(cell, [...row, table.columns[c + heads]].join(" · "))),
      );
      section.append(tr);
    }
    sections.push(section);
    r = end;
  }
  const bounds = bayesRow(table, heads);
  if (bounds) {
    sections.push(
      h(
        "tbody",
        { class: "bayes" },
        h(
          "tr",
          {},
          heads > 0 &&
            h("th", { scope: "row", colspan: heads, class: "head0 wide" }, "Bayes bound"),
          bounds.map(bound =>
            bound === null
              ? h("td", {}, "–")
              : h("td", { class: "number", "data-bayes": bound }, number(bound)),
          ),
        ),
      ),
    );
  }
  return sections;
}

// The second column stays in sight beside the first, whose width only the browser knows.
function keepHeadsInSight(table: HTMLTableElement): void {
  const first = table.querySelector<HTMLElement>("thead .head0");
  if (!first) return;
  new ResizeObserver(() => table.style.setProperty("--head0", `${first.offsetWidth}px`)).observe(
    first,
  );
}

export function drawTable(study: Study, table: Table): HTMLElement {
  const cells = table.rows.flat().filter(cell => cell !== undefined && isCell(cell)) as Cell[];
  const heads = headColumns(table);
  const element = h(
    "table",
    { class: cells.length > 0 ? "compared" : "" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        table.columns.map((name, c) =>
          h(
            "th",
            {
              scope: "col",
              class:
                c < heads ? `head${c}` : typeof table.rows[0]?.[c] === "string" ? "text" : "number",
            },
            prose(name),
          ),
        ),
      ),
    ),
    body(table, heads),
  );
  keepHeadsInSight(element);
  const key: (string | Node)[] = [];
  if (cells.some(cell => cell.status)) {
    for (const status of ["better", "equal", "worse"] as const) {
      key.push(
        h(
          "span",
          { class: `key ${status}` },
          h("span", { class: "sign" }, kStatus[status].sign),
          kStatus[status].word,
        ),
      );
    }
  }
  if (cells.some(cell => typeof cell.paper === "number"))
    key.push(h("span", { class: "key" }, "small: the paper's value"));
  if (cells.some(cell => cell.se))
    key.push(h("span", { class: "key" }, "(4): standard error in the last digit"));
  const id = `${study.study}-${table.id}`;
  return h(
    "section",
    { class: "table", id, "data-table": table.id },
    h("h3", { id: `${id}-title` }, table.title),
    key.length > 0 && h("p", { class: "keys" }, key),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": `${id}-title` },
      element,
    ),
    table.notes &&
      table.notes.length > 0 &&
      h(
        "ul",
        { class: "notes" },
        table.notes.map(note => h("li", {}, prose(note))),
      ),
  );
}

// One box for all cells: what a cell has no room for. Follows pointer, keyboard and finger.
export function explainCells(page: HTMLElement): void {
  const box = h("div", { class: "explain", role: "status", hidden: true });
  page.append(box);
  const show = (event: Event) => {
    const td =
      event.target instanceof Element ? event.target.closest<HTMLElement>("td[data-value]") : null;
    const place = td && placeOf.get(td);
    const rows = place ? describeCell(place.cell) : [];
    box.hidden = rows.length === 0;
    if (box.hidden || !td || !place) return;
    box.replaceChildren(
      h("p", {}, place.name),
      h(
        "dl",
        {},
        rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ),
    );
    const at = td.getBoundingClientRect();
    const left = Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8);
    const below = at.bottom + box.offsetHeight + 8 < window.innerHeight;
    box.style.left = `${Math.max(8, left) + window.scrollX}px`;
    box.style.top = `${(below ? at.bottom + 4 : at.top - box.offsetHeight - 4) + window.scrollY}px`;
  };
  page.addEventListener("pointerover", show);
  page.addEventListener("focusin", show);
  page.addEventListener("keydown", event => {
    if (event.key === "Escape") box.hidden = true;
  });
}
