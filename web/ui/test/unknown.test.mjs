// What the page does not know yet it does not state: not that there is nothing,
// not a number, and not what it knew of another screen or another pool.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { open, quit, until } from "./kit.mjs";

const screens = ["overview", "tree", "pool", "pool/thumb", "calls", "deaths", "deaths/3", "logs", "events", "system"];

/** Statements that need to know. */
const claims = /\bno (call|worker|certificate|pools?|tasks|plugins)\b|nobody|nothing|has died|all as the program says|(running|waiting) \d|\b0 (workers?|calls?|kinds?|deaths?)\b/i;

/** Shows a screen while the daemon says nothing of it, and returns its text. */
async function shown(page, screen) {
  await page.evaluate((s) => { location.hash = "#/" + s; }, screen);
  await page.waitForTimeout(500); // for what must not come: a slow machine may miss it, and does not fail
  return page.locator("main").innerText();
}

const keep = (...topics) => (topic) => !topics.includes(topic);

describe("what is not known", { concurrency: 3 }, () => {
  after(quit);

  test("at first nothing is known", async () => {
    const b = await open({ unopened: true, quiet: true });
    try {
      await until(() => b.f.streams.size === 1, "a stream");
      for (const screen of screens) {
        assert.doesNotMatch(await shown(b.page, screen), claims, screen);
        await b.page.locator("main").getByText("Waiting for").first().waitFor();
      }
    } finally {
      await b.close();
    }
  });

  test("the daemon and its pools are known, nothing else", async () => {
    const b = await open({ unopened: true, quiet: true });
    try {
      b.f.held = keep("daemon", "pools");
      await until(() => b.f.streams.size === 1, "a stream");
      for (const screen of screens) {
        const text = await shown(b.page, screen);
        assert.doesNotMatch(text, claims, screen);
        if (screen === "overview") {
          await b.page.locator("section[aria-labelledby=pools] tr[data-row]").first().waitFor();
          assert.deepEqual(await b.page.locator(".figure .big").allTextContents(), ["–", "–", "–", "–"]);
          const cells = await b.page.locator("section[aria-labelledby=pools] tr[data-row]").first().locator("td").allTextContents();
          assert.deepEqual([cells[3], cells[5], cells[6], cells[9]], ["–", "–", "–", "–"], cells.join(" | "));
        }
      }
    } finally {
      await b.close();
    }
  });

  for (const [last, next] of [["pool/fetch", ["overview", "pool/thumb", "calls", "tree", "deaths"]], ["tree", ["logs", "tree", "calls", "deaths", "system", "events", "pool/exif", "overview"]]]) {
    test(`what was known on ${last} is not shown elsewhere, or later, as if it were so now`, async () => {
      const b = await open({ go: "#/system" });
      try {
        await b.page.locator("section[aria-labelledby=clients] tr[data-row]").first().waitFor();
        for (const [screen, part] of [["calls", "section[aria-labelledby=slow] tr[data-row]"], ["deaths", "section[aria-labelledby=kinds] tr[data-row]"], [last, "section[aria-labelledby=workers] tr[data-row], canvas.map"]]) {
          await b.page.evaluate((s) => { location.hash = "#/" + s; }, screen);
          await b.page.locator(part).first().waitFor();
        }
        b.f.held = keep("daemon", "pools");
        b.f.mute = true;
        for (const screen of next) {
          const text = await shown(b.page, screen);
          assert.doesNotMatch(text, claims, screen);
          for (const part of ["workers", "funcs", "kinds", "deaths", "running", "slow", "clients", "types"]) {
            assert.equal(await b.page.locator(`section[aria-labelledby=${part}] tr[data-row]`).count(), 0, `${screen} has ${part}`);
          }
          assert.equal(await b.page.locator("canvas.map").count(), 0, `${screen} has workers`);
          if (screen !== "overview") continue;
          await b.page.locator(".figure .big").first().waitFor();
          assert.deepEqual(await b.page.locator(".figure .big").allTextContents(), ["–", "–", "–", "–"], "figures of before, or of one pool");
        }
      } finally {
        b.f.mute = false;
        await b.close();
      }
    });
  }

  test("a key in a chart that knows nothing yet says so", async () => {
    const b = await open({ unopened: true, quiet: true });
    try {
      b.f.held = keep("daemon", "pools");
      await b.page.evaluate(() => { location.hash = "#/overview"; });
      for (const chart of [".figure .plot", ".plot:has(.brush)"]) {
        await b.page.locator(chart).first().focus();
        await b.page.keyboard.press("ArrowLeft");
        await b.page.locator("[aria-live=polite]").getByText(chart === ".figure .plot" ? /^Calls per second: not known yet/ : /^Latency over time: not known yet/).waitFor();
      }
    } finally {
      await b.close();
    }
  });

  test("a pool that there is not, and one that the next program does not have", async () => {
    const b = await open({ go: "#/pool/nowhere", lost: true });
    try {
      await b.page.getByText("There is no pool nowhere").waitFor();
      await b.page.evaluate(() => { location.hash = "#/pool/exif"; });
      await b.page.locator("section[aria-labelledby=workers] tr[data-row]").first().waitFor();
      b.f.world.pools = b.f.world.pools.filter((p) => p.shape.name !== "exif");
      b.f.drop();
      await b.page.getByText("There is no pool exif").waitFor();
      await b.page.locator(".dot.live").waitFor();
    } finally {
      await b.close();
    }
  });

  test("what was asked for is asked again after a reload", async () => {
    const b = await open({ go: "#/system", role: "admin" });
    try {
      const asked = () => b.f.did.filter((d) => d.method === "config.show").length;
      await until(() => asked() === 1, "the configuration");
      b.f.world.changing = "a reload";
      await b.page.getByText("A reload is under way").waitFor();
      b.f.world.changing = "";
      await until(() => asked() === 2, "the configuration after the reload");
    } finally {
      await b.close();
    }
  });
});
