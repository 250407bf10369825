// What a page and processes hold: memory, and things that should not pile up.
import { readdirSync, readFileSync } from "node:fs";

/** Measures a page. What is left after a garbage collection is what it holds. */
export async function gauge(page) {
  const cdp = await page.context().newCDPSession(page);
  return async () => {
    for (let i = 0; i < 2; i++) await cdp.send("HeapProfiler.collectGarbage"); // finalizers run after the first
    const [{ usedSize }, { nodes, jsEventListeners }, attached] = [
      await cdp.send("Runtime.getHeapUsage"),
      await cdp.send("Memory.getDOMCounters"),
      await page.evaluate(() => {
        let n = 1; // the document
        for (const walker = document.createTreeWalker(document); walker.nextNode();) n++;
        return n;
      }),
    ];
    return { heap: usedSize, nodes, detached: nodes - attached, listeners: jsEventListeners };
  };
}

// What a program makes while it runs, of the types of a heap snapshot. The rest
// is V8's and the browser's: code that is compiled again and again, and events
// that are timed, which grow for hours and have bounds of their own.
const own = new Set(["object", "array", "string", "concatenated string", "sliced string", "number", "bigint", "closure", "regexp", "symbol"]);

/** Measures what a page itself holds, in bytes. */
export async function weighing(page) {
  const cdp = await page.context().newCDPSession(page);
  return async () => {
    const parts = [], add = ({ chunk }) => parts.push(chunk);
    await cdp.send("HeapProfiler.collectGarbage");
    cdp.on("HeapProfiler.addHeapSnapshotChunk", add);
    await cdp.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    cdp.off("HeapProfiler.addHeapSnapshotChunk", add);
    const { snapshot: { meta }, nodes } = JSON.parse(parts.join(""));
    const [type, size] = ["type", "self_size"].map((f) => meta.node_fields.indexOf(f));
    let sum = 0;
    for (let i = 0; i < nodes.length; i += meta.node_fields.length) {
      if (own.has(meta.node_types[type][nodes[i + type]])) sum += nodes[i + size];
    }
    return sum;
  };
}

/** What a process holds: bytes of resident memory, threads, open files. */
export function held(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const number = (field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)[1]);
  return { memory: number("VmRSS") * 1024, threads: number("Threads"), files: readdirSync(`/proc/${pid}/fd`).length };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * What has grown from the first third of the samples to the last: the medians
 * of both, or another measure of them, where the second is above the first by
 * more than the share and the amount that may[name] allows. Fewer than twelve
 * samples tell nothing.
 */
export function grown(samples, may, of = median) {
  const third = Math.floor(samples.length / 3);
  if (third < 4) return [];
  return Object.entries(may).flatMap(([name, { share = 0, amount = 0 }]) => {
    const values = samples.map((s) => s[name]);
    const first = of(values.slice(0, third)), last = of(values.slice(-third));
    return last > first * (1 + share) + amount ? [`${name}: ${first} became ${last}`] : [];
  });
}
