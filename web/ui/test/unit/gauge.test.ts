import assert from "node:assert/strict";
import { test } from "node:test";
// @ts-expect-error a module without types
import { grown } from "../gauge.mjs";

const samples = (n: number, heap: (i: number) => number) => Array.from({ length: n }, (_, i) => ({ heap: heap(i) }));
const may = { heap: { share: 0.1, amount: 100 } };

test("a series that grows is found", () => {
  assert.deepEqual(grown(samples(30, (i) => 1000 + 20 * i), may), ["heap: 1100 became 1500"]);
});

test("one that goes up and down, that falls, or that has a single peak is level", () => {
  assert.deepEqual(grown(samples(30, (i) => 1000 + 190 * (i % 2)), may), []);
  assert.deepEqual(grown(samples(30, (i) => 2000 - 20 * i), may), []);
  assert.deepEqual(grown(samples(30, (i) => (i === 29 ? 1e6 : 1000)), may), []);
});

test("a few samples tell nothing", () => {
  assert.deepEqual(grown(samples(11, (i) => 1000 * i), may), []);
});

test("another measure than the median counts", () => {
  const least = (values: number[]) => Math.min(...values);
  assert.deepEqual(grown(samples(30, (i) => 1000 + 500 * i * (i % 2)), may, least), []);
  assert.deepEqual(grown(samples(30, (i) => 1000 + 20 * i), may, least), ["heap: 1000 became 1400"]);
});
