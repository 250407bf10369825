// Takes screenshots of states (states.mjs) into shots/, to be looked at:
// THEMES=light,dark WIDTHS=1280,390 node test/look.mjs [NAME …]
import { mkdirSync } from "node:fs";
import { launch } from "./chromium.mjs";
import { fake } from "./fake.mjs";
import { states } from "./states.mjs";

mkdirSync("shots", { recursive: true });
const only = process.argv.slice(2);
const browser = await launch();
for (const state of states.filter((s) => !only.length || only.includes(s.name))) {
  for (const scheme of (process.env.THEMES ?? "light").split(",")) {
    for (const width of (process.env.WIDTHS ?? "1280").split(",").map(Number)) {
      const f = await fake(state);
      const page = await browser.newPage({ viewport: { width, height: Number(process.env.HEIGHT ?? 900) }, colorScheme: scheme });
      page.on("console", (m) => m.type() !== "log" && !state.lost && console.log(state.name, m.type(), m.text()));
      page.on("pageerror", (e) => console.log(state.name, e.stack));
      await page.goto(`${f.address}#token=${"t".repeat(32)}`);
      await page.evaluate((h) => { location.hash = h; }, state.go);
      await page.waitForTimeout(1500);
      await state.set?.(f, page);
      await page.waitForTimeout(1400);
      await page.screenshot({ path: `shots/${state.name}-${scheme}-${width}.png`, fullPage: !!process.env.FULL });
      await page.close();
      await f.close();
    }
  }
}
await browser.close();
