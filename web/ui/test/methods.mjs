// What the daemon that does not exist answers to requests.
import { sample } from "./pprof.mjs";
import { historyOf } from "./topics.mjs";

const needs = { read: 0, operate: 1, admin: 2 };
const operate = new Set(["pool.pause", "pool.resume", "pool.scale", "pool.recycle", "pool.readmit", "pool.stop", "worker.kill", "worker.end", "worker.stack", "pool.profile", "worker.profile", "death.blob", "call", "task.run", "cron.run", "death.replay", "death.export", "daemon.reload"]);
const admin = new Set(["daemon.upgrade", "daemon.stop"]);

export async function answer(f, method, params) {
  const need = admin.has(method) ? "admin" : operate.has(method) ? "operate" : "read";
  if (needs[f.role] < needs[need]) return { error: { code: -32001, message: `not allowed: ${method} needs the role ${need}, you have ${f.role}` } };
  if (f.refuse) return { error: { code: -32400, message: f.refuse } };
  const act = methods[method];
  if (!act) return { error: { code: -32601, message: `there is no method ${method}` } };
  return { result: act(f, params) ?? true };
}

const pool = (f, name) => f.world.pools.find((p) => p.shape.name === name);
const each = (f, name) => (name === undefined ? f.world.pools : [pool(f, name)]);

const methods = {
  "history.get": (f, p) => historyOf(f.world, p.pool, p.step),
  "pool.pause": (f, p) => { for (const x of each(f, p.pool)) x.state = "paused"; },
  "pool.resume": (f, p) => { for (const x of each(f, p.pool)) { x.state = "running"; x.reason = ""; } },
  "pool.recycle": (f, p) => { for (const x of each(f, p.pool)) x.workers = x.workers.map(() => f.world.worker(x)); },
  "pool.readmit": (f, p) => { pool(f, p.pool).poisoned = []; },
  "pool.scale": (f, p) => {
    const x = pool(f, p.pool);
    [x.min, x.max] = [p.min, p.max];
    while (x.workers.length < p.max) x.workers.push(f.world.worker(x));
    x.workers.length = p.max;
  },
  "worker.kill": (f, p) => f.world.kill(p.pid),
  "worker.end": (f, p) => f.world.kill(p.pid),
  "pool.profile": (_, p) => ({ pool: p.pool, kind: "cpu", seconds: p.seconds, name: "cpu.pb.gz", bytes: sample(), workers: [{ pid: 5001 }, { pid: 5002, error: "it ended" }] }),
  "worker.profile": (_, p) => ({ pool: p.pool, pid: p.pid, name: "cpu.pb.gz", bytes: sample() }),
  "death.blob": (_, p) => ({ name: p.name, bytes: sample() }),
  "worker.stack": (f, p) => ({ pid: p.pid, pool: "thumb", stack }),
  "death.get": (f, p) => {
    const d = f.world.deaths.find((x) => x.number === Number(p.number));
    const at = Date.parse(d.time), t = (ms) => new Date(at - ms).toISOString();
    const secret = f.role === "read" ? { stack: "(needs the role operate)", stderr: ["(needs the role operate)"] } : { stack, stderr: ["decoding in/8812.jpg", "<script>alert(1)</script>", "fatal: not enough memory for 30000 x 30000 pixels"] };
    return {
      ...d, ...secret,
      timeline: [["submitted", 6420], ["started", 6400], ["deadline", 1400], ["grace", 1398], ["SIGABRT", 402], ["SIGKILL", 12], ["reaped", 0]].map(([what, ms]) => ({ at: t(ms), what })),
      others: [{ number: 4711, func: "crop", queued: t(900), started: t(880), wait: 0.02, run: 0.88, arg: 812, timeout: 5 }],
    };
  },
  "death.replay": () => ({ outcome: "timeout", error: "the call was over its deadline of 5 s", result: null, death: 0, took: 5.01 }),
  "death.export": () => ({ files: [{ name: "death-17.json", data: btoa("{}") }] }),
  "func.list": (f) => f.world.pools.flatMap((p) => p.shape.funcs.map((name, i) => ({ name, pool: p.shape.name, kind: "worker", in: i ? "int" : "main.job", out: "picture.Result" }))),
  "call": (_, p) => ({ path: "out/1.jpg", width: 80, given: p.arg ?? null }),
  "config.show": () => [
    { key: "name", value: "thumbs", source: "program" }, { key: "pools.thumb.max", value: "8", source: "/etc/thumbs.toml:12" }, { key: "pools.thumb.timeout", value: "5s", source: "program" },
    { key: "pools.thumb.sandbox.memory", value: "256 MiB", source: "THUMBS_POOLS_THUMB_MEMORY" }, { key: "access.token-file:/etc/thumbs/ci.token", value: "●●●", source: "/etc/thumbs.toml:3" },
  ],
  "task.run": () => ({ id: 13, state: "running" }),
  "cron.run": () => true,
  "task.list": () => ({ tasks: [], runs: [{ id: 12, name: "nightly", state: "running", pid: 6001, started: new Date(Date.now() - 60e3).toISOString(), took: 60 }] }),
  "system.listMethods": () => ["daemon.doctor"],
  "daemon.reload": (f) => { f.world.changing = "a reload"; setTimeout(() => { f.world.changing = ""; }, 2500); },
  "daemon.upgrade": (f) => f.world.upgrade(),
  "daemon.stop": (f) => { f.world.state = "stopping"; },
  "event.list": () => [{ type: "WorkerStarted", count: 212, handlers: 0 }, { type: "CallEnded", count: 812331, handlers: 1 }],
};

const stack = `goroutine 34 [running]:
main.decode({0xc000412000, 0x2f, 0x40})
	/src/thumbs/picture.go:88 +0x1b2
main.resize({0x8a1f20, 0xc00012e000}, {{0xc000412000, 0x2f}, 0x50})
	/src/thumbs/thumb.go:41 +0x98
github.com/legion-go/legion/internal/worker.(*Server).run(0xc000130000)
	/go/pkg/mod/github.com/legion-go/legion/internal/worker/serve.go:211 +0x2f4
created by github.com/legion-go/legion/internal/worker.(*Server).request in goroutine 1
	/go/pkg/mod/github.com/legion-go/legion/internal/worker/serve.go:180 +0x1c6

goroutine 1 [select]:
runtime.gopark(0xc000051e00?, 0x2?)
	/usr/local/go/src/runtime/proc.go:435 +0xce`;
