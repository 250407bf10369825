// Profiles as Go writes them: gzipped protocol buffers, see
// https://github.com/google/pprof/blob/main/proto/profile.proto. Only what a
// flame graph needs is read. A profile comes from a worker: whatever it holds,
// reading ends, and throws if it makes no sense.

export interface Frame { name: string; value: number; children: Map<string, Frame> }
export interface Profile { unit: string; root: Frame }

/** More would be a profile that no browser should take. */
const maxBytes = 32 << 20;
const maxDepth = 256;

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export async function readProfile(file: Uint8Array<ArrayBuffer>): Promise<Profile> {
  return decode(file[0] === 0x1f && file[1] === 0x8b ? await gunzip(file) : file);
}

async function gunzip(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const reader = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > maxBytes) throw new Error(`the profile has more than ${maxBytes >> 20} MiB: look at it with go tool pprof`);
    parts.push(next.value);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

/** Calls take with each field of a message: its number, and its number or bytes. */
function fields(b: Uint8Array, take: (field: number, n: number, bytes: Uint8Array | undefined) => void): void {
  let at = 0;
  const varint = () => {
    let n = 0, scale = 1;
    for (let i = 0; i < 10; i++) {
      if (at >= b.length) throw new Error("the profile ends too early");
      const c = b[at++]!;
      n += (c & 127) * scale;
      if (c < 128) return n;
      scale *= 128;
    }
    throw new Error("the profile has a number that is too long");
  };
  while (at < b.length) {
    const key = varint(), kind = key & 7;
    if (kind === 0) take(key >>> 3, varint(), undefined);
    else if (kind === 2) {
      const length = varint();
      if (length > b.length - at) throw new Error("the profile ends too early");
      take(key >>> 3, 0, b.subarray(at, at + length));
      at += length;
    } else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else throw new Error("the profile has a field of an unknown kind");
  }
}

/** The numbers of a repeated field, packed or one by one. */
function numbers(into: number[], n: number, bytes: Uint8Array | undefined): void {
  if (!bytes) return void into.push(n);
  for (let at = 0; at < bytes.length;) {
    let v = 0, scale = 1, c: number;
    do {
      c = bytes[at++]!;
      v += (c & 127) * scale;
      scale *= 128;
    } while (c >= 128 && at < bytes.length);
    into.push(v);
  }
}

function decode(file: Uint8Array): Profile {
  const strings: string[] = [], units: number[] = [], samples: Uint8Array[] = [];
  const functions = new Map<number, number>(), locations = new Map<number, number[]>();
  const text = new TextDecoder();
  fields(file, (field, _, bytes) => {
    if (!bytes) return;
    if (field === 1) fields(bytes, (f, n) => { if (f === 2) units.push(n); });
    if (field === 2) samples.push(bytes);
    if (field === 4) {
      let id = 0;
      const lines: number[] = []; // functions, the innermost first
      fields(bytes, (f, n, line) => {
        if (f === 1) id = n;
        if (f === 4 && line) fields(line, (g, fn) => { if (g === 1) lines.push(fn); });
      });
      locations.set(id, lines);
    }
    if (field === 5) {
      let id = 0, name = 0;
      fields(bytes, (f, n) => { if (f === 1) id = n; else if (f === 2) name = n; });
      functions.set(id, name);
    }
    if (field === 6) strings.push(text.decode(bytes));
  });
  const root: Frame = { name: "all", value: 0, children: new Map() };
  for (const sample of samples) {
    const stack: number[] = [], values: number[] = [];
    fields(sample, (f, n, bytes) => { if (f === 1) numbers(stack, n, bytes); else if (f === 2) numbers(values, n, bytes); });
    const value = values[values.length - 1] ?? 0;
    if (!(value > 0)) continue;
    const names = stack.flatMap((l) => locations.get(l) ?? []).map((fn) => strings[functions.get(fn) ?? 0] || "unknown").reverse();
    let at = root;
    root.value += value;
    for (const name of names.slice(0, maxDepth)) {
      let next = at.children.get(name);
      if (!next) at.children.set(name, (next = { name, value: 0, children: new Map() }));
      next.value += value;
      at = next;
    }
  }
  return { unit: strings[units[units.length - 1] ?? 0] ?? "", root };
}

export interface Box { frame: Frame; depth: number; from: number; width: number } // from and width as shares of the whole

/** The boxes of a flame graph of a frame, the outer ones first; those narrower than least are left out. */
export function boxes(of: Frame, least: number): Box[] {
  const found: Box[] = [];
  const place = (frame: Frame, depth: number, from: number, width: number) => {
    if (width < least) return;
    found.push({ frame, depth, from, width });
    for (const child of [...frame.children.values()].sort((a, b) => b.value - a.value)) {
      const share = (child.value / frame.value) * width;
      place(child, depth + 1, from, share);
      from += share;
    }
  };
  if (of.value > 0) place(of, 0, 0, 1);
  return found;
}

/** How much each function took by itself, and with all that it called, the greatest first. */
export function flat(root: Frame): { name: string; self: number; total: number }[] {
  const all = new Map<string, { name: string; self: number; total: number }>();
  const walk = (f: Frame, above: Set<string>) => {
    let entry = all.get(f.name);
    if (!entry) all.set(f.name, (entry = { name: f.name, self: 0, total: 0 }));
    let called = 0;
    const again = above.has(f.name); // recursion counts once
    if (!again) {
      entry.total += f.value;
      above.add(f.name);
    }
    for (const c of f.children.values()) {
      called += c.value;
      walk(c, above);
    }
    entry.self += f.value - called;
    if (!again) above.delete(f.name);
  };
  for (const c of root.children.values()) walk(c, new Set());
  return [...all.values()].sort((a, b) => b.self - a.self || b.total - a.total);
}
