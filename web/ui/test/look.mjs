// Takes screenshots of the page with the daemon that does not exist:
// node test/look.mjs [NAME=/hash …], into shots/.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { fake } from "./fake.mjs";

mkdirSync("shots", { recursive: true });
const args = process.argv.slice(2).map((a) => a.split("=", 2));
const f = await fake({ role: process.env.ROLE ?? "operate", workers: Number(process.env.WORKERS ?? 0) });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const scheme of (process.env.THEMES ?? "light").split(",")) {
  for (const width of (process.env.WIDTHS ?? "1280").split(",").map(Number)) {
    const page = await browser.newPage({ viewport: { width, height: Number(process.env.HEIGHT ?? 900) }, colorScheme: scheme });
    page.on("console", (m) => m.type() !== "log" && console.log(m.type(), m.text()));
    page.on("pageerror", (e) => console.log("error", e.stack));
    await page.goto(`${f.address}#token=${"t".repeat(32)}`);
    await page.waitForTimeout(2500);
    for (const [name, hash] of args) {
      await page.evaluate((h) => { location.hash = h; }, hash);
      await page.waitForTimeout(Number(process.env.WAIT ?? 1600));
      if (process.env.DO) await eval(`(async (page, f) => {${process.env.DO}})`)(page, f);
      await page.screenshot({ path: `shots/${name}-${scheme}-${width}.png`, fullPage: !!process.env.FULL });
    }
    await page.close();
  }
}
await browser.close();
await f.close();
