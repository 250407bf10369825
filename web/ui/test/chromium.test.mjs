// A chromium that crashes at its start: the only thing that is tried again.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, launch } from "./chromium.mjs";

describe("a chromium that crashes at its start", () => {
  const { CHROMIUM: set, TMPDIR: temp } = process.env, chromium = chromiumPath();
  let dir, starts;
  const restore = (name, value) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "chromium-"));
    process.env.TMPDIR = dir; // playwright leaves its folders if it cannot start a program
  });
  after(() => {
    restore("CHROMIUM", set);
    restore("TMPDIR", temp);
    rmSync(dir, { recursive: true });
  });

  /** Has launch find a chromium that crashes so many times, and then starts. */
  const crashing = (times) => {
    starts = join(dir, `starts ${times}`);
    process.env.CHROMIUM = join(dir, `chromium ${times}`);
    writeFileSync(process.env.CHROMIUM, `#!/bin/sh
echo start >> '${starts}'
[ "$(wc -l < '${starts}')" -gt ${times} ] || kill -SEGV $$
exec '${chromium}' "$@"
`);
    chmodSync(process.env.CHROMIUM, 0o700);
  };
  const started = () => readFileSync(starts, "utf8").trim().split("\n").length;

  test("is started again", async () => {
    crashing(2);
    const browser = await launch();
    await (await browser.newPage()).goto("about:blank");
    await browser.close();
    assert.equal(started(), 3);
  });

  test("is not one that cannot be started", async (t) => {
    const { mock } = t.mock.method(console, "error");
    process.env.CHROMIUM = join(dir, "none");
    await assert.rejects(launch(), /none/);
    assert.equal(mock.callCount(), 0);
  });

  test("is an error if it always does", async () => {
    crashing(3);
    await assert.rejects(launch(), /SIGSEGV|has been closed/);
    assert.equal(started(), 3);
  });
});
