// What the daemon that does not exist answers to requests.
import { sample } from "./pprof.mjs";
import { differences, shapes } from "./shapes.mjs";
import { historyOf } from "./topics.mjs";

const roles = ["read", "operate", "admin"];

export async function answer(f, method, params) {
  const known = shapes.methods[method], act = methods[method];
  if (!known || !act) return { error: { code: -32601, message: `there is no method ${method}` } };
  if (roles.indexOf(f.role) < roles.indexOf(known.role)) return { error: { code: -32001, message: `not allowed: ${method} needs the role ${known.role}, you have ${f.role}` } };
  const wrong = differences(params, known.params, "params");
  if (wrong.length) return { error: { code: -32602, message: wrong.join("; ") } };
  if (f.refuse) return { error: { code: -32400, message: f.refuse } };
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
  "pool.profile": (_, p) => ({ pool: p.pool, kind: "cpu", seconds: p.seconds ?? 5, name: "cpu.pb.gz", bytes: sample(), workers: [{ pid: 5001, worker: 1 }, { pid: 5002, worker: 2, error: "it ended" }] }),
  "worker.profile": (_, p) => ({ pool: "thumb", pid: p.pid, worker: 1, kind: "cpu", seconds: p.seconds ?? 5, name: "cpu.pb.gz", bytes: sample() }),
  "worker.trace": (_, p) => ({ pool: "thumb", pid: p.pid, worker: 1, kind: "trace", seconds: p.seconds ?? 5, name: "trace.out", bytes: btoa("go 1.26 trace\0\0\0") }),
  "death.blob": (_, p) => ({ name: p.name, bytes: sample() }),
  "daemon.stack": () => ({ stack }),
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
  "death.replay": () => ({ outcome: "timeout", error: "the call was over its deadline of 5 s", result: null, death: 0, pid: 6100, took: 5.01 }),
  "death.export": () => ({ files: [{ name: "certificate.json", data: btoa("{}") }], left_out: [] }),
  "func.list": (f) => f.world.pools.flatMap((p) => p.shape.funcs.map((name, i) => ({ name, pool: p.shape.name, kind: "worker", in: i ? "int" : "main.job", out: "picture.Result" }))),
  "call": (_, p) => ({ path: "out/1.jpg", width: 80, given: p.arg ?? null }),
  "config.show": () => [
    { key: "name", value: "thumbs", source: "program" }, { key: "pools.thumb.max", value: "8", source: "/etc/thumbs.toml:12" }, { key: "pools.thumb.timeout", value: "5s", source: "program" },
    { key: "pools.thumb.sandbox.memory", value: "256 MiB", source: "THUMBS_POOLS_THUMB_MEMORY" }, { key: "access.token-file:/etc/thumbs/ci.token", value: "●●●", source: "/etc/thumbs.toml:3" },
  ],
  "pool.stop": (f, p) => { pool(f, p.pool).state = "stopped"; pool(f, p.pool).workers = []; },
  "task.run": (_, p) => ({ id: 13, name: p.name, state: "running", pid: 6002, started: new Date().toISOString(), took: 0 }),
  "cron.run": () => true,
  "daemon.reload": (f) => { f.world.changing = "a reload"; setTimeout(() => { f.world.changing = ""; }, 2500); },
  "daemon.loglevel": (f, p) => ({ level: (f.world.logLevel = (p.level ?? f.world.logLevel).toUpperCase()) }),
  "daemon.doctor": () => [
    { topic: "waiting for workers", ok: true, found: "pidfd", means: "a worker costs no thread, and its pid is never mistaken for another's", advice: "" },
    { topic: "cpu cgroup", ok: false, found: "none: no cgroup is delegated to this user", means: "a pool with Pool.CPU does not start", advice: "run the daemon as root, or under systemd with Delegate=cpu" },
  ],
  "daemon.upgrade": (f) => {
    const old = { pid: f.world.pid, version: f.world.version };
    f.world.upgrade();
    return { old_pid: old.pid, pid: f.world.pid, in_place: false, from: { program: "/usr/bin/thumbs", version: old.version }, to: { program: "/usr/bin/thumbs", version: f.world.version } };
  },
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
