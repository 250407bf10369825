// Every screen and state: light, dark and narrow, without an error, without a
// serious finding of axe, and without a page that is wider than its window.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, describe, test } from "node:test";
import { open, quit } from "./kit.mjs";
import { states } from "./states.mjs";

// STATES=DIR keeps pictures of all of them, which takes its time.
const shots = process.env.STATES;
if (shots) mkdirSync(shots, { recursive: true });

describe("states", { concurrency: 3 }, () => {
  after(quit);
  for (const state of states) {
    test(state.name, async () => {
      const b = await open(state);
      try {
        await state.set?.(b.f, b.page);
        await b.page.waitForTimeout(300); // one render after the last item
        for (const theme of ["light", "dark"]) {
          await b.page.emulateMedia({ colorScheme: theme });
          if (shots) await b.page.screenshot({ path: `${shots}/${state.name}-${theme}.png` });
          const found = await b.axe(theme === "dark" ? ["color-contrast"] : undefined); // only colours differ
          assert.deepEqual(found, [], `${state.name}, ${theme}:\n${found.join("\n")}`);
        }
        await b.page.setViewportSize({ width: 390, height: 844 });
        await b.page.waitForFunction(() => document.documentElement.scrollWidth <= 390, undefined, { timeout: 10_000 }).catch(() => {}); // it is laid out anew
        if (shots) await b.page.screenshot({ path: `${shots}/${state.name}-390.png` });
        const wide = await b.page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 390, `${state.name} is ${wide} wide where 390 are`);
      } finally {
        await b.close();
      }
    });
  }
});
