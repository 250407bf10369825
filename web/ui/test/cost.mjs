// What the page costs a browser: node test/cost.mjs [SECONDS] [WORKERS]. Says
// when a page that is opened anew first painted something, how much of a core
// it takes, and its heap at the beginning and at the end.
import { launch } from "./chromium.mjs";
import { fake } from "./fake.mjs";

const [length = 30, workers = 1000] = process.argv.slice(2).map(Number);
const f = await fake({ workers });
const browser = await launch("--js-flags=--expose-gc");
for (const screen of ["#/overview", "#/tree", "#/pool/swarm", "#/calls", "#/logs"]) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${f.address}#token=${"t".repeat(32)}`);
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  await page.evaluate((h) => { location.hash = h; }, screen);
  await page.waitForTimeout(4000);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const measure = async () => {
    await page.evaluate(() => globalThis.gc());
    return Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  };
  const a = await measure();
  await page.waitForTimeout(length * 1000);
  const b = await measure();
  console.log(`${screen.padEnd(14)} painted after ${paint.toFixed(0)} ms, ${(((b.TaskDuration - a.TaskDuration) / (b.Timestamp - a.Timestamp)) * 100).toFixed(1)} % of a core, heap ${(a.JSHeapUsedSize / 1e6).toFixed(1)} MB, then ${(b.JSHeapUsedSize / 1e6).toFixed(1)} MB, ${b.Nodes} nodes`);
  await page.close();
}
await browser.close();
await f.close();
