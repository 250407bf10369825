// What all that needs a browser has in common: how chromium is started, what axe
// finds in a page, and how a test waits.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

/** Whether an error says that a process ended: not one for a program that is missing, or one that hangs. */
const crashed = (err) => /has been closed|signal=SIG/.test(err.message);

const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const axeSource = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** Where chromium is. */
export function chromiumPath() {
  const path = process.env.CHROMIUM ?? programs.find((p) => existsSync(p));
  if (!path) throw new Error("the tests of the page need chromium: .ci/install installs it, or CHROMIUM=/path/to/it");
  return path;
}

/**
 * Starts chromium. Its sandbox cannot be had by root in a container. A chromium
 * that crashes before it can be told to open a page says nothing of the page: the
 * crash is written, and it is started again, twice. One that crashes later fails
 * its test.
 */
export async function launch(...args) {
  const executablePath = chromiumPath();
  for (let left = 2; ; left--) {
    try {
      return await chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
    } catch (err) {
      if (left === 0 || !crashed(err)) throw err;
      console.error("chromium crashed at its start:", /<process did exit: [^>]*>/.exec(err.message)?.[0] ?? err.message);
    }
  }
}

/** What axe finds in a page that is serious or worse; only: the rules to check, all if there are none. */
export async function axe(page, only) {
  await page.evaluate(axeSource);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) }), only);
  return found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => "  " + n.html.slice(0, 200) + "\n  " + n.failureSummary?.replaceAll("\n", "\n  ")).join("\n")}`);
}

/** Waits until fn gives something true. */
export async function until(fn, what) {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) {
    const value = await fn();
    if (value) return value;
  }
  assert.fail(`did not come: ${what}`);
}
