import assert from "node:assert/strict";
import { test, mock } from "node:test";
import { effect } from "@preact/signals-core";
import { apply, begin, flush, Keyed, Listed, topics } from "../../src/state/store.ts";
import { combine, fold, Series } from "../../src/state/history.ts";
import { parseRoute, to } from "../../src/state/route.ts";
import { sorted } from "../../src/parts/table.tsx";
import { problems } from "../../src/state/problems.ts";
import type { Daemon, Pool, Sample } from "../../src/api/wire.ts";

const at = "2026-11-28T14:02:11Z";

test("a topic: all, then what changed, then what is gone", () => {
  const t = new Keyed<number>();
  assert.equal(t.loaded(), false);
  t.begin("");
  assert.equal(t.loaded(), false, "a stream that has said nothing yet");
  t.apply({ topic: "x", at, full: true, set: { a: 1, b: 2 } });
  t.apply({ topic: "x", at, set: { b: 3, "__proto__x": 4 }, gone: ["a"] });
  assert.deepEqual([...t.all], [["b", 3], ["__proto__x", 4]]);
  assert.equal(t.loaded(), true);
  t.apply({ topic: "x", at, full: true });
  assert.equal(t.all.size, 0, "a full item replaces all, also by nothing");
});

test("a topic of one pool says nothing of another one, or of all", () => {
  const t = new Keyed<number>(), knows = () => ["", "a", "b"].filter((pool) => t.loaded(pool));
  t.begin("a");
  t.apply({ topic: "x", at, full: true });
  assert.deepEqual(knows(), ["a"]);
  t.begin("b");
  assert.deepEqual(knows(), ["a"], "what is here is a's until the stream's first item");
  t.apply({ topic: "x", at, full: true });
  assert.deepEqual(knows(), ["b"]);
  t.begin("");
  t.apply({ topic: "x", at, full: true });
  assert.deepEqual(knows(), ["", "a", "b"]);
});

test("a list keeps the newest, and says what it lacks", () => {
  const l = new Listed<number>();
  l.begin(true, "");
  l.apply({ topic: "x", at, add: [1, 2] });
  l.apply({ topic: "x", at, add: [3], missed: 12402 });
  assert.deepEqual(l.all.map((e) => ("value" in e ? e.value : "missed" in e ? `missed ${e.missed}` : e.note)), [1, 2, "missed 12402", 3]);
  l.begin(true, "");
  l.apply({ topic: "x", at, add: [2, 3, 4] });
  assert.equal(l.all.length, 3, "a new stream gives the last ones again");
  l.begin(false, "from 14:02:11 on");
  assert.equal(l.all.length, 4, "one that does not leaves a remark about the gap");
  l.apply({ topic: "x", at, add: Array.from({ length: 5000 }, (_, i) => i) });
  assert.equal(l.all.length, Listed.kept);
});

test("at most four renders a second, and none without news", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  let renders = -1;
  const stop = effect(() => { topics.pools.all; renders++; });
  for (let i = 0; i < 100; i++) {
    apply({ topic: "pools", at, set: { thumb: { min: i } } });
    mock.timers.tick(10);
  }
  assert.ok(renders >= 3 && renders <= 5, `${renders} renders in one second`);
  flush();
  const before = renders;
  mock.timers.tick(5000);
  apply({ topic: "workers", at, set: {} });
  apply({ topic: "from the future", at, set: { a: 1 } });
  mock.timers.tick(5000);
  assert.equal(renders, before);
  stop();
  mock.timers.reset();
});

test("events go on after a gap, the log repeats itself", () => {
  begin(["logs", "events"], "", "");
  apply({ topic: "events", at, add: [{ time: at, type: "A", data: null }] });
  begin(["logs", "events"], "", "from 14:02:11 on");
  assert.equal(topics.events.all.length, 2);
  flush();
});

const sample = (calls: number, more: Partial<Sample> = {}): Sample => ({ calls, errors: 0, p50: 0.1, p90: 0.2, p99: calls, oldest_wait: 0, queued: 0, running: 0, workers: 1, memory: 1, cpu: 0, deaths: 0, buckets: [calls], ...more });

test("history: what was loaded goes on, and a gap stays a gap", () => {
  const s = new Series(1);
  s.load({ step: 1, end: new Date(1_000_000).toISOString(), samples: [sample(1), sample(2, { missing: true }), sample(3)] });
  assert.deepEqual([s.first, s.end], [997, 1000]);
  s.add(1000, sample(4));
  s.add(1003, sample(5));
  assert.deepEqual(s.samples.map((x) => x?.calls ?? null), [1, null, 3, 4, null, null, 5]);
  for (let t = 1004; t < 1400; t++) s.add(t, sample(t));
  assert.equal(s.samples.length, 300);
  assert.equal(s.end, 1400);
});

test("history: one second left out is no gap", () => {
  const s = new Series(1);
  s.add(1000, sample(4));
  s.add(1002, sample(5));
  assert.deepEqual(s.samples.map((x) => x?.calls), [4, 5, 5]);
});

test("history: what came while it was loaded stays", () => {
  const s = new Series(1);
  s.add(1000, sample(4));
  s.add(1001, sample(5));
  s.load({ step: 1, end: new Date(1_001_000).toISOString(), samples: [sample(1), sample(2)] });
  assert.deepEqual([s.first, s.samples.map((x) => x?.calls)], [999, [1, 2, 5]]);
});

test("history: seconds become steps of ten: means, worsts and sums", () => {
  const s = new Series(10);
  for (let t = 100; t < 111; t++) s.add(t, sample(t % 2 ? 10 : 20, { deaths: 1 }));
  assert.equal(s.samples.length, 1);
  const one = s.at(10)!;
  assert.deepEqual([one.calls, one.p99, one.deaths, one.buckets], [15, 20, 10, [150]]);
  assert.equal(fold([sample(1), sample(3)]).calls, 2);
});

test("history: pools added up in their common time", () => {
  const a = new Series(1), b = new Series(1);
  a.add(5, sample(1));
  a.add(6, sample(2));
  b.add(6, sample(10));
  const line = combine([a, b, new Series(1)], 1);
  assert.deepEqual([line.first, line.samples.length], [7 - 60, 60], "a short history is not stretched");
  assert.deepEqual(line.samples.slice(-3).map((s) => [s?.calls, s?.p99]), [[undefined, undefined], [1, 1], [12, 10]]);
  assert.deepEqual(combine([], 1).samples, []);
});

test("addresses of screens take any name", () => {
  for (const name of ["thumb", "mail/out", "a b?c#d%", "日本"]) {
    const r = parseRoute(to("pool", name, { q: "x&y" }));
    assert.deepEqual([r.screen, r.arg, r.query.get("q")], ["pool", name, "x&y"]);
  }
  assert.equal(parseRoute("#/nowhere").screen, "overview");
  assert.equal(parseRoute("#/pool/%zz").arg, "%zz");
});

test("tables sort numbers as numbers, and texts as people do", () => {
  const columns = [{ name: "a", head: "", cell: () => null, by: (x: number) => x }, { name: "t", head: "", cell: () => null, by: (x: number) => "w" + x }];
  assert.deepEqual(sorted([10, 9, 100], columns, "a"), [9, 10, 100]);
  assert.deepEqual(sorted([10, 9, 100], columns, "-t"), [100, 10, 9]);
  assert.deepEqual(sorted([10, 9], columns, ""), [10, 9]);
});

test("what is wrong is told with a remedy", () => {
  const pool = { name: "thumb", state: "failed", reason: "exec: permission denied", min: 1, max: 2, ready: 0, queued: 0, running: 0, poisoned: ["strip"], queue_limit: 10, oldest_wait: 0 } as unknown as Pool;
  const d = { name: "d", state: "running", healthy: false, unhealthy: "pool thumb failed", log: { failure: "no space", written: 0, dropped: 0 }, loop: { running: 5 }, restart_needed: ["user"] } as unknown as Daemon;
  const found = problems(d, [pool]);
  assert.deepEqual(found.map((p) => p.key), ["failed thumb", "poisoned thumb", "log", "loop", "restart"]);
  assert.ok(found.every((p) => p.remedy));
  assert.match(found[0]!.text, /exec: permission denied/);
  assert.deepEqual(problems(undefined, [{ ...pool, state: "running", poisoned: [] } as Pool]), []);
});
