// Writes a small profile as Go does, for the fake daemon and the tests of its
// reader: stacks are lists of names, the outermost first, with nanoseconds.
import { gzipSync } from "node:zlib";

const varint = (n) => {
  const b = [];
  for (; n >= 128; n = Math.floor(n / 128)) b.push((n % 128) | 128);
  b.push(n);
  return b;
};
const number = (field, n) => [...varint(field << 3), ...varint(n)];
const bytes = (field, b) => [...varint((field << 3) | 2), ...varint(b.length), ...b];

export function encodeProfile(stacks) {
  const strings = [""], names = new Map();
  const string = (s) => { if (!names.has(s)) { names.set(s, strings.length); strings.push(s); } return names.get(s); };
  let out = [];
  const samples = [["samples", "count"], ["cpu", "nanoseconds"]];
  for (const [type, unit] of samples) out.push(...bytes(1, [...number(1, string(type)), ...number(2, string(unit))]));
  const ids = new Map();
  for (const [stack, value] of stacks) {
    const places = [...stack].reverse().map((name) => { if (!ids.has(name)) ids.set(name, ids.size + 1); return ids.get(name); });
    out.push(...bytes(2, [...bytes(1, places.flatMap(varint)), ...bytes(2, [1, value].flatMap(varint))]));
  }
  for (const [name, id] of ids) {
    out.push(...bytes(4, [...number(1, id), ...bytes(4, [...number(1, id), ...number(2, 7)])]));
    out.push(...bytes(5, [...number(1, id), ...number(2, string(name))]));
  }
  for (const s of strings) out.push(...bytes(6, [...Buffer.from(s)]));
  return Buffer.from(out);
}

export const sample = () => gzipSync(encodeProfile([
  [["github.com/legion-go/legion/internal/worker.(*Server).run", "main.resize", "main.decode", "image/png.(*decoder).readImagePass", "compress/flate.(*decompressor).huffmanBlock"], 2_100_000_000],
  [["github.com/legion-go/legion/internal/worker.(*Server).run", "main.resize", "main.decode", "image/png.(*decoder).readImagePass", "image/png.cbPaeth"], 700_000_000],
  [["github.com/legion-go/legion/internal/worker.(*Server).run", "main.resize", "main.scale"], 900_000_000],
  [["runtime.gcBgMarkWorker", "runtime.scanobject"], 300_000_000],
])).toString("base64");
