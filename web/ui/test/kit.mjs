// A browser with the page in it, and the daemon that does not exist (fake.mjs)
// behind it. A test fails by itself if the page writes an error, breaks its
// Content-Security-Policy, or asks any other server for anything.
import assert from "node:assert/strict";
import { axe, launch, until } from "./chromium.mjs";
import { fake } from "./fake.mjs";

export { until };

let browser; // the one of a test file: a promise, so that tests beside each other get the same

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
  const context = await (await (browser ??= launch())).newContext({ viewport: { width: state.width ?? 1280, height: 900 }, colorScheme: state.theme ?? "light", timezoneId: "Europe/Berlin" });
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
    axe: (only) => axe(page, only),
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
