// Results by paper. Of several papers each has a tab; results of one stand on the page without any.
import { h } from "./dom";
import type { Publication, Study } from "./schema";

export interface Group {
  id: string;    // of its panel, for links
  name: string;  // on its tab
  about?: Publication;
  studies: Study[];
}

const kNone = "Beyond the papers";
// Files of older versions say no more of a paper than its name, before a comma.
const nameOf = (study: Study) =>
  study.publication?.short || (study.paper ?? "").split(",")[0].trim() || kNone;
const idOf = (name: string) =>
  `paper-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}`;

// In the order of the studies; what belongs to no paper comes last, and beside a single paper on
// its page.
export function groupByPaper(studies: Study[]): Group[] {
  const found = new Map<string, Study[]>();
  for (const study of studies) {
    found.set(nameOf(study), [...(found.get(nameOf(study)) ?? []), study]);
  }
  const aboutOf = (name?: string) =>
    studies.find((study) => study.publication?.short === name)?.publication ?? undefined;
  const names = [...found.keys()].filter((name) => name !== kNone);
  if (names.length < 2) {
    return [{ id: "", name: names[0] ?? kNone, about: aboutOf(names[0]), studies }];
  }
  if (found.has(kNone)) names.push(kNone);
  return names.map((name) =>
    ({ id: idOf(name), name, about: aboutOf(name), studies: found.get(name)! }));
}

export function citation(about: Publication) {
  const where = [about.venue, about.arxiv && `arXiv ${about.arxiv}`].filter(Boolean).join(", ");
  return [about.authors && `${about.authors}, `, h("cite", {}, about.title ?? about.short),
    where && `, ${where}`, "."];
}

// Links that behave as tabs. What is shown follows the address, so that links and the back button
// work: #paper-.. and #study, or whatever is inside, open the tab in which they are.
export function drawTabs(groups: Group[]): HTMLElement {
  const attributes = { class: "tabs", role: "tablist", "aria-label": "Papers" };
  return h("div", attributes, groups.map(({ id, name, studies }) => {
    const claims = studies.flatMap((study) => study.claims ?? []);
    const held = claims.filter((claim) => claim.holds).length;
    return h("a", { role: "tab", href: `#${id}`, id: `tab-${id}`, "aria-controls": id }, name,
      claims.length > 0 && h("small", {}, `${held} of ${claims.length} claims held`));
  }));
}

export function followAddress(tabs: HTMLElement, moved: () => void): void {
  const links = [...tabs.querySelectorAll<HTMLAnchorElement>("[role=tab]")];
  const panelOf = (link: HTMLAnchorElement) => document.getElementById(link.hash.slice(1))!;
  const show = (scroll: boolean) => {
    const target = document.getElementById(location.hash.slice(1));  // ids need no escapes
    const chosen = links.find((link) => target && panelOf(link).contains(target)) ?? links[0];
    for (const link of links) {
      const open = link === chosen;
      link.setAttribute("aria-selected", String(open));
      link.tabIndex = open ? 0 : -1;
      const parts = document.querySelectorAll<HTMLElement>(`[data-paper="${link.hash.slice(1)}"]`);
      parts.forEach((part) => { part.hidden = !open; });
    }
    tabs.scrollTo({ left: chosen.offsetLeft - (tabs.clientWidth - chosen.offsetWidth) / 2 });
    moved();
    if (!scroll) return;
    const inside = target && target !== panelOf(chosen) && panelOf(chosen).contains(target);
    (inside ? target : tabs).scrollIntoView();
    // Following a link to a part of the page loses the focus.
    if (!inside) chosen.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", () => show(true));
  tabs.addEventListener("keydown", (event) => {
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const last = links.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last, " ": at }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const link = links[(to + links.length) % links.length];
    link.focus({ preventScroll: true });
    link.click();
  });
  show(false);
}
