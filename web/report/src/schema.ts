// A study's file, as gramian/figures/result.h describes it.

export interface Cell {
  value: number | null;
  se?: number | null;
  paper?: number | null;
  bayes?: number | null;
  status?: "better" | "equal" | "worse" | "";
  note?: string;
}

export type AnyCell = string | number | null | Cell;

export interface Claim {
  text: string;
  holds: boolean | null;
  detail?: string;
}

export interface Table {
  id: string;
  title: string;
  columns: string[];
  rows: AnyCell[][];
  notes?: string[];
}

export interface Axis {
  label?: string;
  scale?: "linear" | "log";
  ticks?: number[] | null;
  domain?: [number, number] | null;
}

export interface Point {
  x: number;
  y: number | null;
  low?: number | null;
  high?: number | null;
  note?: string;
}

export type Role =
  "full" | "diag" | "gdpp" | "constrr" | "adarr" | "tunedrr" | "bayes" | "paper" | "other";

export interface Series {
  name: string;
  role?: Role;
  mark?: "line" | "points" | "rule" | "dashes";
  points: Point[];
}

export interface Band {
  from: number;
  to: number;
  label?: string;
}

export interface Heatmap {
  rows: string[];
  columns: string[];
  values: (number | null)[][];
}

// Nodes at places, edges [u, v, weight], and frames with a number for each node.
export interface DrawnGraph {
  nodes: [number, number][];
  edges: [number, number, number][];
  frames: { label?: string; values: (number | null)[] }[];
}

export interface Panel {
  title?: string;
  x?: Axis;
  y?: Axis;
  bands?: Band[];
  series?: Series[];
  heatmap?: Heatmap | null;
  graph?: DrawnGraph | null;
}

export interface Figure {
  id: string;
  title?: string;
  caption?: string;
  columns?: number;
  panels: Panel[];
}

export interface Run {
  name: string;
  kind?: string;
  layers?: number;
  problem?: string;
  seed?: number;
  steps?: number;
  seconds?: number;
  directory?: string;
}

export interface Provenance {
  command?: string;
  version?: string;
  commit?: string;
  cpu?: string;
  cores?: number;
  simd?: string;
  compiler?: string;
  finished?: string;
  train_seconds?: number;
  settings?: string;
}

// Where something was published.
export interface Publication {
  short: string;  // "von Oswald et al. 2022": on the tab
  authors?: string;
  title?: string;
  venue?: string;
  arxiv?: string;
  losses?: string;  // the convention of its losses, in words
}

// Only `study` is certain: the program that fills the page insists on it.
export interface Study {
  study: string;
  title?: string;
  paper?: string;
  publication?: Publication | null;
  order?: number | null;
  caption?: string;
  quick?: boolean;
  claims?: Claim[];
  tables?: Table[];
  figures?: Figure[];
  runs?: Run[];
  provenance?: Provenance;
}
