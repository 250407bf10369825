// What the page does: the session, the stream, actions, keys, hostile texts.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { hostile } from "./world.mjs";
import { open, quit, until } from "./kit.mjs";

/** A test with a page, which it closes. */
const check = (name, state, fn) => test(name, async () => {
  const b = await open(state);
  try {
    await fn(b.page, b.f, b);
  } finally {
    await b.close();
  }
});

const acts = (f) => f.did.filter((d) => !/^(history\.get|config\.show|func\.list|event\.list|death\.get|death\.blob|daemon\.doctor)$/.test(d.method)).map((d) => [d.method, d.params]);
const button = (page, name) => page.getByRole("button", { name, exact: true });

describe("behaviour", { concurrency: 3 }, () => {
  after(quit);

  check("the token leaves the address at once, and a reload keeps the session", {}, async (page, f) => {
    assert.equal(page.url(), f.address);
    assert.equal(await page.evaluate(() => history.length), 2, "about:blank and the page");
    f.refuseSessions = true;
    await page.reload();
    await page.locator(".dot.live").waitFor();
    assert.equal(await page.evaluate(() => document.cookie), "");
  });

  check("markup in texts of the daemon stays text", { go: "#/logs" }, async (page) => {
    await page.getByText(hostile).first().waitFor();
    await page.evaluate(() => { location.hash = "#/deaths/3"; });
    await page.getByText(hostile).first().waitFor();
    await page.getByText("<script>alert(1)</script>").waitFor();
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.notEqual(await page.title(), "owned");
  });

  check("numbers above 2^53 are shown to the last digit", { go: "#/calls" }, async (page, f) => {
    await until(async () => {
      const shown = await page.locator("main td.num:first-child").allTextContents();
      return shown.some((t) => BigInt(t) > 9007199254740992n && BigInt(t) < f.world.nextCall && BigInt(t) % 2n === 1n);
    }, "an odd number above 2^53");
  });

  check("a screen subscribes to what it shows, by one stream", { go: "#/logs" }, async (page, f) => {
    await until(() => f.streams.size === 1 && f.watched?.topics.includes("logs"), "a stream with the log");
    assert.deepEqual(f.watched.topics.sort(), ["daemon", "logs", "pools"]);
    await page.keyboard.press("2");
    await until(() => f.streams.size === 1 && f.watched.topics.includes("workers"), "another stream");
    assert.ok(!f.watched.topics.includes("logs"));
  });

  check("a hidden tab has no stream, a seen one has", {}, async (page, f) => {
    const hide = (hidden) => page.evaluate((h) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => h });
      document.dispatchEvent(new globalThis.Event("visibilitychange"));
    }, hidden);
    await hide(true);
    await until(() => f.streams.size === 0, "the end of the stream");
    await hide(false);
    await until(() => f.streams.size === 1, "a new stream");
  });

  check("paused is paused", { go: "#/pool/thumb" }, async (page, f) => {
    await page.keyboard.press("p");
    await page.getByText("All figures are as of").waitFor();
    await until(() => f.streams.size === 0, "the end of the stream");
    const before = await page.locator("main").innerText();
    await page.evaluate(() => { globalThis.dispatchEvent(new globalThis.Event("focus")); document.dispatchEvent(new globalThis.Event("visibilitychange")); });
    await page.waitForTimeout(1500);
    assert.equal(await page.locator("main").innerText(), before);
    assert.equal(f.streams.size, 0);
    await page.keyboard.press("p");
    await until(() => f.streams.size === 1, "the stream again");
  });

  check("on the screen of one pool, what is wrong with another one is still told; afterwards all figures go on", { go: "#/overview" }, async (page, f) => {
    const asked = (pool) => f.did.filter((d) => d.method === "history.get" && d.params.pool === pool).length;
    assert.ok(asked("exif") > 0, "the figures of the other pool");
    await page.evaluate(() => { location.hash = "#/pool/thumb"; });
    await page.locator("section[aria-labelledby=workers] tr[data-row]").first().waitFor();
    f.world.pools.find((p) => p.shape.name === "exif").state = "failed";
    await page.locator(".strip.bad").getByText("exif").waitFor();
    const before = asked("exif");
    f.world.ahead = 10_000; // the time that it takes to look
    await page.evaluate(() => { location.hash = "#/overview"; });
    await until(() => asked("exif") > before, "the figures that came meanwhile");
  });

  check("a lost connection: figures stay, the page comes back by itself", { lost: true, go: "#/pool/thumb" }, async (page, f) => {
    f.reachable = false;
    f.drop();
    await page.getByText("Disconnected.").waitFor();
    await page.getByText(/Next try in \d+ s/).waitFor();
    await page.getByText(/Figures are as of \d\d:\d\d:\d\d/).waitFor();
    assert.ok(await page.getByText("of 4 to 8").first().isVisible());
    f.reachable = true;
    await page.locator(".dot.live").waitFor();
  });

  check("the server ends a stream without a reason: the page goes on without a word", {}, async (page, f) => {
    const [stream] = f.streams;
    stream.res.end('{"end":true}\n');
    await until(() => f.streams.size === 1 && ![...f.streams].includes(stream), "a new stream");
    assert.equal(await page.getByText("Disconnected").count(), 0);
  });

  check("an upgrade is followed and marked", { lost: true }, async (page, f) => {
    f.world.upgrade();
    f.drop();
    await page.getByText(`process 4711 became 4788`).waitFor();
    await page.locator(".facts-line").getByText("4788").waitFor();
  });

  check("a session that is over says the command for a new one", { lost: true }, async (page, f) => {
    f.over = true;
    f.drop();
    await page.getByText("thumbs dashboard", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  check("where the server has the login, a session that is over is renewed once", { lost: true, renew: true, field: "Legion-Session" }, async (page, f) => {
    f.secret = "n";
    f.drop();
    await until(() => f.streams.size === 1, "a stream of the new session");
    assert.equal(await page.getByText("session is over").count(), 0);
  });

  check("an action says what it does, then does exactly that, once", { go: "#/pool/thumb" }, async (page, f) => {
    await button(page, "Recycle pool thumb").click();
    await page.getByText("thumbs pool recycle thumb").waitFor();
    await page.getByText("no call is lost").waitFor();
    assert.deepEqual(acts(f), []);
    await page.getByRole("dialog").getByRole("button", { name: "Recycle", exact: true }).dblclick();
    await until(() => acts(f).length > 0 && page.getByRole("dialog").count().then((n) => n === 0), "the request");
    assert.deepEqual(acts(f), [["pool.recycle", { pool: "thumb" }]]);
  });

  check("scaling: steppers, the memory that it means, and the command", { go: "#/pool/thumb" }, async (page, f) => {
    await button(page, "Scale pool thumb").waitFor();
    await page.keyboard.press("s");
    await page.getByRole("button", { name: "Greatest: one more" }).click();
    await page.getByText("thumbs pool scale thumb 4 9").waitFor();
    await page.locator(".hint").getByText(/at most \d+/).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Scale", exact: true }).click();
    await until(() => acts(f).length === 1, "the request");
    assert.deepEqual(acts(f), [["pool.scale", { pool: "thumb", min: 4, max: 9 }]]);
  });

  check("killing names worker, pid and call, and sends the worker's number with the pid", { go: "#/pool/thumb" }, async (page, f) => {
    await page.locator("section[aria-labelledby=workers] tr[data-row]").first().waitFor();
    await page.keyboard.press("j");
    await until(() => page.evaluate(() => document.activeElement?.matches("tr[data-row]") ?? false), "a row with the focus");
    while (!(await page.evaluate(() => document.activeElement.closest(".table").getAttribute("aria-label").startsWith("Workers")))) await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByRole("heading", { name: /^Kill worker \d+ \(pid \d+\) of pool thumb$/ }).waitFor();
    await page.getByText(/^Sends SIGKILL/).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Kill", exact: true }).click();
    await until(() => acts(f).length === 1, "the request");
    const [[method, params]] = acts(f);
    assert.equal(method, "worker.kill");
    assert.deepEqual(Object.keys(params).sort(), ["pid", "pool", "worker"]);
  });

  check("killing a call sends the number of its worker, of which the screen follows none", { go: "#/calls" }, async (page, f) => {
    await page.getByRole("button", { name: /^Kill the worker of call/ }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Kill", exact: true }).click();
    await until(() => acts(f).length === 1, "the request");
    const [[method, params]] = acts(f);
    assert.equal(method, "worker.kill");
    assert.ok(f.world.pools.some((p) => p.shape.name === params.pool && params.worker < p.nextWorker), JSON.stringify(params));
    assert.deepEqual(f.watched.topics, ["daemon", "pools", "calls", "slow"]);
  });

  check("what concerns the daemon asks for its name", { go: "#/system", role: "admin" }, async (page, f) => {
    await button(page, "Stop thumbs").click();
    const yes = page.getByRole("dialog").getByRole("button", { name: "Stop", exact: true });
    assert.ok(await yes.isDisabled());
    await page.getByLabel(/^Type thumbs/).fill("thumb");
    await page.keyboard.press("Enter");
    assert.ok(await yes.isDisabled());
    await page.getByLabel(/^Type thumbs/).fill("thumbs");
    await yes.click();
    await until(() => acts(f).length === 1, "the request");
    assert.deepEqual(acts(f), [["daemon.stop", {}]]);
    await page.getByText("The daemon is stopping:").waitFor();
  });

  check("the daemon's refusal stands beside the button, in its words", { go: "#/pool/thumb" }, async (page, f) => {
    f.refuse = "the pool is stopping: " + hostile;
    await button(page, "Pause pool thumb").click();
    await page.getByRole("dialog").getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("alert").getByText(hostile).waitFor();
  });

  check("a role that is too small: nothing is sent, and what would allow it is said", { go: "#/pool/thumb", role: "read" }, async (page, f) => {
    for (const b of await page.locator("button.act").all()) assert.equal(await b.getAttribute("aria-disabled"), "true");
    await button(page, "Pause pool thumb").click({ force: true });
    await page.getByText("thumbs dashboard --role operate").waitFor();
    await page.getByText('"user:ana": legion.RoleOperate').waitFor();
    await page.keyboard.press("Escape");
    for (const key of ["r", "s", "x", "S"]) await page.keyboard.press(key);
    assert.deepEqual(acts(f), []);
  });

  check("a function is run with an argument of its type, and its result is shown", { go: "#/calls" }, async (page, f) => {
    await button(page, "Run crop of pool thumb").click();
    await page.getByLabel("Argument (int)").fill("42");
    await page.getByText("thumbs call crop 42").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText('"given": 42').waitFor();
    assert.deepEqual(acts(f), [["call", { name: "crop", arg: 42 }]]);
  });

  check("a replay is asked for, and says how it ended", { go: "#/deaths/3" }, async (page, f) => {
    await button(page, "Replay the call of death 3").click();
    await page.getByText("thumbs death replay 3").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Replay", exact: true }).click();
    await page.getByText("Outcome: timeout").waitFor();
    assert.deepEqual(acts(f), [["death.replay", { number: 3 }]]);
  });

  check("a profile of a pool is a flame graph, and its table says the same", { go: "#/pool/thumb" }, async (page, f) => {
    await button(page, "Profile pool thumb").click();
    await page.getByText("thumbs pool profile -o cpu.pb.gz thumb 5s").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Profile", exact: true }).click();
    await page.getByText("pid 5002: it ended").waitFor();
    await page.getByRole("dialog").locator(".as-table summary").click();
    await until(() => page.locator("dialog .as-table tbody tr").first().innerText().then((t) => /huffmanBlock.*2\.10/.test(t)), "the function that took most");
    assert.deepEqual(acts(f), [["pool.profile", { pool: "thumb", seconds: 5 }]]);
  });

  check("keys: screens, filter, help, theme and zone; and they can be turned off", { go: "#/overview" }, async (page) => {
    for (const [key, name] of [["2", "Tree"], ["5", "Deaths"], ["8", "System"], ["3", "Pools"]]) {
      await page.keyboard.press(key);
      await page.locator(`.tabs a[aria-current=page]`).getByText(name).waitFor();
    }
    await page.keyboard.press("/");
    await page.keyboard.type("exif");
    await until(() => page.locator("tbody tr").count().then((n) => n === 1), "one row");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await until(() => page.locator("tbody tr[data-row]").count().then((n) => n === 4), "all rows");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Workers" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    await button(page, "Theme light: change").waitFor();
    await page.keyboard.press("T");
    await button(page, "Times in UTC: change").waitFor();
    await page.keyboard.press("?");
    await page.getByLabel("Single keys act").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("2");
    assert.equal(await page.locator(`.tabs a[aria-current=page]`).innerText(), "3Pools");
  });

  check("a chart's cursor moves by keys and is announced; its figures are a table too", { go: "#/overview" }, async (page) => {
    const chart = page.locator(".figure .plot").first();
    await chart.focus();
    await page.keyboard.press("ArrowLeft");
    await page.locator("[aria-live=polite]").getByText(/^\d\d:\d\d:\d\d: \d/).waitFor();
    await page.locator(".figure .as-table summary").first().click();
    await until(() => page.locator(".figure .as-table tbody tr").count().then((n) => n > 100), "a table");
  });

  check("what lies under the heatmap's brush filters the page", { go: "#/overview" }, async (page) => {
    const all = await page.locator("section[aria-labelledby=deaths] tbody tr").count();
    const chart = page.locator(".plot:has(.brush)");
    await chart.focus();
    await page.keyboard.press("Home");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight");
    await page.getByRole("heading", { name: "Deaths in that time" }).waitFor();
    assert.ok(all > 0);
    await page.getByText("show all times again").locator("..").click();
    await page.getByRole("heading", { name: "Last deaths" }).waitFor();
  });

  check("a thousand rows: only those that are seen are in the page", { go: "#/pool/swarm", workers: 1000 }, async (page) => {
    const rows = page.locator("section[aria-labelledby=workers] tbody tr[data-row]");
    await until(() => rows.count().then((n) => n > 10 && n < 120), "some rows");
    const box = page.locator("section[aria-labelledby=workers] .table");
    await box.evaluate((b) => { b.scrollTop = b.scrollHeight; });
    await rows.getByText("1000", { exact: true }).waitFor();
    assert.equal(await box.locator("table").getAttribute("aria-rowcount"), "1001");
  });

  check("the log holds still when one scrolls up, and says what is newer", { go: "#/logs" }, async (page, f) => {
    for (let i = 0; i < 150; i++) f.world.log("INFO", "line " + i, {});
    await page.getByText("line 149").waitFor();
    await page.locator(".feed").evaluate((b) => { b.scrollTop = 0; });
    await page.getByText("Held.").waitFor();
    f.world.log("INFO", "one more", {});
    await page.getByText(/newer/).waitFor();
    await page.keyboard.press("f");
    await page.getByText("one more").waitFor();
  });
});
