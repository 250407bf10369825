// A browser with the page in it, and the daemon that does not exist (fake.mjs)
// behind it. A test fails by itself if the page writes an error, breaks its
// Content-Security-Policy, or asks any other server for anything.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { fake } from "./fake.mjs";

const program = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));
const axeSource = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

let browser; // a promise, so that tests beside each other get the same

/** The one browser of a test file. */
export function launch() {
  if (!program) throw new Error("the tests of the page need chromium: apt-get install chromium, or CHROMIUM=/path/to/it");
  return (browser ??= chromium.launch({ executablePath: program, args: ["--no-sandbox"] }));
}

export async function quit() {
  await (await browser)?.close();
  browser = undefined;
}

/**
 * Opens the page and waits until it knows what it shows, so that a test can act
 * on it at once; unopened: does not wait. state is as in states.mjs, all of it
 * optional; lost says that requests may fail, which the browser writes as errors.
 */
export async function open(state = {}) {
  const f = await fake(state);
  if (state.quiet) {
    f.held = () => true;
    f.mute = true;
  }
  const context = await (await launch()).newContext({ viewport: { width: state.width ?? 1280, height: 900 }, colorScheme: state.theme ?? "light", timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong = [];
  page.on("console", (m) => {
    const refused = state.lost && /Failed to load resource/.test(m.text());
    if (["error", "warning"].includes(m.type()) && !refused) wrong.push(m.text());
  });
  page.on("pageerror", (e) => wrong.push(e.stack));
  const asked = new Set(); // what the page asks the daemon and has no answer to; not the stream, which has no end
  page.on("request", (r) => {
    if (!r.url().startsWith(new URL(f.address).origin + "/")) wrong.push("asks for " + r.url());
    if (r.url().endsWith("/rpc")) asked.add(r);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (r) => asked.delete(r));
  await page.goto(`${f.address}#token=${"t".repeat(32)}`);
  if (state.go) await page.evaluate((h) => { location.hash = h; }, state.go);
  if (!state.unopened) {
    await page.locator("header.bar .dot.live").waitFor();
    await known(page, asked);
  }
  return {
    f, page, wrong,
    /** What axe finds that is serious or worse; only: the rules to check, all if there are none. */
    async axe(only) {
      await page.evaluate(axeSource);
      const found = await page.evaluate((rules) => globalThis.axe.run(document, { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) }), only);
      return found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => "  " + n.html.slice(0, 200) + "\n  " + n.failureSummary?.replaceAll("\n", "\n  ")).join("\n")}`);
    },
    async close() {
      await context.close();
      f.mute = false;
      await f.close();
      assert.deepEqual(wrong, [], "the page wrote errors");
    },
  };
}

/** Waits until the page has an answer to all that it asked for, and waits for nothing more. */
async function known(page, asked) {
  await until(async () => asked.size === 0 && await page.evaluate(() => {
    const main = document.querySelector("main");
    return main !== null && !/Waiting for .* …/.test(main.innerText) && !main.querySelector('.plot[aria-label*="not known yet"]');
  }), "all that the page shows");
}

/** Waits until fn gives something true. */
export async function until(fn, what) {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) {
    const value = await fn();
    if (value) return value;
  }
  assert.fail(`did not come: ${what}`);
}
