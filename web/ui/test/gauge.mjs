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

/** What a process holds: bytes of resident memory, threads, open files. */
export function held(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const number = (field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)[1]);
  return { memory: number("VmRSS") * 1024, threads: number("Threads"), files: readdirSync(`/proc/${pid}/fd`).length };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * What has grown from the first third of the samples to the last: the medians
 * of both, where the second is above the first by more than the share and the
 * amount that may[name] allows. Fewer than twelve samples tell nothing.
 */
export function grown(samples, may) {
  const third = Math.floor(samples.length / 3);
  if (third < 4) return [];
  return Object.entries(may).flatMap(([name, { share = 0, amount = 0 }]) => {
    const values = samples.map((s) => s[name]);
    const first = median(values.slice(0, third)), last = median(values.slice(-third));
    return last > first * (1 + share) + amount ? [`${name}: ${first} became ${last}`] : [];
  });
}
