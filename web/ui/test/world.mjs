// A daemon that does not exist: pools, workers, calls and deaths that go on by
// themselves, as the real one would send them. For developing the page, and
// for tests of states that a real daemon is seldom in.

/** Texts that would be markup, were they not kept as text. */
export const hostile = `<img src=x onerror="document.title='owned'">`;

const bounds = [0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** A generator of numbers that are the same in every run. */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** How many certificates a daemon keeps. */
const certificates = 32;

const shapes = [
  { name: "thumb", funcs: ["resize", "crop"], max: 8, rate: 42, typical: 0.08, spread: 1.1, memory: 84e6, limit: 256e6, deaths: 0.02 },
  { name: "fetch", funcs: ["get"], max: 16, rate: 120, typical: 0.03, spread: 0.7, memory: 22e6, limit: 0, deaths: 0 },
  { name: "exif", funcs: ["read", "strip"], max: 4, rate: 9, typical: 0.004, spread: 0.9, memory: 14e6, limit: 64e6, deaths: 0.004 },
  { name: "mail/out", funcs: ["send"], max: 2, rate: 0.4, typical: 0.9, spread: 0.5, memory: 18e6, limit: 0, deaths: 0 },
];

const causes = [
  ["deadline", "its call resize was over its deadline of 5 s and did not obey a cancel within 1 s", "main.decode(…) picture.go:88", "SIGKILL"],
  ["out_of_memory", "the Go runtime found no memory: 256 MiB is its limit", "image/png.(*decoder).readImagePass reader.go:431", ""],
  ["signal", "SIGSEGV in cgo: nobody in this program sent it", "main._Cfunc_unpack cgo.go:51", "SIGSEGV"],
  ["exit", "the function called os.Exit(3)", "main.crop crop.go:19", ""],
];

export class World {
  constructor({ workers = 0, seed = 7, empty = false } = {}) {
    this.ahead = 0; // milliseconds by which its clock is before the real one
    this.random = random(seed);
    this.started = this.now() - 3 * 86400e3 - 4 * 3600e3;
    this.pid = 4711;
    this.nextPID = 5000;
    this.nextCall = 9007199254740900n; // above 2^53 before long
    this.state = "running";
    this.changing = "";
    this.logLevel = "INFO";
    this.version = "2.4.1";
    this.deaths = [];
    this.logs = [];
    this.events = [];
    this.samples = {};
    this.missed = { logs: 0, events: 0 };
    const list = empty ? [] : workers ? [...shapes, { ...shapes[1], name: "swarm", funcs: ["work"], max: workers, rate: workers * 2, typical: 0.3 }] : shapes;
    this.pools = list.map((s) => this.pool(s));
    for (let i = 0; i < 24 && !empty; i++) this.die(this.pools[i % 5 === 4 ? 2 : 0], this.now() - 3600e3 + i * 140e3);
    this.log("INFO", "ready", { pools: this.pools.length });
    if (!empty) this.log("WARN", "a line that a worker printed: " + hostile, { pool: "thumb", pid: 4720, attr: hostile });
    this.tick();
  }

  now() { return Date.now() + this.ahead; }

  pool(shape) {
    const p = { shape, state: "running", reason: "", min: Math.max(1, shape.max >> 1), max: shape.max, queued: 0, calls: 1200000, errors: 312, restarts: 0, workers: [], poisoned: [], calledNow: [], nextWorker: 1 };
    for (let i = 0; i < shape.max; i++) p.workers.push(this.worker(p));
    return p;
  }

  worker(p) {
    return { id: p.nextWorker++, pid: this.nextPID++, born: this.now() - this.random() * 7200e3, calls: Math.floor(this.random() * 4000), memory: Math.round(p.shape.memory * (0.7 + this.random() * 0.8)), cpu: this.random() * 400, call: null, state: "ready" };
  }

  tick() {
    const now = this.now(), r = this.random;
    for (const p of this.pools) {
      const s = p.shape;
      const wave = 1 + 0.35 * Math.sin(now / 40e3 + s.max) + 0.1 * (r() - 0.5);
      const running = p.state === "running" && this.state === "running";
      const rate = running ? s.rate * wave : 0;
      p.calls += Math.round(rate);
      const counts = new Array(bounds.length + 1).fill(0);
      for (let i = 0; i < Math.min(400, rate); i++) counts[this.bucket(s)]++;
      const errors = rate * (r() < 0.15 ? 0.04 : 0.004);
      p.errors += Math.round(errors);
      if (!running) p.queued = p.state === "paused" ? Math.min(400, p.queued + Math.round(s.rate)) : 0;
      else p.queued = Math.max(0, Math.round((wave - 1.15) * 40 * r()));
      let busy = 0;
      for (const w of p.workers) {
        if (w.call && now > w.call.until) { w.calls++; w.call = null; }
        if (!w.call && running && r() < 0.62) {
          const func = s.funcs[Math.floor(r() * s.funcs.length)];
          const long = r() < 0.03 ? 8000 : 0;
          w.call = { number: this.nextCall++, func, at: now - r() * 700, until: now + r() * 1500 + long, wait: r() * r() * 0.4, progress: s.name === "thumb" && r() < 0.5 };
        }
        if (w.call) { busy++; w.cpu += 0.4 * r(); }
        w.memory = Math.max(s.memory * 0.6, Math.min((s.limit || 1e12) * 0.93, w.memory * (0.97 + 0.062 * r())));
      }
      p.busy = busy;
      const fine = s.typical * wave;
      this.samples[s.name] = {
        calls: rate, errors, p50: fine, p90: fine * 3, p99: fine * (5 + 4 * r()), oldest_wait: p.queued ? p.queued * 0.013 : p.state === "paused" ? 5 : 0,
        queued: p.queued, running: busy, workers: p.workers.length, memory: this.memory(p), cpu: busy * 0.3, deaths: 0, buckets: counts, missing: false,
      };
      if (running && r() < s.deaths) this.die(p, now);
    }
    if (r() < 0.4) this.log(r() < 0.85 ? "INFO" : r() < 0.7 ? "WARN" : "ERROR", ["thumbnail made", "a file was left out: no picture", "worker recycled", "ftp: 421 too many connections"][Math.floor(r() * 4)], { file: `in/${Math.floor(r() * 9000)}.jpg`, took: `${(r() * 300).toFixed(0)}ms` });
    this.event(["WorkerStarted", "CallEnded", "WorkerRecycled"][Math.floor(r() * 3)], { Pool: "thumb", PID: 5000 + Math.floor(r() * 30), Took: r() });
  }

  bucket(s) {
    const r = this.random;
    const normal = Math.sqrt(-2 * Math.log(r() || 1e-9)) * Math.cos(2 * Math.PI * r());
    const t = s.typical * Math.exp(s.spread * normal);
    const i = bounds.findIndex((b) => t <= b);
    return i < 0 ? bounds.length : i;
  }

  memory(p) { return Math.round(p.workers.reduce((n, w) => n + w.memory, 0)); }

  die(p, at) {
    const [cause, why, frame, signal] = causes[Math.floor(this.random() * (p.shape.name === "thumb" ? 4 : 2))];
    const i = Math.floor(this.random() * p.workers.length), w = p.workers[i];
    p.workers[i] = this.worker(p);
    p.workers[i].born = at;
    p.restarts++;
    const number = (this.deaths.at(-1)?.number ?? 0) + 1;
    const func = w.call?.func ?? p.shape.funcs[0];
    this.deaths.push({
      number, time: new Date(at).toISOString(), pool: p.shape.name, worker: w.id, pid: w.pid, cause, why: number === 3 ? why + " " + hostile : why,
      kind: (0x1a2b3c40 + causes.findIndex((c) => c[0] === cause) * 7919 + p.shape.max).toString(16), expected: false, code: cause === "exit" ? 3 : -1, signal, frame,
      age: (at - w.born) / 1000, calls: w.calls, user: 31.2, system: 2.1, max_rss: Math.round(w.memory * 1.3), memory_limit: p.shape.limit,
      call: { number: Number(this.nextCall % 100000n), func, queued: iso(at - 6420), started: iso(at - 6400), wait: 0.02, run: 6.4, arg: 48211, timeout: 5 },
      others: [], argument: true, blobs: [{ name: "cpu.pb.gz", bytes: 18231 }, { name: "trace.out", bytes: 812344 }],
    });
    if (this.deaths.length > certificates) this.deaths.shift();
    if (this.samples[p.shape.name]) this.samples[p.shape.name].deaths++;
    this.log("ERROR", "worker died", { pool: p.shape.name, pid: w.pid, cause, why });
  }

  log(level, message, attrs) {
    this.logs.push({ time: iso(this.now()), level, message, attrs });
    if (this.logs.length > 500) this.logs.shift();
  }
  event(type, data) {
    this.events.push({ time: iso(this.now()), type, data });
    if (this.events.length > 500) this.events.shift();
  }

  upgrade() {
    this.pid += 77;
    this.version = "2.4.2";
    this.started = this.now();
    for (const p of this.pools) p.workers = p.workers.map(() => this.worker(p));
    this.event("Upgraded", { Old: this.pid - 77, PID: this.pid });
  }

  kill(pid) {
    for (const p of this.pools) {
      const i = p.workers.findIndex((w) => w.pid === pid);
      if (i >= 0) { p.workers[i] = this.worker(p); p.workers[i].born = this.now(); return true; }
    }
    return false;
  }
}

const iso = (t) => new Date(t).toISOString();
