// Runs the tests that need no browser: Node knows no types, so they are bundled
// first, and then given to Node's test runner.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "legion-ui-"));
try {
  const tests = readdirSync(join(here, "unit")).filter((f) => f.endsWith(".test.ts"));
  await build({
    absWorkingDir: here, entryPoints: tests.map((f) => "unit/" + f), outdir: out, outExtension: { ".js": ".mjs" }, bundle: true,
    platform: "node", format: "esm", target: "node20", jsx: "automatic", jsxImportSource: "preact", inject: ["unit/browser.ts"], logLevel: "warning",
  });
  const ran = spawnSync(process.execPath, ["--test", ...tests.map((f) => join(out, f.replace(".ts", ".mjs")))], { stdio: "inherit", env: { ...process.env, TZ: "Europe/Berlin", UI: fileURLToPath(new URL("../", import.meta.url)) } });
  process.exitCode = ran.status ?? 1;
} finally {
  rmSync(out, { recursive: true });
}
