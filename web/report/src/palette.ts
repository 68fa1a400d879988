// Who is drawn how: a role has one colour on the whole page, and a symbol and dashes of its own,
// so that no reader needs the colours. The colours themselves are in style.css, light and dark.
import type { Figure, Role, Series } from "./schema";

export interface Style {
  color: string; // a CSS colour
  symbol: string;
  hollow: boolean;
  dash: string | null;
  width: number;
}

const kRoles: Record<Role, { symbol: string; dash: string | null; width: number }> = {
  full: { symbol: "circle", dash: null, width: 1.6 },
  diag: { symbol: "square", dash: null, width: 1.6 },
  gdpp: { symbol: "triangle", dash: null, width: 1.6 },
  constrr: { symbol: "times", dash: "7 3", width: 1.4 },
  adarr: { symbol: "plus", dash: "6 2 1.5 2", width: 1.4 },
  tunedrr: { symbol: "asterisk", dash: "2 2", width: 1.6 },
  bayes: { symbol: "star", dash: "10 2", width: 1.2 },
  paper: { symbol: "diamond", dash: "3 3", width: 1.2 },
  other: { symbol: "wye", dash: null, width: 1.4 },
};

const kRampSteps = 10;
const kRampSymbols = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "star",
  "wye",
  "cross",
  "diamond2",
  "square2",
  "triangle2",
];

const roleOf = (series: Series): Role =>
  series.role && series.role in kRoles ? series.role : "other";

// The paper's FULL is drawn in the colour of ours, hollow.
function modelOf(name: string): Role | null {
  const found = /\b(FULL|DIAG|GD\+\+|CONSTRR|ADARR|TUNEDRR)/i.exec(name)?.[1].toUpperCase();
  return found === undefined ? null : found === "GD++" ? "gdpp" : (found.toLowerCase() as Role);
}

const repeats = (role: Role, figure: Figure) =>
  figure.panels.some(
    panel => (panel.series ?? []).filter(series => roleOf(series) === role).length > 1,
  );

// Where a role occurs several times in a panel, its series are an order (depth 1, 2, ...) and have
// a ramp of colours by name, the same in all panels of the figure.
export class Palette {
  private readonly ramp: string[] = [];

  constructor(figure: Figure) {
    const names = new Set<string>();
    for (const panel of figure.panels) {
      for (const series of panel.series ?? []) {
        const role = roleOf(series);
        if (role === "paper" && modelOf(series.name)) continue;
        if (repeats(role, figure)) names.add(series.name);
      }
    }
    const order = new Intl.Collator("en", { numeric: true });
    this.ramp = [...names].sort(order.compare);
  }

  style(series: Series): Style {
    const role = roleOf(series);
    const onlyPoints = series.mark === "points";
    const at = this.ramp.indexOf(series.name);
    if (at >= 0) {
      const step =
        this.ramp.length === 1 ? 0 : Math.round((at * (kRampSteps - 1)) / (this.ramp.length - 1));
      return {
        color: `var(--ramp-${step})`,
        symbol: kRampSymbols[at % kRampSymbols.length],
        hollow: false,
        dash: series.mark === "dashes" ? "5 3" : null,
        width: 1.4,
      };
    }
    const model = role === "paper" ? modelOf(series.name) : null;
    const drawn = kRoles[model ?? role];
    const dash = series.mark === "dashes" || role === "paper" ? (drawn.dash ?? "5 3") : drawn.dash;
    return {
      color: `var(--${model ?? role})`,
      symbol: drawn.symbol,
      hollow: role === "paper",
      dash: onlyPoints ? null : dash,
      width: drawn.width,
    };
  }
}

export const isStroked = (symbol: string) => ["times", "plus", "asterisk"].includes(symbol);
