// Everything that the page can do to the daemon. Each action is one request of
// the control socket, has the command that does the same, and says before it
// is done what it will do, to what.
import type { ComponentChildren } from "preact";
import { rpc } from "../api/rpc.ts";
import type { Call, Capture, Cron, Death, Func, Pool, Replay, Role, Task, Worker } from "../api/wire.ts";
import type { Num } from "../api/json.ts";
import { bytes, count, duration, plural } from "./format.ts";
import { command } from "./shell.ts";

export interface Action {
  label: string; // of the button
  title: string; // names the object
  consequence: ComponentChildren;
  role: Role;
  danger?: boolean;
  /** What must be typed first, for what concerns all pools or the daemon. */
  typed?: string;
  /** More to fill in; the action is made of the values. */
  fields?: Field[];
  /** Shows what it answers, until it is closed. */
  shows?: boolean;
  command(values: Values): string;
  run(values: Values): Promise<unknown>;
}

export interface Field {
  name: string;
  label: string;
  kind: "count" | "number" | "text" | "json" | "switch" | "choice";
  value: string;
  choices?: string[];
  least?: number;
  /** What the values mean together. */
  hint?(values: Values): string;
}
export type Values = Record<string, string>;

const simple = (method: string, params: object) => () => rpc(method, params);

export function pausePool(p: Pool): Action {
  return {
    label: "Pause", title: `Pause pool ${p.name}`, role: "operate",
    consequence: `Calls that run go on (${p.running} now). New ones wait, and fail when their time is over.`,
    command: () => command("pool", "pause", p.name), run: simple("pool.pause", { pool: p.name }),
  };
}

export function resumePool(p: Pool): Action {
  const failed = p.state === "failed";
  return {
    label: failed ? "Try again" : "Resume", title: `${failed ? "Start pool" : "Resume pool"} ${p.name}`, role: "operate",
    consequence: failed ? `Starts its workers again; it failed because: ${p.reason || "no reason was given"}.` : `The ${plural(p.queued, "call")} that wait now go to workers.`,
    command: () => command("pool", "resume", p.name), run: simple("pool.resume", { pool: p.name }),
  };
}

export function recyclePool(p: Pool): Action {
  return {
    label: "Recycle", title: `Recycle pool ${p.name}`, role: "operate",
    consequence: `Replaces its ${plural(p.ready, "worker")} one by one. Each finishes its calls first; no call is lost.`,
    command: () => command("pool", "recycle", p.name), run: simple("pool.recycle", { pool: p.name }),
  };
}

export function recycleAll(name: string, pools: Pool[]): Action {
  const workers = pools.reduce((n, p) => n + p.ready, 0);
  return {
    label: "Recycle all", title: "Recycle all pools", role: "operate", typed: name,
    consequence: `Replaces ${plural(workers, "worker")} of ${plural(pools.length, "pool")}, in each pool one by one. No call is lost.`,
    command: () => command("pool", "recycle"), run: simple("pool.recycle", {}),
  };
}

export function stopPool(p: Pool): Action {
  return {
    label: "Stop", title: `Stop pool ${p.name}`, role: "operate", danger: true,
    consequence: `Its ${plural(p.ready, "worker")} finish their calls and end. Calls that wait (${p.queued}) and new ones fail until it is resumed.`,
    command: () => command("pool", "stop", p.name), run: simple("pool.stop", { pool: p.name }),
  };
}

export function scalePool(p: Pool): Action {
  const each = p.ready > 0 ? p.memory / p.ready : 0;
  const hint = (v: Values) => {
    const max = Number(v["max"]), min = Number(v["min"]);
    if (min > max) return "The least number is above the greatest.";
    const now = `Now ${p.ready} of ${p.min} to ${p.max}. `;
    return each ? `${now}A worker has ${bytes(each)}: at least ${bytes(each * min)}, at most ${bytes(each * max)}.` : now;
  };
  return {
    label: "Scale", title: `Scale pool ${p.name}`, role: "operate",
    consequence: "More workers start at once. Fewer: workers finish their calls and leave. It lasts until the next reload.",
    fields: [
      { name: "min", label: "Least", kind: "count", value: String(p.min), least: 0 },
      { name: "max", label: "Greatest", kind: "count", value: String(p.max), least: 1, hint },
    ],
    command: (v) => command("pool", "scale", p.name, v["min"]!, v["max"]!),
    run: (v) => rpc("pool.scale", { pool: p.name, min: Number(v["min"]), max: Number(v["max"]) }),
  };
}

export function readmit(pool: string, f?: Func | string): Action {
  const name = typeof f === "string" ? f : f?.name;
  return {
    label: "Readmit", title: name ? `Readmit ${name} of pool ${pool}` : `Readmit all functions of pool ${pool}`, role: "operate",
    consequence: "It is in quarantine because its calls killed workers. It is called again; if it kills again, it goes back.",
    command: () => (name ? command("pool", "readmit", pool, name) : command("pool", "readmit", pool)),
    run: simple("pool.readmit", name ? { pool, func: name } : { pool }),
  };
}

const doing = (w: Worker) => (w.call ? `Its call ${w.call}, which runs for ${duration(w.for)},` : w.load ? `Its ${plural(w.load, "call")}` : "");

export function killWorker(w: Worker): Action {
  const lost = doing(w);
  return {
    label: "Kill", title: `Kill worker ${w.id} (pid ${w.pid}) of pool ${w.pool}`, role: "operate", danger: true,
    consequence: `Sends SIGKILL. ${lost ? `${lost} fails.` : "It runs no call now."} Another worker replaces it.`,
    command: () => command("worker", "kill", `${w.pool}/${w.id}`),
    run: simple("worker.kill", { pool: w.pool, pid: w.pid, worker: w.id }),
  };
}

export function endWorker(w: Worker): Action {
  const first = doing(w);
  return {
    label: "End", title: `End worker ${w.id} (pid ${w.pid}) of pool ${w.pool}`, role: "operate",
    consequence: `${first ? `${first} is finished first.` : "It runs no call now."} Another worker replaces it; nothing is lost.`,
    command: () => command("worker", "end", `${w.pool}/${w.id}`),
    run: simple("worker.end", { pool: w.pool, pid: w.pid, worker: w.id }),
  };
}

/** id is the worker's number in its pool, if it is known. */
export function stackOf(pool: string, pid: number, id?: Num): Action {
  return {
    label: "Stack", title: `Stack of pid ${pid} of pool ${pool}`, role: "operate", shows: true,
    consequence: "Looks only: the worker goes on. It shows where each goroutine is now.",
    command: () => command("worker", "stack", id === undefined ? pid : `${pool}/${id}`),
    run: async () => (await rpc<{ stack: string }>("worker.stack", { pool, pid, ...(id === undefined ? {} : { worker: id }) })).stack,
  };
}

export function stackOfDaemon(name: string): Action {
  return {
    label: "Stack", title: `Stack of ${name}`, role: "operate", shows: true,
    consequence: "Looks only: the daemon goes on. It shows where each goroutine of its own process is now.",
    command: () => command("worker", "stack"), run: async () => (await rpc<{ stack: string }>("daemon.stack")).stack,
  };
}

export function killCall(c: Call): Action {
  return {
    label: "Kill", title: `Kill the worker of call ${c.id} of ${c.func}`, role: "operate", danger: true,
    consequence: `Sends SIGKILL to pid ${c.pid} of pool ${c.pool}. The call ${c.func} fails, and so does whatever else that worker runs.`,
    command: () => command("worker", "kill", `${c.pool}/${c.worker}`), run: simple("worker.kill", { pool: c.pool, pid: c.pid, worker: c.worker }),
  };
}

export function runCron(c: Cron): Action {
  return {
    label: "Run now", title: `Run ${c.name} now`, role: "operate",
    consequence: "Calls it on the loop, beside its schedule, and waits until it returns.",
    command: () => command("cron", "run", c.name), run: simple("cron.run", { name: c.name }),
  };
}

export function runTask(t: Task): Action {
  return {
    label: "Run", title: `Run task ${t.name}`, role: "operate",
    consequence: `Starts a process for it. ${plural(t.running, "run")} of at most ${t.max || "any number"} now.`,
    fields: [{ name: "arg", label: "Argument, as JSON; empty for the zero value", kind: "json", value: "" }],
    command: (v) => command("task", "run", t.name, ...(v["arg"] ? [v["arg"]] : [])),
    run: (v) => rpc("task.run", { name: t.name, wait: false, ...argument(v["arg"]) }),
  };
}

const long: Field = { name: "seconds", label: "Seconds, at most 60", kind: "count", value: "5", least: 1 };

export function profilePool(p: Pool): Action {
  return {
    label: "Profile", title: `Profile pool ${p.name}`, role: "operate", shows: true, fields: [long],
    consequence: `Looks only: all its ${plural(p.ready, "worker")} are sampled at the same time, and go on. The program must import the package profile.`,
    command: (v) => command("pool", "profile", "-o", "cpu.pb.gz", p.name, `${v["seconds"]}s`),
    run: (v) => rpc<Capture>("pool.profile", { pool: p.name, seconds: Number(v["seconds"]) }),
  };
}

export function profileWorker(w: Worker): Action {
  return {
    label: "Profile", title: `Profile worker ${w.id} (pid ${w.pid}) of pool ${w.pool}`, role: "operate", shows: true, fields: [long],
    consequence: "Looks only: the worker is sampled, and goes on. The program must import the package profile.",
    command: (v) => command("worker", "profile", "-o", "cpu.pb.gz", `${w.pool}/${w.id}`, `${v["seconds"]}s`),
    run: (v) => rpc<Capture>("worker.profile", { pool: w.pool, pid: w.pid, worker: w.id, seconds: Number(v["seconds"]) }),
  };
}

export function traceWorker(w: Worker): Action {
  return {
    label: "Trace", title: `Trace worker ${w.id} (pid ${w.pid}) of pool ${w.pool}`, role: "operate", shows: true, fields: [long],
    consequence: "Looks only: the worker writes down what its goroutines do, which makes it a little slower meanwhile, and goes on. It ends early if it becomes large.",
    command: (v) => command("worker", "trace", "-o", "trace.out", `${w.pool}/${w.id}`, `${v["seconds"]}s`),
    run: (v) => rpc<Capture>("worker.trace", { pool: w.pool, pid: w.pid, worker: w.id, seconds: Number(v["seconds"]) }),
  };
}

/** The argument as a parameter; none if the text is empty. Throws what is wrong with its JSON. */
export function argument(text: string | undefined): { arg?: unknown } {
  return text?.trim() ? { arg: JSON.parse(text) as unknown } : {};
}

export function replay(d: Death): Action {
  return {
    label: "Replay", title: `Replay the call of death ${d.number}`, role: "operate", shows: true, danger: true,
    consequence: `Runs ${d.call?.func ?? "the call"} again with the same argument, in a fresh process of pool ${d.pool}. That process may die of it, as the first one did.`,
    command: () => command("death", "replay", String(d.number)),
    run: async () => replayed(await rpc<Replay>("death.replay", { number: d.number })),
  };
}

function replayed(r: Replay): string {
  const lines = [`Outcome: ${r.outcome.replaceAll("_", " ")}, after ${duration(r.took)}.`];
  if (r.error) lines.push(r.error);
  if (r.death) lines.push(`The process died again: death ${r.death}.`);
  if (r.result !== undefined && r.result !== null) lines.push(JSON.stringify(r.result, null, 2));
  return lines.join("\n");
}

export function reload(name: string, workers: number): Action {
  return {
    label: "Reload", title: `Reload ${name}`, role: "operate", typed: name,
    consequence: `Reads the configuration again, opens the log anew and replaces ${plural(workers, "worker")} one by one. No call is lost.`,
    command: () => command("reload"), run: simple("daemon.reload", {}),
  };
}

const levels = ["debug", "info", "warn", "error"];

export function logLevel(now: string): Action {
  const before = levels.includes(now.toLowerCase()) ? now.toLowerCase() : "info";
  return {
    label: "Log level", title: "Change the log level", role: "operate",
    consequence: `Records below it are left out of the log from then on, those of workers too${now ? `; now ${now}` : ""}. It lasts until the daemon ends.`,
    fields: [{ name: "level", label: "Level", kind: "choice", choices: levels, value: before }],
    command: (v) => command("loglevel", v["level"]!), run: (v) => rpc("daemon.loglevel", { level: v["level"] }),
  };
}

export function upgrade(name: string, pid: number): Action {
  return {
    label: "Upgrade", title: `Upgrade ${name}`, role: "admin", typed: name,
    consequence: `Replaces process ${pid} by the program that is now at its path. It is tried first; no call is lost.`,
    command: () => command("upgrade"), run: simple("daemon.upgrade", {}),
  };
}

export function stopDaemon(name: string, running: number): Action {
  return {
    label: "Stop", title: `Stop ${name}`, role: "admin", danger: true, typed: name,
    consequence: `Calls that run (${count(running)}) are finished, then its processes end. This page cannot start it again.`,
    command: () => command("stop"), run: simple("daemon.stop", {}),
  };
}
