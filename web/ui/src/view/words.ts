// States and outcomes: for each a letter, a word and a tone, so that none is
// told by its colour alone.
import type { Pool, Worker } from "../api/wire.ts";
import { count } from "./format.ts";

export type Tone = "ok" | "busy" | "idle" | "warn" | "bad";

const poolTones: Record<string, Tone> = { running: "ok", paused: "warn", failed: "bad", stopping: "warn", stopped: "idle" };
export const poolTone = (state: string): Tone => poolTones[state] ?? "idle";

const daemonTones: Record<string, Tone> = { running: "ok", starting: "warn", stopping: "warn", stopped: "bad" };
export const daemonTone = (state: string): Tone => daemonTones[state] ?? "idle";

export interface Looks { tone: Tone; letter: string; word: string }

const workerLooks: Record<string, Looks> = {
  starting: { tone: "warn", letter: "s", word: "starting" },
  leaving: { tone: "idle", letter: "l", word: "leaving" },
  dying: { tone: "bad", letter: "d", word: "dying" },
  killed: { tone: "bad", letter: "k", word: "killed" },
  stuck: { tone: "bad", letter: "!", word: "stuck" },
  replay: { tone: "busy", letter: "R", word: "replay" },
};

/** A worker that is ready is told by what it does. */
export function workerLook(w: Worker): Looks {
  const look = workerLooks[w.state];
  if (look) return look;
  if (w.load > 0 || w.call) return { tone: "busy", letter: "B", word: "busy" };
  return w.state === "ready" || w.state === "idle"
    ? { tone: "ok", letter: "i", word: "idle" }
    : { tone: w.state === "busy" ? "busy" : "idle", letter: w.state.slice(0, 1) || "?", word: w.state || "unknown" };
}

const causes: Record<string, string> = {
  exit: "ended by itself", signal: "killed by a signal", out_of_memory: "out of memory", deadline: "over its deadline", cancel: "did not obey a cancel",
  heartbeat: "stopped answering", memory_limit: "over its memory limit", kill: "killed by hand", protocol: "broke the protocol", boot: "did not start", forbidden: "did what its sandbox forbids", stop: "did not leave in time",
};
/** How many workers have died, of whatever cause. An older daemon counts only those that died unexpectedly. */
export const died = (p: Pool): number =>
  Math.max(Object.values(p.deaths_by ?? {}).reduce<number>((n, x) => n + Number(x), 0), Number(p.restarts));

export const causeWord = (cause: string): string => causes[cause] ?? cause.replaceAll("_", " ");

/** A death that Legion or a person brought about is marked otherwise than one that came by itself: in each list, and of its kind, alike. */
export const causeTone = (cause: string): Tone => (["deadline", "cancel", "stop", "kill"].includes(cause) ? "warn" : "bad");

/** How many certificates there are, beside the list of them. */
export const keptWord = (n: number): string => (n === 0 ? "none is kept" : n === 1 ? "the newest is kept" : `the newest ${count(n)} are kept`);

export const levelTone = (level: string): Tone => {
  const l = level.toUpperCase();
  return l.startsWith("ERROR") ? "bad" : l.startsWith("WARN") ? "warn" : l.startsWith("DEBUG") ? "idle" : "ok";
};

export const outcomeTone = (outcome: string): Tone => (outcome === "ok" ? "ok" : outcome === "" ? "busy" : outcome === "error" || outcome === "canceled" ? "warn" : "bad");
