// The page before a real daemon under a storm of deaths.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { front, launch, open, storm, until } from "./driver.mjs";

const live = "header.bar .dot.live";

describe("thumbd under a storm", () => {
  let browser, daemon, shown;
  before(async () => {
    [browser, daemon] = await Promise.all([launch(), storm()]);
    shown = await front(daemon);
  });
  after(async () => {
    await browser?.close();
    await shown?.stop();
    await daemon?.stop();
  });

  test("a link works once, and the page is live", async () => {
    const link = await shown.link();
    const b = await open(browser, link);
    await b.page.locator(live).waitFor();
    assert.equal(new URL(b.page.url()).hash.includes("token"), false, "the token stays in the address");
    await until(async () => /thumb/.test(await b.page.innerText("body")), "the pool thumb is shown");
    assert.deepEqual(await b.context.cookies(), []);
    await b.page.reload();
    await b.page.locator(live).waitFor();
    await b.shot("live");
    await b.close();

    const again = await open(browser, link, { lost: true });
    await until(async () => /legion dashboard|session/i.test(await again.page.innerText("body")), "it says that the link was used");
    assert.equal(await again.page.locator(live).count(), 0);
    await again.close();
  });

  test("pictures in both themes, and narrow, without a serious finding", async () => {
    for (const [name, o] of Object.entries({ light: {}, dark: { theme: "dark" }, narrow: { width: 390, height: 844 } })) {
      const b = await open(browser, await shown.link(), o);
      await b.page.locator(live).waitFor();
      await b.page.waitForTimeout(1500); // a few samples
      assert.deepEqual(await b.axe(), [], name);
      await b.shot("storm-" + name);
      await b.close();
    }
  });

  test("the picture of the README", { timeout: 3_600_000 }, async () => {
    const b = await open(browser, await shown.link(), { theme: "dark" });
    await b.page.locator(live).waitFor();
    await b.page.waitForTimeout(1000 * (process.env.STORM ?? 2)); // the longer the storm, the more there is to see
    await b.page.keyboard.press("1");
    await b.shot("dashboard");
    await b.close();
  });

  test("six windows of one browser, which opens six connections: each loads and acts, and four follow", async () => {
    const operates = await front(daemon, { role: "operate" });
    const beside = await browser.newContext();
    const windows = [];
    for (let i = 0; i < 6; i++) {
      const b = await open(browser, await operates.link(), { beside });
      await b.page.locator(live).waitFor(); // also the fifth and the sixth
      windows.push(b);
    }
    const taken = ({ page }) => page.getByText("Another window took its place");
    for (const b of windows.slice(0, 2)) await taken(b).waitFor();
    for (const b of windows.slice(2)) assert.ok(await b.page.locator(live).isVisible());
    for (const { page } of windows) {
      await page.evaluate(() => { location.hash = "#/pool/thumb"; });
      await page.getByRole("button", { name: "Recycle pool thumb" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Recycle", exact: true }).click();
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
    for (const b of windows.slice(0, 2)) assert.ok(await taken(b).isVisible(), "it has taken its place back by itself");
    await windows[0].page.getByRole("button", { name: "Take it back" }).click();
    await windows[0].page.locator(live).waitFor();
    await taken(windows[2]).waitFor(); // what each opened again for its screen, the third did first
    for (const b of windows) await b.close();
    await beside.close();
    await operates.stop();
  });

  test("it comes back after the daemon was killed", async () => {
    const b = await open(browser, await shown.link(), { lost: true });
    await b.page.locator(live).waitFor();
    await daemon.kill();
    await until(async () => !(await b.page.locator(live).count()), "the page says that the daemon has gone");
    await b.shot("gone");
    daemon.start();
    await b.page.locator(live).waitFor();
    await b.close();
  });

  test("it follows an upgrade to the next process", async () => {
    const b = await open(browser, await shown.link(), { lost: true });
    await b.page.locator(live).waitFor();
    const before = daemon.pid();
    await b.page.getByText(`pid ${before}`).first().waitFor();
    daemon.thumbd("upgrade");
    const next = daemon.pid();
    assert.notEqual(next, before);
    await b.page.getByText(`pid ${next}`).first().waitFor();
    await b.page.locator(live).waitFor();
    await b.close();
  });

  test("a person who may only look cannot do more", async () => {
    const link = new URL(await shown.link());
    const post = (path, body, secret) => fetch(link.origin + path, {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...(secret && { Authorization: "Bearer " + secret }) },
    });
    const { secret, role } = await (await post("/session", { token: link.hash.slice("#token=".length) })).json();
    assert.equal(role, "read");
    const ask = async (method, params) => (await post("/rpc", { jsonrpc: "2.0", id: 1, method, params }, secret)).json();
    assert.equal((await ask("pool.pause", { pool: "thumb" })).error.code, -32001);
    assert.equal((await ask("rpc.auth", { token: "x" })).error.code, -32601);
    assert.equal((await ask("daemon.status")).result.name, "thumbd");
  });
});
