/** The answer of `GET /api/v1/overview`. */
export interface Overview {
  now: string;
  version: string;
  store: { store: string; status: "ok" | "failing"; words: string };
  sources: Source[];
  things: Thing[];
  viewers: { connected: number; streams: number; waiting: number };
  rates: { every: number; readings: number[]; changes: number[] };
  readings: Reading[];
  /** null: the store cannot be read. */
  rejected: Rejected[] | null;
}

export interface Source {
  source: string;
  things: string[];
  status: "starting" | "ok" | "failing" | "stopped";
  words: string;
  since: string;
  failures: number;
  rejected: number;
}

export interface Thing {
  thing: string;
  title: string;
  state: string | null;
  label: string | null;
  version: number;
  changed_at: string | null;
  heard_at: string | null;
  stale: boolean;
  source: "ok" | "failing";
  viewers: number;
  readings: number;
  changes: number;
  /** The states that may be reported by hand, none listed: any; null: it takes no reports. */
  reportable: { state: string; label: string | null }[] | null;
}

export interface Reading {
  at: string;
  source: string;
  /** null, as `state`: it could not be understood. */
  thing: string | null;
  state: string | null;
  made_at: string | null;
  data: string | null;
  fate: "changed" | "updated" | "same" | "older" | "known" | "rejected";
  words: string;
}

export interface Rejected {
  number: number;
  source: string;
  at: string;
  reason: string;
  id: string | null;
  size: number;
  body: string;
}
