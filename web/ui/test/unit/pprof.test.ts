import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { boxes, flat, readProfile } from "../../src/view/pprof.ts";
// @ts-expect-error: it has no types
import { encodeProfile } from "../pprof.mjs";

const file = (stacks: [string[], number][]) => new Uint8Array(encodeProfile(stacks) as Buffer);

test("a profile becomes a tree of what called what", async () => {
  const raw = file([[["main", "a", "b"], 30], [["main", "a"], 10], [["main", "c"], 60], [["gone"], 0]]);
  for (const f of [raw, new Uint8Array(gzipSync(raw))]) {
    const p = await readProfile(f);
    assert.equal(p.unit, "nanoseconds");
    assert.equal(p.root.value, 100);
    assert.deepEqual(flat(p.root), [{ name: "c", self: 60, total: 60 }, { name: "b", self: 30, total: 30 }, { name: "a", self: 10, total: 40 }, { name: "main", self: 0, total: 100 }]);
    assert.deepEqual(boxes(p.root, 0.35).map((b) => [b.frame.name, b.depth, b.from, b.width]), [["all", 0, 0, 1], ["main", 1, 0, 1], ["c", 2, 0, 0.6], ["a", 2, 0.6, 0.4]]);
  }
});

test("recursion counts once", async () => {
  const p = await readProfile(file([[["f", "f", "f"], 9]]));
  assert.deepEqual(flat(p.root), [{ name: "f", self: 9, total: 9 }]);
});

test("whatever the bytes are, reading ends", async () => {
  const whole = file([[["main", "a"], 5], [["main", "b"], 7]]);
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647);
  for (let i = 0; i < 3000; i++) {
    const bad = whole.slice(0, i % 2 ? whole.length : random() % whole.length);
    for (let k = 0; k < 3 && bad.length; k++) bad[random() % bad.length] = random() % 256;
    await readProfile(bad).catch((e: Error) => assert.match(e.message, /profile|gzip|header|compressed|data|code/i));
  }
});

test("a profile that unpacks to too much is refused", async () => {
  await assert.rejects(readProfile(new Uint8Array(gzipSync(Buffer.alloc(40 << 20)))), /more than 32 MiB/);
});
