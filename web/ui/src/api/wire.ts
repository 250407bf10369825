// The types that the daemon sends: package status in JSON. Durations are
// seconds with fractions, times are RFC 3339, memory is bytes. The daemon may
// be newer or older than this page: a field may be missing, whatever is said
// here, so the page reads them through the functions of view/format.ts, which
// take undefined.
import type { Num } from "./json.ts";

export interface Times { mean: number; p50: number; p90: number; p99: number; max: number }

export interface Loop {
  ticks: Num; missed: Num; overruns: Num; panics: Num; pending: number; left_out: Num;
  running: number; busy: number; idle: number;
}

export interface Daemon {
  name: string; pid: number; state: string;
  changing?: string; changing_for?: number;
  healthy: boolean; unhealthy?: string; restart_needed?: string[];
  version: string; uptime: number; user: string; host: string;
  cpu: number; memory: number; load: number[]; workers: number;
  loop: Loop; control: string[];
  log: { written: Num; dropped: Num; failure: string; level: string };
  shared?: { name: string; bytes: number; loaded: string; kept: number }[];
}

export interface Pool {
  name: string; kind: string; state: string; reason: string;
  min: number; max: number; ready: number; queued: number; running: number;
  calls: Num; ok: Num; failed: Num; panicked: Num; refused: Num; timed_out: Num;
  canceled: Num; crashed: Num; dropped: Num; retried: Num;
  started: Num; recycled: Num; restarts: Num; corrupt: Num; forbidden: Num;
  sandbox?: { held: string[]; missing: string[]; best_effort: boolean };
  poisoned?: string[]; looptime: number; forever: boolean; last_death: string;
  oldest_wait: number; queue_limit: number; busy: number; cpu: number;
  memory: number; worker_memory_max: number; memory_limit: number;
  bytes_in: Num; bytes_out: Num;
  recycled_by?: Record<string, Num>; deaths_by?: Record<string, Num>;
}

export interface Func {
  name: string; calls: Num; errors: Num;
  mean: number; p50: number; p90: number; p99: number; max: number;
  outcomes?: Record<string, Num>; wait?: Times; run?: Times; cpu: number;
  deaths: number; retry_after: number;
}

export interface Progress { done: number; of: number; note: string; at: string }
export interface Running { id: Num; func: string; for: number; progress?: Progress }

export interface Worker {
  id: Num; pid: number; pool: string; state: string; retiring: string;
  age: number; started?: string; // age changes seldom, so that a worker is not news each second
  calls: Num; load: number; call: string; for: number;
  memory: number; cpu: number; sealed: boolean; running?: Running[];
}

export interface Call {
  pool: string; func: string; id: Num; state: string; outcome: string; pid: number; worker?: Num; tries: number; // worker: of one that runs
  queued?: string; started?: string; ended?: string; arg_bytes: number; result_bytes: number;
  wait?: number; run?: number; cpu?: number; progress?: Progress;
}

export interface DeathCall {
  number: Num; func: string; queued: string; started: string; wait: number; run: number; arg: number; timeout: number;
}

export interface Death {
  number: Num; time: string; pool: string; worker: Num; pid: number;
  cause: string; why: string; kind: string; expected: boolean; // expected: Legion ended it, for that cause
  code: number; signal: string; frame: string;
  age: number; calls: Num; user: number; system: number; max_rss: number; memory_limit: number;
  stack?: string; stderr?: string[]; call?: DeathCall | null; others?: DeathCall[]; no_argument?: string;
  timeline?: { at: string; what: string }[]; argument: boolean; blobs?: { name: string; bytes: number }[];
}

export interface DeathKind {
  kind: string; pool: string; cause: string; frame: string; why: string;
  count: Num; first: string; last: string; number: Num;
}

export interface Sample {
  calls: number; errors: number; p50: number; p90: number; p99: number; oldest_wait: number;
  queued: number; running: number; workers: number; memory: number; cpu: number; deaths: number;
  buckets?: number[] | null; missing?: boolean;
}
export interface History { step: number; end: string; samples: Sample[]; folded?: boolean }

export interface Cron { name: string; spec: string; next: string | null; runs: Num; missed: Num; pending: boolean; outcomes?: Record<string, Num>; last_ok?: string | null }
export interface Client { id: Num; name: string; as: string; role: string; protocol: string; address: string; pid: number; since: string }
export interface Task { name: string; running: number; queued: number; max: number; calls: Num }
export interface Plugin { name: string; type: string; state: string; stats?: unknown }
export interface LogRecord { time: string; level: string; message: string; attrs: Record<string, unknown> | null }
export interface EventType { type: string; count: Num; handlers: number }
export interface Event { time: string; type: string; data: unknown }
export interface FuncType { name: string; pool: string; kind: string; in: string; out: string }
export interface Setting { key: string; value: string; source: string }
/** A profile or a trace; bytes is base64. */
export interface Capture { name: string; bytes: string; workers?: { pid: number; error?: string }[] }
export interface Replay { outcome: string; error: string; result: unknown; death: Num; took: number }
export interface Export { files: { name: string; data: string }[]; left_out: string[] }

export interface Finding { topic: string; ok: boolean; found: string; means: string; advice: string }

/** The upper bounds of the history's buckets, in seconds; the last bucket is above all of them. */
export const bounds = [0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** One line of the stream. */
export interface Item {
  topic: string; at: string; full?: boolean;
  set?: Record<string, unknown>; gone?: string[]; add?: unknown[]; missed?: number;
}

export type Role = "read" | "operate" | "admin";
const roles: Role[] = ["read", "operate", "admin"];
export const allows = (has: Role, needs: Role) => roles.indexOf(has) >= roles.indexOf(needs);

export interface Session {
  secret: string; role: Role; as: string; daemon: string; version: string; expires: string; commands: string;
  /** The header field that takes the secret, where Authorization belongs to the user's own server. */
  field?: string;
  /** Whether the page comes from the daemon itself: the secret is the token, "" for none, and asked the role of which it wants no more. */
  login?: boolean;
  asked?: Role;
  /** Whether the server gives a new session by itself when this one is over. */
  renew?: boolean;
}
