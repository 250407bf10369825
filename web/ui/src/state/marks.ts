// What happened, for the time axes: deaths, and what the page sees change.
import { signal } from "@preact/signals";
import type { Pool } from "../api/wire.ts";
import { plural } from "../view/format.ts";
import type { Line } from "./history.ts";
import { onItem, topics } from "./store.ts";

export interface Mark { at: number; kind: "death" | "upgrade" | "reload" | "scale"; text: string; pool?: string }

const kept = 200;
const seen = signal<Mark[]>([]);
/** The upgrade that this page saw last: from which process to which, and when. */
export const upgraded = signal<{ from: number; to: number; at: number } | undefined>(undefined);
/** Counts the upgrades and reloads that the page saw: what it asked for before is old then. */
export const epoch = signal(0);

export function mark(m: Mark): void {
  seen.value = [...seen.value.slice(1 - kept), m];
}

/** What happened, in order; with pool only to that pool or to the daemon. */
export function marks(pool?: string): Mark[] {
  const deaths: Mark[] = !topics.deaths.loaded(pool) ? [] : topics.deaths.list().map((d) => ({
    at: Date.parse(d.time) / 1000, kind: "death", text: `death ${d.number}: ${d.why || d.cause}`, pool: d.pool,
  }));
  return [...deaths, ...seen.value].filter((m) => !pool || !m.pool || m.pool === pool).sort((a, b) => a.at - b.at);
}

/** The marks in a history: only the newest deaths have certificates; of older ones the samples tell. */
export function marksIn(line: Line, pool?: string): Mark[] {
  const found = marks(pool);
  const certified = new Set(found.filter((m) => m.kind === "death").map((m) => Math.floor(m.at / line.step)));
  line.samples.forEach((s, i) => {
    const slot = line.first + i;
    if (s && s.deaths > 0 && !certified.has(slot)) found.push({ at: (slot + 0.5) * line.step, kind: "death", text: plural(s.deaths, "death") });
  });
  return found;
}

let pid = 0, changing = "";
const sizes = new Map<string, string>();

onItem((item) => {
  const at = Date.parse(item.at) / 1000;
  if (item.topic === "daemon") {
    const d = topics.daemon.peek("daemon");
    if (!d) return;
    if (pid && d.pid !== pid) {
      upgraded.value = { from: pid, to: d.pid, at };
      epoch.value++;
      mark({ at, kind: "upgrade", text: `pid ${pid} became ${d.pid}, version ${d.version}` });
    } else if (changing === "a reload" && !d.changing) {
      epoch.value++;
      mark({ at, kind: "reload", text: "reloaded" });
    }
    pid = d.pid;
    changing = d.changing ?? "";
  }
  if (item.topic === "pools") {
    for (const [name, value] of Object.entries(item.set ?? {})) {
      const { min, max } = value as Pool, size = `${min} to ${max}`, before = sizes.get(name);
      if (before && before !== size) mark({ at, kind: "scale", text: `pool ${name}: ${before} became ${size} workers`, pool: name });
      sizes.set(name, size);
    }
  }
});

