import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, clock, count, duration, exact, figure, percent, plural, relative, utc, when } from "../../src/view/format.ts";
import { zone } from "../../src/state/prefs.ts";
import { quote } from "../../src/view/shell.ts";
import { bucketName, gridOf, quantile } from "../../src/charts/buckets.ts";
import { ticks, timeTicks } from "../../src/charts/scale.ts";
import { parseStack } from "../../src/parts/stack.tsx";
import type { Worker } from "../../src/api/wire.ts";
import { causeTone, keptWord, workerLook } from "../../src/view/words.ts";

const plain = (s: string) => s.replace(/[\u2009\u202f]/g, " ");

test("durations", () => {
  const of: [number | string | undefined, string][] = [
    [undefined, "–"], ["", "–"], [0, "0 s"], [1.2e-10, "<1 ns"], [5e-9, "5.00 ns"], [0.000012, "12.0 µs"], [0.0034, "3.40 ms"], [0.09996, "100 ms"], [0.9999, "1.00 s"], [59.9, "59.9 s"], [59.97, "1 min"],
    [250, "4 min 10 s"], [3600, "1 h"], [3 * 3600 + 120, "3 h 2 min"], [12 * 86400 + 4 * 3600, "12 d 4 h"], ["2.5", "2.50 s"], [-5, "-5.00 s"],
  ];
  for (const [s, text] of of) assert.equal(plain(duration(s)), text, String(s));
  assert.equal(plain(exact(5)), "5 s");
  assert.equal(plain(exact(2.5)), "2.50 s");
});

test("figures", () => {
  assert.equal(plain(count("18446744073709551615")), "18 446 744 073 709 551 615");
  assert.equal(plain(count(12402)), "12 402");
  assert.equal(count(999), "999");
  assert.equal(plain(figure(1240.4)), "1 240");
  assert.equal(figure(0.4231), "0.42");
  assert.equal(figure(31.52), "31.5");
  assert.equal(figure(0), "0");
  assert.equal(figure(3), "3");
  assert.equal(plain(percent(1, 2)), "50 %");
  assert.equal(plain(percent(1, 0)), "0 %");
  assert.equal(plain(percent(0.00001)), "<0.1 %");
  assert.equal(plain(bytes(812)), "812 B");
  assert.equal(plain(bytes(14.2 * 2 ** 20)), "14.2 MiB");
  assert.equal(plain(bytes("18446744073709551615")), "16.0 EiB");
  assert.equal(plural(1, "worker"), "1 worker");
  assert.equal(plural(0, "worker"), "0 workers");
});

test("times in both zones", () => {
  const at = "2026-11-28T23:02:11.5Z";
  zone.value = "utc";
  assert.equal(clock(at), "23:02:11");
  assert.equal(clock(at, true), "23:02:11.500");
  zone.value = "local"; // Europe/Berlin, see unit.mjs
  assert.equal(clock(at), "00:02:11");
  assert.equal(when("2020-01-01T00:00:00Z"), "2020-01-01 01:00:00");
  assert.equal(utc(at), "2026-11-28 23:02:11.500 UTC");
  assert.equal(clock("0001-01-01T00:00:00Z"), "–", "Go's zero time");
  assert.equal(plain(relative("2026-11-28T23:00:00Z", Date.parse("2026-11-28T22:55:50Z") / 1000)), "in 4 min 10 s");
});

test("a replay is marked, though it has a call as a busy worker has", () => {
  const w = { state: "ready", load: 1, call: "thumb" } as Worker;
  assert.equal(workerLook(w).word, "busy");
  assert.equal(workerLook({ ...w, state: "replay" }).word, "replay");
});

test("a death has one mark, by its cause, wherever it is shown", () => {
  assert.deepEqual(["exit", "boot", "deadline", "kill", "forbidden", ""].map(causeTone), ["bad", "bad", "warn", "warn", "bad", "bad"]);
});

test("how many certificates are kept", () => {
  assert.deepEqual([0, 1, 32].map(keptWord), ["none is kept", "the newest is kept", "the newest 32 are kept"]);
});

test("words for a shell", () => {
  assert.equal(quote("thumb"), "thumb");
  assert.equal(quote("a b"), "'a b'");
  assert.equal(quote("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(quote(""), "''");
});

test("buckets", () => {
  assert.equal(plain(bucketName(0)), "≤ 10 µs");
  assert.equal(plain(bucketName(16)), "> 1 min");
  assert.equal(quantile([0, 2, 2], 0.5), 1);
  assert.equal(quantile([0, 0], 0.5), undefined);
  const sample = (n: number) => ({ calls: n, errors: 0, p50: 0, p90: 0, p99: 0, oldest_wait: 0, queued: 0, running: 0, workers: 0, memory: 0, cpu: 0, deaths: 0, buckets: [0, 0, n] });
  const grid = gridOf({ step: 1, first: 100, samples: [sample(1), sample(2), null, null, sample(3)] }, 3);
  assert.deepEqual(grid.columns.map((c) => [c.from, c.to, c.counts?.[2]]), [[100, 102, 3], [102, 104, undefined], [104, 105, 3]]);
  assert.equal(grid.most, 3);
});

test("axes have round places", () => {
  assert.deepEqual(ticks(1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticks(0.7, 4), [0, 0.2, 0.4, 0.6]);
  assert.deepEqual(ticks(0, 4), [0]);
  assert.deepEqual(timeTicks(1000, 2000, 4, 0), [1200, 1500, 1800]);
});

test("stacks: the program's frames are told from those of Go and Legion", () => {
  const text = "goroutine 1 [running]:\nmain.work(0x1)\n\t/src/a.go:3 +0x1\nruntime.main()\n\t/usr/local/go/src/runtime/proc.go:1\ngithub.com/x/y.F()\n\t/go/pkg/mod/github.com/x/y@v1/y.go:2\n\nno frame here";
  const found = parseStack(text);
  assert.deepEqual(found.map((g) => [g.head, g.frames.map((f) => f.own)]), [["goroutine 1 [running]:", [true, false, false]], ["no frame here", []]]);
});
