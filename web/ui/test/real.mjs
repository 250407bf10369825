// Takes pictures of the page with a real daemon behind it: node test/real.mjs
// LINK NAME=#/SCREEN …, into shots/. LINK is what legion dashboard --print says.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

mkdirSync("shots", { recursive: true });
const [link, ...screens] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: Number(process.env.HEIGHT ?? 900) }, colorScheme: process.env.THEME ?? "dark" });
page.on("console", (m) => m.type() !== "log" && console.log(m.type(), m.text()));
page.on("pageerror", (e) => console.log(e.stack));
page.on("response", async (r) => { if (r.url().endsWith("/rpc")) { const t = await r.text().catch(() => ""); if (/"error"/.test(t)) console.log(r.request().postData(), t); } });
await page.goto(link);
await page.waitForTimeout(Number(process.env.FIRST ?? 3000));
for (const s of screens) {
  const [name, hash] = s.split(/=(.*)/);
  await page.evaluate((h) => { location.hash = h; }, hash);
  await page.waitForTimeout(2500);
  await page.screenshot({ path: `shots/real-${name}.png` });
}
await browser.close();
