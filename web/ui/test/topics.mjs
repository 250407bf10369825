// The topics of watch, from the world: each a function to an object by key.
const bounds = 17;

export const keyed = {
  daemon: (w) => ({ daemon: {
    name: "thumbs", pid: w.pid, state: w.state, ...(w.changing ? { changing: w.changing, changing_for: 3.2 } : {}), healthy: w.state === "running", unhealthy: w.state === "running" ? "" : "the daemon is " + w.state,
    ...(w.restartNeeded ? { restart_needed: w.restartNeeded } : {}), version: w.version, uptime: (w.now() - w.started) / 1000, user: "thumbs", host: "pictures-3",
    cpu: 4012, memory: 41e6, load: [1.42, 1.2, 0.98], workers: w.pools.reduce((n, p) => n + p.workers.length, 0),
    loop: { ticks: 812331, missed: 4, overruns: 2, panics: 0, pending: 1, left_out: 0, running: w.loopRunning ?? 0, busy: 812.2, idle: 261331 },
    control: ["unix:///run/thumbs/control.sock"], log: { written: 120331, dropped: 2, failure: w.logFailure ?? "", level: w.logLevel, levels: { debug: 0, info: 119802, warn: 512, error: 17 } },
    shared: [{ name: "colour profiles", bytes: 4194304, loaded: new Date(w.started).toISOString(), kept: 0 }],
  } }),
  pools: (w) => byName(w.pools, (p) => p.shape.name, (p) => ({
    name: p.shape.name, kind: "worker", state: w.state === "running" ? p.state : w.state === "starting" ? "running" : w.state, reason: p.reason, min: p.min, max: p.max, ready: w.state === "starting" ? p.workers.length >> 1 : p.workers.length,
    queued: p.queued, running: p.busy ?? 0, calls: p.calls, ok: p.calls - p.errors, failed: p.errors, panicked: 12, refused: 0, timed_out: 31, canceled: 2, crashed: p.restarts, dropped: 0, retried: 9,
    started: 212 + p.restarts, recycled: 190, restarts: p.restarts, corrupt: 0, forbidden: 0, looptime: 0, forever: false, last_death: "", poisoned: p.poisoned,
    ...(p.shape.limit ? { sandbox: { held: ["no network", "memory 256 MiB", "files: /srv/in read-only"], missing: [], best_effort: false } } : {}),
    oldest_wait: w.samples[p.shape.name]?.oldest_wait ?? 0, queue_limit: 400, busy: 81231, cpu: 61231, memory: w.memory(p), worker_memory_max: Math.round(Math.max(0, ...p.workers.map((x) => x.memory))), memory_limit: p.shape.limit,
    bytes_in: 812331221, bytes_out: 91223312, recycled_by: { calls: 120, age: 60, memory: 10 }, deaths_by: { deadline: p.restarts },
  })),
  funcs: (w) => Object.fromEntries(w.pools.flatMap((p) => p.shape.funcs.map((f, i) => [`${p.shape.name}/${f}`, {
    pool: p.shape.name, name: f, calls: Math.round(p.calls / (i + 1)), errors: p.errors, mean: p.shape.typical, p50: p.shape.typical * 0.8, p90: p.shape.typical * 3, p99: p.shape.typical * 7, max: p.shape.typical * 40,
    outcomes: { ok: p.calls - p.errors, error: p.errors, panicked: 12, timeout: 31, crashed: p.restarts },
    wait: { mean: 0.002, p50: 0.0004, p90: 0.003, p99: 0.09, max: 1.2 }, run: { mean: p.shape.typical, p50: p.shape.typical * 0.7, p90: p.shape.typical * 2.7, p99: p.shape.typical * 6, max: 5 }, cpu: 41231, deaths: 0, retry_after: p.poisoned.includes(f) ? 30 : 0,
  }]))),
  workers: (w) => Object.fromEntries(w.pools.flatMap((p) => p.workers.map((x) => [`${p.shape.name}/${x.id}`, {
    id: x.id, pid: x.pid, pool: p.shape.name, state: x.state, retiring: "", age: Math.floor((w.now() - x.born) / 10000) * 10, started: iso(x.born), calls: x.calls, load: x.call ? 1 : 0, call: x.call?.func ?? "", for: x.call ? (w.now() - x.call.at) / 1000 : 0,
    memory: Math.round(x.memory), cpu: x.cpu, sealed: !!p.shape.limit, running: x.call ? [{ id: x.call.number, func: x.call.func, for: (w.now() - x.call.at) / 1000, ...(x.call.progress ? { progress: progress(w, x) } : {}) }] : [],
  }]))),
  calls: (w) => Object.fromEntries(w.pools.flatMap((p) => [
    ...p.workers.filter((x) => x.call).map((x) => [`${p.shape.name}/${x.call.number}`, {
      pool: p.shape.name, func: x.call.func, id: x.call.number, state: "running", outcome: "", pid: x.pid, worker: x.id, tries: 0, queued: iso(x.call.at - x.call.wait * 1000), started: iso(x.call.at), arg_bytes: 48211, result_bytes: 0,
      wait: x.call.wait, run: (w.now() - x.call.at) / 1000, cpu: (w.now() - x.call.at) / 1600, ...(x.call.progress ? { progress: progress(w, x) } : {}),
    }]),
    ...Array.from({ length: Math.min(30, p.queued) }, (_, i) => [`${p.shape.name}/${100000 + i}`, {
      pool: p.shape.name, func: p.shape.funcs[0], id: 100000 + i, state: "queued", outcome: "", pid: 0, tries: 0, queued: iso(w.now() - 900 + i * 20), arg_bytes: 1200, result_bytes: 0, wait: 0.9 - i * 0.02, run: 0, cpu: 0,
    }]),
  ]).slice(0, 400)),
  slow: (w) => Object.fromEntries(w.pools.flatMap((p) => p.shape.funcs.flatMap((f, k) => Array.from({ length: 16 }, (_, i) => {
    const run = p.shape.typical * (40 - i * 2), wait = (i % 4) * 0.2 * p.shape.typical * 10;
    return [`${p.shape.name}/${f}/${200000 + i + k * 50}`, {
      pool: p.shape.name, func: f, id: 200000 + i + k * 50, state: "done", outcome: i === 0 && p.shape.limit ? "crashed" : i === 2 ? "error" : "ok", pid: 5000 + i, tries: 0, queued: iso(w.started + i * 60e3), started: iso(w.started + i * 60e3 + wait * 1000),
      ended: iso(w.now() - 3000e3 + i * 160e3), arg_bytes: 48211, result_bytes: 1231, wait, run, cpu: run * (0.2 + 0.05 * i),
    }];
  })))),
  deaths: (w) => Object.fromEntries(w.deaths.map((d) => [d.number, d])),
  kinds(w) {
    const kinds = {};
    for (const d of w.deaths) {
      const k = (kinds[d.kind] ??= { kind: d.kind, pool: d.pool, cause: d.cause, frame: d.frame, why: d.why, count: 0, first: d.time, last: d.time, number: d.number });
      k.count++;
      if (d.time > k.last) [k.last, k.number] = [d.time, d.number];
    }
    return kinds;
  },
  history: (w) => ({ ...w.samples, ...Object.fromEntries(w.pools.flatMap((p) => p.shape.funcs.map((f) => [`${p.shape.name}/${f}`, w.samples[p.shape.name]]))) }),
  crons: (w) => (w.pools.length ? byName([
    { name: "cron 0 3 * * *", spec: "0 3 * * *", next: iso(nextThree(w)), runs: 3, missed: 0, pending: false, outcomes: { ok: 2, error: 1 }, last_ok: iso(nextThree(w) - 48 * 3600e3) },
    { name: "every 1s", spec: "1s", next: null, runs: 270000, missed: 4, pending: false },
  ], (c) => c.name) : {}),
  tasks: (w) => (w.pools.length ? byName([{ name: "nightly", running: 1, queued: 0, max: 1, calls: 12 }], (t) => t.name) : {}),
  plugins: (w) => (w.pools.length ? byName([{ name: "lock", type: "*lock.Lock", state: "started", stats: { held: true, path: "/run/thumbs/lock" } }], (t) => t.name) : {}),
  clients: (w) => byName([
    { id: 1, name: "uid 1000 pid 4712", as: "", role: "admin", protocol: "json", address: "unix:///run/thumbs/control.sock", uid: 1000, pid: 4712, since: iso(w.started + 60e3) },
    { id: 2, name: "uid 1000 pid 4800", as: "ana", role: "read", protocol: "json", address: "unix:///run/thumbs/control.sock", uid: 1000, pid: 4800, since: iso(w.now() - 90e3) },
  ], (c) => c.id),
};

export function historyOf(w, pool, step) {
  const n = { 1: 300, 10: 360, 60: 1440 }[step] ?? 300;
  const p = w.pools.find((x) => x.shape.name === pool);
  const end = Math.floor(w.now() / 1000 / step) * step;
  const samples = Array.from({ length: n }, (_, i) => {
    const t = (end - (n - i) * step) * 1000, s = p.shape;
    if (i < n * 0.12 && step === 60) return { calls: 0, errors: 0, p50: 0, p90: 0, p99: 0, oldest_wait: 0, queued: 0, running: 0, workers: 0, memory: 0, cpu: 0, deaths: 0, buckets: null, missing: true };
    const wave = 1 + 0.35 * Math.sin(t / 40e3 + s.max) * (step === 1 ? 1 : 0.2) + 0.3 * Math.sin(t / 900e3) + 0.1 * (w.random() - 0.5);
    const bad = Math.abs(i - n * 0.62) < n * 0.02 ? 6 : 1;
    const buckets = new Array(bounds).fill(0);
    for (let k = 0; k < Math.min(300, s.rate * wave * step); k++) buckets[w.bucket({ ...s, typical: s.typical * (bad > 1 && k % 2 ? bad : 1) })]++;
    return {
      calls: s.rate * wave, errors: s.rate * 0.005 * (bad > 1 ? 12 : w.random() * 2), p50: s.typical * wave, p90: s.typical * 3, p99: s.typical * (5 + w.random() * 3) * bad, oldest_wait: bad > 1 ? 2.2 : wave > 1.3 ? 0.2 : 0,
      queued: bad > 1 ? 40 : 0, running: s.max / 2, workers: s.max, memory: s.memory * s.max, cpu: s.max * 0.3, deaths: bad > 1 ? 1 : 0, buckets, missing: false,
    };
  });
  return { step, end: new Date(end * 1000).toISOString(), samples, folded: false };
}

const byName = (list, name, value = (x) => x) => Object.fromEntries(list.map((x) => [name(x), value(x)]));
const iso = (t) => new Date(t).toISOString();
const progress = (w, x) => ({ done: Math.min(40, ((w.now() - x.call.at) / 100) % 40), of: 40, note: "page " + Math.floor(((w.now() - x.call.at) / 100) % 40), at: iso(w.now()) });
function nextThree(w) {
  const t = new Date(w.now());
  t.setHours(27, 0, 0, 0);
  return t.getTime();
}
