// Builds src into dist, and fails if the result is over its budget. The same
// sources and lockfile give the same bytes: CI compares.
import { build } from "esbuild";
import { copyFileSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? here + "dist";

// Gzipped, in bytes; all four together count as they are.
const budget = { "app.js": 60_000, "app.css": 8_000 };
const budgetOfAll = 250_000;

await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) copyFileSync(`${here}src/${file}`, `${out}/${file}`);

let all = 0, over = false;
for (const file of ["app.js", "app.css", "index.html", "icon.svg"]) {
  const path = `${out}/${file}`;
  const size = statSync(path).size, zipped = gzipSync(readFileSync(path), { level: 9 }).length;
  all += size;
  const limit = budget[file];
  const bad = limit !== undefined && zipped > limit;
  over ||= bad;
  console.log(`${file.padEnd(11)} ${String(size).padStart(7)} B  ${String(zipped).padStart(6)} gzipped${limit ? ` of ${limit}` : ""}${bad ? "  OVER BUDGET" : ""}`);
}
console.log(`all         ${String(all).padStart(7)} B of ${budgetOfAll}`);
if (over || all > budgetOfAll) {
  console.error("web/ui: the page is over its budget: leave something out, or say in build.mjs why it may be larger");
  process.exit(1);
}
