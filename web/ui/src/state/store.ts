// What the stream has said so far, by topic. Items are applied at once; who
// shows a topic is told at most four times a second.
import { batch, signal } from "@preact/signals";
import type {
  Call, Client, Cron, Daemon, Death, DeathKind, Event, Func, Item, LogRecord, Plugin, Pool, Sample, Task, Worker,
} from "../api/wire.ts";

/** A topic of values with names. Reading all subscribes the reader. */
export class Keyed<T> {
  private readonly map = new Map<string, T>();
  private readonly version = signal(0);
  // Which pool's values are here, and which pool's the stream brings next; "" is all.
  private of: string | undefined;
  private next = "";

  get all(): ReadonlyMap<string, T> {
    this.version.value;
    return this.map;
  }
  /** Whether all values of that pool are here, or with "" of all pools: before, nothing is known, not even that there are none. */
  loaded(pool = ""): boolean {
    this.version.value;
    return this.of === "" || this.of === pool;
  }
  list(): T[] {
    return [...this.all.values()];
  }
  /** The value without subscribing. */
  peek(key: string): T | undefined {
    return this.map.get(key);
  }
  /** A stream begins that brings the values of that pool only, or with "" of all. */
  begin(pool: string): void {
    this.next = pool;
  }
  /** A stream begins that does not bring this topic: what was known gets old. */
  forget(): void {
    if (this.of === undefined) return;
    this.of = undefined;
    this.map.clear();
    this.changed();
  }
  apply(item: Item): void {
    if (item.full) {
      this.map.clear();
      this.of = this.next;
    }
    for (const key of item.gone ?? []) this.map.delete(key);
    for (const [key, value] of Object.entries(item.set ?? {})) this.map.set(key, value as T);
  }
  changed(): void {
    this.version.value++;
  }
}

export type Entry<T> = { n: number } & ({ value: T } | { missed: number } | { note: string });

/** A topic of things that come one after the other: the newest are kept. */
export class Listed<T> {
  static readonly kept = 2000;
  private entries: Entry<T>[] = [];
  private next = 0;
  private repeats = false;
  private readonly version = signal(0);
  known = false;

  get all(): readonly Entry<T>[] {
    this.version.value;
    return this.entries;
  }
  get loaded(): boolean {
    this.version.value;
    return this.known;
  }
  /** A stream begins, at the time that since tells. What it gives first may be what was here already. */
  begin(repeats: boolean, since: string): void {
    this.repeats = repeats;
    if (!repeats && this.entries.length) this.note(`The page was not listening ${since}.`);
    this.changed();
  }
  apply(item: Item): void {
    this.known = true; // the first item comes at once, also without anything
    const entries = this.repeats ? [] : [...this.entries]; // a copy: who holds still has the old one
    this.repeats = false;
    if (item.missed) entries.push({ n: this.next++, missed: item.missed });
    for (const value of item.add ?? []) entries.push({ n: this.next++, value: value as T });
    this.entries = entries.slice(-Listed.kept);
  }
  /** Puts a remark between the entries, such as that the page was paused. */
  note(note: string): void {
    this.entries = [...this.entries, { n: this.next++, note }];
    this.changed();
  }
  changed(): void {
    this.version.value++;
  }
}

export const topics = {
  daemon: new Keyed<Daemon>(),
  pools: new Keyed<Pool>(),
  funcs: new Keyed<Func>(),
  workers: new Keyed<Worker>(),
  calls: new Keyed<Call>(),
  slow: new Keyed<Call>(),
  deaths: new Keyed<Death>(),
  kinds: new Keyed<DeathKind>(),
  history: new Keyed<Sample>(),
  crons: new Keyed<Cron>(),
  tasks: new Keyed<Task>(),
  plugins: new Keyed<Plugin>(),
  clients: new Keyed<Client>(),
  events: new Listed<Event>(),
  logs: new Listed<LogRecord>(),
};
export type TopicName = keyof typeof topics;

const changed = new Set<TopicName>();
let timer: ReturnType<typeof setTimeout> | undefined;
let flushed = 0;

/** At most four renders a second. */
const pace = 250;

const listeners: ((item: Item) => void)[] = [];

/** Has fn called with each item, after it was applied. */
export function onItem(fn: (item: Item) => void): void {
  listeners.push(fn);
}

/** Applies a line of the stream. Topics that this page does not know are left alone. */
export function apply(item: Item): void {
  const topic = topics[item.topic as TopicName] as Keyed<unknown> | Listed<unknown> | undefined;
  if (!topic) return;
  topic.apply(item);
  changed.add(item.topic as TopicName);
  for (const fn of listeners) fn(item);
  timer ??= setTimeout(flush, Math.max(0, flushed + pace - Date.now()));
}

export function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  flushed = Date.now();
  const names = [...changed];
  changed.clear();
  batch(() => names.forEach((name) => topics[name].changed()));
}

/** A stream of these topics begins, for one pool or with "" for all. The log comes with its last records, events come without any. */
export function begin(names: TopicName[], pool: string, since: string): void {
  batch(() => {
    for (const [name, topic] of Object.entries(topics)) {
      const mine = names.includes(name as TopicName);
      if (topic instanceof Keyed) mine ? topic.begin(pool) : topic.forget();
      else if (mine) topic.begin(name === "logs", since);
    }
  });
}

/** The daemon's time of the last item, in Unix seconds: ages stand still when the page does. */
export const daemonTime = signal(Date.now() / 1000);
onItem((item) => { daemonTime.value = Date.parse(item.at) / 1000; });

/** The daemon's own figures, once they have come. */
export const daemon = (): Daemon | undefined => topics.daemon.all.get("daemon");
