// The figures over time: loaded once from the daemon, which keeps a day of
// them, then continued from the stream.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { rpc } from "../api/rpc.ts";
import type { History, Item, Sample } from "../api/wire.ts";
import { daemon, onItem, topics } from "./store.ts";

export type Step = 1 | 10 | 60;
/** The step to begin with: of a daemon that has just begun, an hour would show nothing. */
export const firstStep = (): Step => ((daemon()?.uptime ?? Infinity) < 900 ? 1 : 10);

/** How many samples of each step are shown: 5 minutes, 1 hour, 24 hours. */
export const kept: Record<Step, number> = { 1: 300, 10: 360, 60: 1440 };

/** Samples of one pool or function. Slot n is the time from n·step on, since 1970. */
export class Series {
  readonly step: Step;
  first = 0; // slot of samples[0]
  samples: (Sample | null)[] = []; // null: not known
  private parts: Sample[] = []; // of the slot that is not over yet
  private slot = 0; // the one that parts belong to
  heard = 0; // the last second that is known

  constructor(step: Step) {
    this.step = step;
  }

  /** Takes what the daemon has kept. What the stream has brought since then stays. */
  load(h: History): void {
    const { first, samples } = this;
    const end = Math.floor(Date.parse(h.end) / 1000 / this.step); // the slot after the last sample
    this.samples = h.samples.slice(-kept[this.step]).map((s) => (s.missing ? null : s));
    this.first = end - this.samples.length;
    this.heard = Math.max(this.heard, end * this.step - 1);
    samples.forEach((s, i) => { if (s && first + i >= end) this.put(first + i, s); });
  }

  /** Takes the figures of one second. Seconds that were left out stay unknown. */
  add(second: number, sample: Sample): void {
    const slot = Math.floor(second / this.step);
    this.heard = second;
    if (slot !== this.slot) {
      if (this.parts.length) this.put(this.slot, fold(this.parts));
      this.parts = [];
      this.slot = slot;
    }
    this.parts.push(sample);
    if (this.step === 1) this.put(slot, sample);
  }

  private put(slot: number, sample: Sample): void {
    if (!this.samples.length) this.first = slot;
    const at = slot - this.first;
    if (at < 0) return;
    if (at > this.samples.length + kept[this.step]) { // the clock has jumped
      this.samples = [sample];
      this.first = slot;
      return;
    }
    // One second that is left out is no gap: the daemon's samples and its items are not of the same moment.
    if (at === this.samples.length + 1 && this.step === 1) this.samples.push(sample);
    while (this.samples.length < at) this.samples.push(null);
    this.samples[at] = sample;
    const over = this.samples.length - kept[this.step];
    if (over > 0) {
      this.samples.splice(0, over);
      this.first += over;
    }
  }

  at(slot: number): Sample | null {
    return this.samples[slot - this.first] ?? null;
  }
  /** The slot after the last one. */
  get end(): number {
    return this.first + this.samples.length;
  }
}

const mean = (of: number[]) => of.reduce((a, b) => a + b, 0) / of.length;
const total = (of: number[]) => of.reduce((a, b) => a + b, 0);

/** Makes one sample of those of several seconds: rates are averages, times the worst, levels the last. */
export function fold(parts: Sample[]): Sample {
  const last = parts[parts.length - 1]!;
  const worst = (pick: (s: Sample) => number) => Math.max(...parts.map(pick));
  return {
    ...last,
    calls: mean(parts.map((s) => s.calls)), errors: mean(parts.map((s) => s.errors)), cpu: mean(parts.map((s) => s.cpu)),
    p50: worst((s) => s.p50), p90: worst((s) => s.p90), p99: worst((s) => s.p99), oldest_wait: worst((s) => s.oldest_wait),
    deaths: total(parts.map((s) => s.deaths)), buckets: addBuckets(parts),
  };
}

/** Makes one sample of those of several pools at one time: sums, but the slowest pool's times. */
export function merge(pools: Sample[]): Sample {
  const sum = (pick: (s: Sample) => number) => total(pools.map(pick));
  const worst = (pick: (s: Sample) => number) => Math.max(...pools.map(pick));
  return {
    calls: sum((s) => s.calls), errors: sum((s) => s.errors), cpu: sum((s) => s.cpu), deaths: sum((s) => s.deaths),
    queued: sum((s) => s.queued), running: sum((s) => s.running), workers: sum((s) => s.workers), memory: sum((s) => s.memory),
    p50: worst((s) => s.p50), p90: worst((s) => s.p90), p99: worst((s) => s.p99), oldest_wait: worst((s) => s.oldest_wait),
    buckets: addBuckets(pools),
  };
}

function addBuckets(of: Sample[]): number[] {
  const sum: number[] = [];
  for (const { buckets } of of) buckets?.forEach((n, i) => (sum[i] = (sum[i] ?? 0) + n));
  return sum;
}

export interface Line { step: Step; first: number; samples: (Sample | null)[] }

/** A short history is not stretched over the whole chart. */
const leastShown = 60;

/** The samples of several series put together, in their common time. */
export function combine(series: Series[], step: Step): Line {
  const filled = series.filter((s) => s.samples.length > 0);
  if (!filled.length) return { step, first: 0, samples: [] };
  const end = Math.max(...filled.map((s) => s.end));
  const first = Math.max(Math.min(...filled.map((s) => s.first), end - leastShown), end - kept[step]);
  const samples = [];
  for (let slot = first; slot < end; slot++) {
    const now = filled.map((s) => s.at(slot)).filter((s) => s !== null);
    samples.push(now.length ? merge(now) : null);
  }
  return { step, first, samples };
}

const all = new Map<string, Series>();
const version = signal(0);
const failed = new Map<string, string>(); // why one could not be loaded
const asked = new Set<string>(); // those with an answer, be it an error

let second = 0;
const loaded = new Set<string>();
const generation = signal(0); // grows when one is to be loaded again

// An item has only the keys that changed; the others went on as they were.
onItem((item: Item) => {
  if (item.topic !== "history") return;
  const now = Math.floor(Date.parse(item.at) / 1000) - 1; // a sample tells of the second before it
  // A stream begins. What came meanwhile, or while the page followed another pool, is lost to the page, not to the daemon.
  const late = item.full ? [...loaded].filter((id) => now - all.get(id)!.heard > 2) : [];
  for (const id of late) loaded.delete(id);
  if (late.length) generation.value++;
  if (now <= second) return;
  // A second or two without an item is one in which nothing changed; more is a lost stream.
  const from = now - second <= 10 && !item.full ? second + 1 : now;
  second = now;
  for (const [name, s] of all) {
    const sample = topics.history.peek(name.slice(name.indexOf(" ") + 1));
    if (sample) for (let t = from; t <= now; t++) s.add(t, sample);
  }
  version.value++;
});

/** Whose history: a pool's or, with func, a function's. */
export interface Of { pool: string; func?: string }

const keyOf = (of: Of) => (of.func === undefined ? of.pool : `${of.pool}/${of.func}`); // as the topic has it

async function load(of: Of, step: Step): Promise<void> {
  const id = `${step} ${keyOf(of)}`;
  const series = all.get(id) ?? new Series(step);
  all.set(id, series);
  loaded.add(id);
  try {
    series.load(await rpc<History>("history.get", { ...of, step }));
    failed.delete(id);
  } catch (e) {
    failed.set(id, (e as Error).message);
  }
  asked.add(id);
  version.value++;
}

/** The history of pools and functions, added up: empty until all of them are known, for a part would be taken for the whole. Needs the topic history. */
export function useHistory(of: Of[], step: Step): Line & { error?: string | undefined } {
  version.value;
  const now = generation.value;
  const ids = of.map((o) => `${step} ${keyOf(o)}`);
  useEffect(() => {
    void (async () => {
      for (const [i, id] of ids.entries()) { // one after the other: the daemon has other work
        if (!loaded.has(id)) await load(of[i]!, step);
      }
    })();
  }, [ids.join("\0"), now]);
  const known = ids.every((id) => asked.has(id));
  return { ...combine(known ? ids.map((id) => all.get(id)).filter((s) => s !== undefined) : [], step), error: ids.map((id) => failed.get(id)).find((why) => why) };
}
