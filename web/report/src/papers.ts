// Results by paper. Of several papers each has a tab; results of one stand on the page without any.
import { h } from "./dom";
import type { Study } from "./schema";

interface About {
  authors: string;
  title: string;
  where: string;
  losses: string;
}

const kHalves = "Losses are halves of squared errors against the noise-free target";

// By the name that stands before the comma in a study's `paper`.
const kPapers: Record<string, About> = {
  "Vladymyrov et al. 2024": {
    authors: "Vladymyrov, von Oswald, Sandler, Ge", title: "Linear transformers are versatile in-context learners",
    where: "NeurIPS 2024, arXiv 2402.14180",
    losses: `${kHalves}, adjusted: minus the loss of ridge regression that knows the noise. Lower is better.`,
  },
  "von Oswald et al. 2022": {
    authors: "von Oswald, Niklasson, Randazzo, Sacramento, Mordvintsev, Zhmoginov, Vladymyrov",
    title: "Transformers learn in-context by gradient descent", where: "ICML 2023, arXiv 2212.07677",
    losses: `${kHalves}. Lower is better.`,
  },
  "Gatmiry et al. 2024": {
    authors: "Gatmiry, Saunshi, Reddi, Jegelka, Kumar",
    title: "Can looped transformers learn to implement multi-step gradient descent for in-context learning?",
    where: "ICML 2024, arXiv 2410.08292",
    losses: "Losses are squared errors, not halved, as in the paper. Lower is better.",
  },
};

export interface Group {
  id: string;    // of its panel, for links
  name: string;  // on its tab
  about?: About;
  studies: Study[];
}

const kNone = "Beyond the papers";
const nameOf = (study: Study) => (study.paper ?? "").split(",")[0].trim() || kNone;
const idOf = (name: string) => `paper-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}`;

// In the order of the studies; what belongs to no paper comes last, and beside a single paper on its page.
export function groupByPaper(studies: Study[]): Group[] {
  const found = new Map<string, Study[]>();
  for (const study of studies) found.set(nameOf(study), [...(found.get(nameOf(study)) ?? []), study]);
  const names = [...found.keys()].filter((name) => name !== kNone);
  if (names.length < 2) return [{ id: "", name: names[0] ?? kNone, about: kPapers[names[0]], studies }];
  if (found.has(kNone)) names.push(kNone);
  return names.map((name) => ({ id: idOf(name), name, about: kPapers[name], studies: found.get(name)! }));
}

export const citation = (about: About) => [`${about.authors}, `, h("cite", {}, about.title), `, ${about.where}.`];

// Links that behave as tabs. What is shown follows the address, so that links and the back button work: #paper-.. and
// #study, or whatever is inside, open the tab in which they are.
export function drawTabs(groups: Group[]): HTMLElement {
  return h("div", { class: "tabs", role: "tablist", "aria-label": "Papers" }, groups.map(({ id, name, studies }) => {
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
      document.querySelectorAll<HTMLElement>(`[data-paper="${link.hash.slice(1)}"]`).forEach((part) => { part.hidden = !open; });
    }
    tabs.scrollTo({ left: chosen.offsetLeft - (tabs.clientWidth - chosen.offsetWidth) / 2 });
    moved();
    if (!scroll) return;
    const inside = target && target !== panelOf(chosen) && panelOf(chosen).contains(target);
    (inside ? target : tabs).scrollIntoView();
    if (!inside) chosen.focus({ preventScroll: true });  // following a link to a part of the page loses it
  };
  window.addEventListener("hashchange", () => show(true));
  tabs.addEventListener("keydown", (event) => {
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: links.length - 1, " ": at }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const link = links[(to + links.length) % links.length];
    link.focus({ preventScroll: true });
    link.click();
  });
  show(false);
}
