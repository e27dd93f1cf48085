/**
 * Windsock in the browser: the live state of things, over one shared Socket.IO connection.
 *
 * These types are the public ones: the scripts are checked against them.
 */

/**
 * This page's link to its server. `connecting`: for the first time; `checking`: it was whole, and may not be any more,
 * because the page slept or nothing was heard for too long.
 */
export type Link = "connecting" | "connected" | "checking" | "lost";

/**
 * Whether what is shown may pass for what is so now, and if not, why. `silent`: the thing was not heard for too long;
 * `source-failing`: nobody would know of a change; `unknown`: nothing was reported yet; `checking` and `unlinked`: this
 * page would not know of one.
 */
export type Liveness = "live" | "silent" | "source-failing" | "unknown" | "checking" | "unlinked";

/** The event `heard`: a thing's clocks and honesty. Times are RFC 3339 in UTC; `now` is the server's clock. */
export interface Heard {
  readonly thing: string;
  readonly epoch: string;
  readonly version: number;
  readonly heard_at: string | null;
  readonly now: string;
  /** The thing has been silent for too long. */
  readonly stale: boolean;
  readonly source: "ok" | "failing" | (string & {});
}

/** The event `state`: a thing now. Before anything is known of it, `version` is 0 and `state` is null. */
export interface State extends Heard {
  readonly state: string | null;
  readonly label: string | null;
  readonly image: string | null;
  readonly color: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly changed_at: string | null;
  readonly updated_at: string | null;
}

/** A state as those who listen are told it: with whether it is live, as far as this page knows at that moment. */
export interface News extends State {
  readonly liveness: Liveness;
}

/** Versions of a thing that this page was not told: those after `from` and before `to`. `history` has them. */
export interface Gap {
  readonly thing: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  /** History began anew: how it went on before that, nobody knows. */
  readonly anew: boolean;
}

/** One change in a history. */
export interface Change {
  readonly version: number;
  readonly state: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
  readonly cause: "reported" | "rest" | "offline" | (string & {});
}

/** That a request was not carried out: a code for programs, a text for people. `unanswered`: no answer came. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  readonly error: string;
}

/** `complete`: nothing is missing between `since` and the newest. */
export interface History {
  readonly ok: true;
  readonly epoch: string;
  readonly changes: readonly Change[];
  readonly complete: boolean;
}

/** What became of a report. */
export interface Report {
  readonly ok: true;
  readonly result: "changed" | "updated" | "same" | (string & {});
  readonly epoch: string;
  readonly version: number;
}

/** What a thing tells those who listen. */
export interface Events {
  /** The state: now if it is known, at all news of it, its clocks' included, and whenever its liveness changes. */
  state: News;
  /** How many are watching the thing: now if it is known, and whenever it changes. */
  viewers: number;
  /** Some versions were missed: told before the state that followed them. */
  gap: Gap;
}

export type Listener<T> = (news: T) => void;

/** A thing, as this page knows it. */
export interface Thing {
  readonly name: string;
  /** Null: nothing came yet. */
  readonly state: State | null;
  /** How many are watching, if somebody listens to that; null: not known. */
  readonly viewers: number | null;
  readonly liveness: Liveness;
  /** The same in a few words. */
  readonly words: string;
  /** Begins to watch the thing. Throws a TypeError for an event that there is not. */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Thing;
  /** The last `off` of a thing ends the watching. */
  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Thing;
  /**
   * The changes after version `since`, in order; without it the newest ones. 100 of them if nothing is said, 1,000 at
   * most. Never rejects.
   */
  history(which?: { since?: number; limit?: number }): Promise<History | Refusal>;
}

/** How to reach the server, where a page's script tags do not say it. */
export interface Setup {
  /** The `io` of socket.io-client; usually the global one. */
  io?: unknown;
  /** The server's address, if it is not the page's: `https://example.org`. */
  url?: string;
  /** The path of its Socket.IO endpoint; usually `/socket.io`. */
  path?: string;
  /** The publisher key, for `report`. */
  token?: string;
}

export interface Windsock {
  /** A thing. Its first `on` begins to watch it. */
  (thing: string): Thing;
  /** Reports a state, where that is allowed. Never rejects. */
  report(thing: string, state: string, data?: Record<string, unknown>): Promise<Report | Refusal>;
  /** Lets the elements below `root` (the page) that have `data-windsock` show their things. */
  bind(root?: ParentNode): void;
  /** Lets go of the elements below `root`. Those that leave the page are let go of anyway. */
  unbind(root?: ParentNode): void;
  /** Calls `listener` with the link's state, now and at each change; gives a function that ends that. */
  onLink(listener: (link: Link, reason: string) => void): () => void;
  /** The link in words, with the time since the server's last word. */
  readonly link: string;
  /** The time on the server's clock, in milliseconds since 1970. */
  now(): number;
  /** Where something of the server is, such as a state's `image`: on its own pages that is the path itself. */
  address(path: string): string;
  /** Says how to reach the server. Throws an Error once the connection has begun. */
  setup(options: Setup): void;
  /** Takes a state that came with the page at `time` (milliseconds, this machine's clock): to show, but not as live. */
  seed(state: State, time: number): void;
}

declare const windsock: Windsock;
export default windsock;

/** What becomes of the state that a viewer has when a message comes. */
export interface Merged {
  state: State | null;
  /** `behind`: there is a newer state, which must be asked for. */
  verdict: "accepted" | "refreshed" | "discarded" | "behind";
  gap: Gap | null;
}

/** The rules of the wire. `first`: it is the first of its thing since CONNECT or `watch`, so it is right. */
export function merge(old: State | null, message: State | Heard, first?: boolean): Merged;

/** Whether a state may be shown as live. `link`: `connected` only if the state has come since. */
export function liveness(state: State | null, link: Link): Liveness;

/** Liveness in a few words. */
export function words(live: Liveness, link: Link): string;

/** A link in words. `ms`: since the server's last word; NaN: there was none. */
export function linkWords(link: Link, ms: number): string;

/** A span of time in words, `4 s ago`; NaN: `never`. */
export function ago(ms: number): string;

/** Milliseconds from a time on the wire to `now`; NaN for null. */
export function since(time: string | null, now: number): number;

/** A value as people read it: a text as it is, all else as compact JSON. */
export function text(value: unknown): string;

/** What `data-windsock-show` names of a state, as text. `now` is on the server's clock. */
export function pick(state: State | null, what: string, now: number): string;

/** Milliseconds until attempt number `attempt` (the first is 0) to connect. `random`: 0 to 1. */
export function backoff(attempt: number, random: number): number;

declare global {
  /** There after `windsock.js` was loaded as a plain script. */
  var windsock: Windsock;

  /** There if jQuery was loaded before `windsock.js`. */
  interface JQuery<TElement = HTMLElement> {
    /**
     * Calls `listener` at all news of a thing's state, its liveness included, `this` being the element; without it,
     * shows the thing as attributes do.
     */
    windsock(thing: string, listener?: (this: TElement, state: News) => void): this;
  }
}
