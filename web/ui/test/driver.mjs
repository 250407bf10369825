// A real daemon under a storm of deaths, and the front that shows it: thumbd,
// which gets pictures that kill its workers, and "legion dashboard". make
// browser builds both into build/browser. kit.mjs has a daemon that does not
// exist, for states that a real one is rarely in.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { axe, launch, until } from "./chromium.mjs";

/** Where make browser puts programs. */
export const built = fileURLToPath(new URL("../../../build/browser/", import.meta.url));

/** Where pictures of the page go. */
export const shots = process.env.SHOTS ?? built;

export { launch, until };

/** How many pictures lie in thumbd's folder at most. */
const waiting = 500;

const goroutinesIn = (stacks) => stacks.match(/^goroutine \d+/gm)?.length ?? 0;

/**
 * Starts thumbd, with workers that pictures kill again and again, and returns
 * what a test needs of it. The caller must stop it.
 */
export async function storm({ workers = 3, every = 150 } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "thumbd-")), inbox = join(dir, "in");
  mkdirSync(inbox);
  mkdirSync(join(dir, "run"), { mode: 0o700 });
  // The samples are painted once, and kept for the next time.
  const env = { ...process.env, XDG_RUNTIME_DIR: join(dir, "run"), XDG_CACHE_HOME: join(built, "cache"), HOME: dir };
  for (const name of ["RUNTIME_DIRECTORY", "SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"]) delete env[name];
  const samples = paint(env);
  const flags = ["-in", inbox, "-out", join(dir, "out"), "-workers", String(workers), "-timeout", "1s"];
  const s = { dir, env };
  const program = join(built, "thumbd");

  /** Runs a command line of thumbd. */
  s.thumbd = (...args) => {
    const ran = spawnSync(program, args, { env, encoding: "utf8" });
    assert.equal(ran.status, 0, `thumbd ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  /** Starts the daemon in the background, the first time and after kill. */
  s.start = () => s.thumbd(...flags, "start");
  s.pid = () => JSON.parse(s.thumbd("status", "--json")).pid;
  /** How many goroutines the daemon has. */
  s.goroutines = () => goroutinesIn(JSON.parse(s.thumbd("rpc", "call", "daemon.stack")).stack);
  /** Kills the daemon, as a fault of the machine would. */
  s.kill = async () => {
    process.kill(s.pid(), "SIGKILL");
    await until(() => spawnSync(program, ["status"], { env }).status !== 0, "thumbd is gone");
  };

  const hostile = samples.filter((f) => /bomb|panic|endless|exfil/.test(f));
  const usual = samples.filter((f) => !hostile.includes(f));
  let n = 0;
  const fed = [];
  const feed = setInterval(() => {
    const from = n % 3 === 0 ? hostile[(n / 3) % hostile.length] : usual[n % usual.length];
    const [, base] = /([^/]+)$/.exec(from), name = `${n++} ${base}`;
    copyFileSync(from, join(inbox, name));
    if (fed.push(name) <= waiting) return;
    const old = fed.shift(); // long done: thumbd keeps what it has seen in mind
    rmSync(join(inbox, old), { force: true });
    rmSync(join(dir, "out", old + ".png"), { force: true });
  }, every);
  s.start();
  /** Lets no more pictures come. */
  s.calm = () => clearInterval(feed);
  s.stop = async () => {
    s.calm();
    s.thumbd("stop");
    rmSync(dir, { recursive: true });
  };
  return s;
}

/** The paths of thumbd's sample pictures. */
function paint(env) {
  const painted = () => {
    const found = [];
    const walk = (dir) => {
      for (const e of existsSync(dir) ? readdirSync(dir, { withFileTypes: true }) : []) {
        if (e.isDirectory() && e.name !== "thumbnails") walk(join(dir, e.name));
        else if (e.isFile() && /\.(png|jpe?g|gif|bmp|webp|tiff?)$/.test(e.name)) found.push(join(dir, e.name));
      }
    };
    walk(env.XDG_CACHE_HOME);
    return found.sort();
  };
  if (!painted().length) spawnSync(join(built, "thumbd"), ["-once"], { env });
  const all = painted();
  assert.ok(all.length > 40, `thumbd painted ${all.length} samples in ${env.XDG_CACHE_HOME}`);
  return all;
}

/** Starts "legion dashboard" for a storm. The caller must stop it. */
export async function front(s, { role = "read" } = {}) {
  const run = spawn(join(built, "legion"), ["dashboard", "thumbd", "--json", "--role", role], { env: s.env, stdio: "pipe" });
  const ended = new Promise((done) => run.once("close", done));
  let said = "", quiet = false;
  run.stderr.on("data", (text) => {
    said += text;
    if (!quiet) process.stderr.write(text);
  });
  const lines = createInterface(run.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '{"link":"legion dashboard has ended"}').link;
  let first = await next();
  return {
    pid: run.pid,
    /** A link that works once. */
    async link() {
      if (!first) {
        run.stdin.write("\n");
        return next();
      }
      const link = first;
      first = undefined;
      return link;
    },
    async stop() {
      run.kill("SIGTERM");
      await ended;
    },
    /** How many goroutines it has. This ends it. */
    async goroutines() {
      quiet = true;
      run.kill("SIGQUIT");
      await ended;
      return goroutinesIn(said);
    },
  };
}

/**
 * Opens a page, in a context of its own unless one is given. close fails if the page asked another
 * server for anything, or wrote an error or a warning, which a breach of its
 * Content-Security-Policy is too. lost says that requests may fail.
 */
export async function open(browser, link, { theme = "light", width = 1280, height = 900, lost = false, beside } = {}) {
  const origin = new URL(link).origin + "/";
  const context = beside ?? await browser.newContext({ viewport: { width, height }, colorScheme: theme, timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  const wrong = [];
  page.setDefaultTimeout(20_000);
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type()) && !(b.lost && /Failed to load resource/.test(m.text()))) wrong.push(m.text());
  });
  page.on("pageerror", (e) => wrong.push(e.stack));
  page.on("request", (r) => { if (!r.url().startsWith(origin)) wrong.push("it asks for " + r.url()); });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => console.error("policy:", e.violatedDirective, e.blockedURI)));
  const b = {
    page, context, wrong, lost,
    /** Takes a picture of the page. */
    async shot(name) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, name + ".png") });
    },
    axe: () => axe(page),
    async close() {
      await (beside ? page : context).close();
      assert.deepEqual(wrong, [], "the page did what it must not");
    },
  };
  await page.goto(link);
  return b;
}
