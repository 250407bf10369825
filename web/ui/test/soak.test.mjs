// The page open for long: neither it nor the daemon nor the front may hold more
// and more. First OPEN seconds before thumbd under a storm of deaths: the page
// visits its screens, loses its stream, sees an upgrade. Then for hours of a
// daemon that does not exist, whose seconds are short, so that all that the page
// keeps is full, and what it holds must stay as it is. In a few seconds, as in
// make browser, both only show that they work; make soak takes an hour.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { front, launch, open, shots, storm, until } from "./driver.mjs";
import { gauge, grown, held, weighing } from "./gauge.mjs";
import { open as before, quit } from "./kit.mjs";

const length = 1000 * (process.env.OPEN ?? 6);
const pause = Math.min(60_000, length / 3); // between two samples
const mega = 1e6;

/**
 * What may grow. The heap, by the figures of the last hour, which the page has
 * whole only after one, and what V8 learns of its code; a process written in Go,
 * by the garbage that its collector has not met yet. Of rows that are shown now
 * and not then, of certificates that have a stack or none, come nodes.
 */
const may = {
  heap: { share: 0.1, amount: 0.5 * mega }, detached: { share: 0.1, amount: 100 }, listeners: { share: 0.1, amount: 20 }, nodes: { share: 0.25, amount: 200 },
  memory: { share: 0.15, amount: 4 * mega }, goroutines: { share: 0.1, amount: 5 }, threads: { share: 0.2, amount: 3 }, files: { share: 0.1, amount: 5 },
  frontMemory: { share: 0.15, amount: 4 * mega }, frontThreads: { share: 0.2, amount: 3 }, frontFiles: { amount: 3 },
};

test("the page stays open", { timeout: length + 240_000 }, async (t) => {
  const [browser, daemon] = await Promise.all([launch(), storm()]);
  t.after(() => daemon.stop());
  t.after(() => browser.close());
  const shown = await front(daemon);
  t.after(() => shown.stop());
  const b = await open(browser, await shown.link(), { lost: true });
  const { page } = b, live = page.locator("header.bar .dot.live");
  await live.waitFor();

  const measure = await gauge(page);
  const log = join(shots, "soak.txt"); // to be read while it runs
  mkdirSync(shots, { recursive: true });
  rmSync(log, { force: true });
  const sample = async () => {
    const pid = daemon.pid(), of = held(pid), by = held(shown.pid);
    const s = { ...await measure(), ...of, goroutines: daemon.goroutines(), frontMemory: by.memory, frontThreads: by.threads, frontFiles: by.files };
    appendFileSync(log, `${new Date().toISOString()} pid ${pid} ${Object.entries(s).map(([k, v]) => `${k} ${v}`).join(" ")}\n`);
    assert.ok(s.heap < 50 * mega, `the page's heap has ${s.heap} bytes`);
    return s;
  };

  const samples = [], began = Date.now();
  let upgraded = false;
  for (let round = 1; Date.now() - began < length || !upgraded || samples.length < 2; round++) {
    const next = Date.now() + pause;
    const [death] = JSON.parse(daemon.thumbd("rpc", "call", "death.list", '{"limit": 1}'));
    await visit(page, death?.number, pause / 60);
    if (round % 5 === 2) await cut(b, live);
    if (!upgraded && Date.now() - began > length / 12) {
      upgraded = true;
      const before = daemon.pid();
      daemon.thumbd("upgrade");
      assert.notEqual(daemon.pid(), before);
      await page.getByText(`pid ${daemon.pid()}`).first().waitFor();
    }
    await live.waitFor();
    await page.waitForTimeout(Math.max(0, next - Date.now()));
    samples.push(await sample());
  }
  await b.close();

  const steady = samples.slice(Math.ceil(samples.length / 6)); // the upgrade was before
  const kept = await shown.goroutines();
  t.diagnostic(`${samples.length} samples; the first and the last: ${JSON.stringify(samples[0])} ${JSON.stringify(samples.at(-1))}; goroutines of the front at the end: ${kept}`);
  assert.deepEqual(grown(steady, may), [], "it holds more and more");
  assert.ok(kept < 30, `${kept} goroutines are left in the front, of a page that has gone`);
});

/** How long one of the short seconds takes, and how many of them an hour's figures need, and more. */
const second = 10, filling = 4000;

/** How many samples it takes after that, unless the test only shows that it works. */
const enough = length < 60_000 ? 0 : 30;

/** What the page itself may hold more, by the lower quartiles: between two renders the figures are there twice. */
const level = { held: { share: 0.03 } };
const quartile = (values) => values.toSorted((a, b) => a - b)[values.length >> 2];

test("what the page holds is level", { timeout: length + 240_000 }, async (t) => {
  t.after(quit);
  const b = await before({ go: "#/overview", second });
  const { f, page } = b, weigh = await weighing(page);
  await page.keyboard.press("7");
  for (let i = 0; i < 5000; i++) f.world.event("CallEnded", { Pool: "thumb", PID: i, Took: i }); // one a second would fill the list in hours
  const began = f.world.now(), samples = [];
  for (const end = Date.now() + Math.min(length, 60_000); Date.now() < end || samples.length < enough;) {
    await visit(page, f.world.deaths.at(-1).number, 20 * second);
    await page.locator("header.bar .dot.live").waitFor();
    await page.keyboard.press("p"); // what is on its way would count
    await page.locator("header.bar .dot.paused").waitFor();
    const after = Math.round((f.world.now() - began) / 1000), held = await weigh();
    await page.keyboard.press("p");
    if (after > filling) samples.push({ held });
    appendFileSync(join(shots, "soak.txt"), `after ${after} short seconds ${held} bytes\n`);
  }
  await b.close();
  t.diagnostic(`${samples.length} samples; the first and the last: ${samples[0]?.held} ${samples.at(-1)?.held}`);
  assert.deepEqual(grown(samples, level, quartile), [], "it holds more and more");
});

/** Shows every screen, a pool, a certificate and a dialog, each for a while, and then the overview. */
async function visit(page, death, rest) {
  const show = async (hash) => {
    await page.evaluate((h) => { location.hash = h; }, hash);
    await page.waitForTimeout(rest);
  };
  for (const key of "2345678") {
    await page.keyboard.press(key);
    await page.waitForTimeout(rest);
  }
  await show("#/pool/thumb");
  if (death) await show(`#/deaths/${death}`);
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("1");
}

/** Takes the network from the page, and gives it back. Only the next stream notices, that of another screen. */
async function cut({ page, context }, live) {
  await context.setOffline(true);
  await page.keyboard.press("6");
  await until(async () => !(await live.count()), "the page says that it is disconnected");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try now" }).click({ timeout: 1000 }).catch(() => {}); // else it comes by itself
  await live.waitFor({ timeout: 30_000 });
  await page.keyboard.press("1");
}
