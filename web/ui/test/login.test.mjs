// The page at a real daemon's own TCP address: examples/dashboard, which make
// browser builds. It wants a token there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { built, launch, open, until } from "./driver.mjs";

const live = "header.bar .dot.live";

/** Starts the daemon. The caller must stop it. */
async function daemon() {
  const dir = mkdtempSync(join(tmpdir(), "login-")), file = join(dir, "token");
  const run = spawn(join(built, "dashboard"), ["-at", "tcp://127.0.0.1:0", "-token", file], { env: { ...process.env, XDG_RUNTIME_DIR: dir }, stdio: ["ignore", "pipe", "inherit"] });
  const line = (await createInterface(run.stdout)[Symbol.asyncIterator]().next()).value ?? "it has ended";
  const page = /open (\S+)/.exec(line)?.[1];
  assert.ok(page, line);
  const token = readFileSync(file, "utf8").trim();
  let pid = run.pid;
  const rpc = async (method) => (await (await fetch(new URL("/rpc", page), {
    method: "POST", headers: { "Content-Type": "application/json", Authorization: "Bearer " + token }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
  })).json()).result;
  return {
    page, token,
    pid: () => pid,
    async upgrade() {
      pid = (await rpc("daemon.upgrade")).pid;
    },
    async stop() {
      process.kill(pid, "SIGTERM");
      await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } }, "the daemon has ended");
      rmSync(dir, { recursive: true });
    },
  };
}

describe("the daemon's own address", () => {
  let browser, d;
  before(async () => { [browser, d] = await Promise.all([launch(), daemon()]); });
  after(async () => {
    await browser?.close();
    await d?.stop();
  });

  /** Signs in, with the keys alone. */
  const signIn = async ({ page }, token, role = "read") => {
    await page.getByLabel("Token").fill(token);
    await page.getByLabel("Role").selectOption(role);
    await page.getByLabel("Token").press("Enter");
  };

  test("a token opens the page, which goes on after a reload and an upgrade", async () => {
    const b = await open(browser, d.page, { lost: true }); // the first answer is 401
    await b.page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.deepEqual(await b.axe(), []);
    await b.shot("sign-in");
    await signIn(b, "no-token-of-this-daemon");
    await b.page.getByRole("alert").getByText("unknown").waitFor();
    assert.equal(await b.page.locator(live).count(), 0);

    await signIn(b, d.token);
    await b.page.locator(live).waitFor();
    await b.page.getByText(`pid ${d.pid()}`).first().waitFor();
    await until(async () => /\broot\b/.test(await b.page.innerText("body")), "the pool is shown");
    await b.shot("signed-in");
    await b.page.reload();
    await b.page.locator(live).waitFor();
    assert.deepEqual(await b.context.cookies(), []);
    assert.equal(b.page.url().includes(d.token) || (await b.page.evaluate(() => JSON.stringify(localStorage))).includes(d.token), false, "the token is where it must not be");

    const next = b.page.waitForRequest(/\/ui\/watch$/); // the stream ends with the process
    await d.upgrade();
    await next;
    await b.page.getByText(`pid ${d.pid()}`).first().waitFor();
    await b.page.locator(live).waitFor();

    await b.page.getByRole("button", { name: "End" }).click();
    await b.page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(await b.page.evaluate(() => sessionStorage.length), 0);
    await b.page.reload();
    await b.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await b.close();
  });

  test("a session may do what one signed in for, and no more", async () => {
    const b = await open(browser, d.page, { lost: true });
    await signIn(b, d.token);
    await b.page.locator(live).waitFor();
    assert.equal(await b.page.locator(".role").innerText(), "read");
    await b.page.getByRole("button", { name: "End" }).click();
    await signIn(b, d.token, "operate");
    await b.page.locator(live).waitFor();
    assert.equal(await b.page.locator(".role").innerText(), "operate");
    await b.close();
  });
});
