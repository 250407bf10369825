// What is wrong now, each with what to do about it.
import type { Daemon, Pool } from "../api/wire.ts";
import { readmit, resumePool, scalePool, type Action } from "../view/actions.ts";
import { count, duration, plural } from "../view/format.ts";

export interface Problem {
  key: string;
  tone: "bad" | "warn";
  text: string;
  remedy: string;
  link?: string;
  action?: Action;
}

/** A call that waits for longer has too few workers, whatever its function does. */
const longWait = 10;

export function problems(d: Daemon | undefined, pools: Pool[]): Problem[] {
  const found: Problem[] = [];
  for (const p of pools) found.push(...ofPool(p));
  if (!d) return found;
  if (d.log?.failure) {
    found.push({ key: "log", tone: "bad", text: `The log cannot be written: ${d.log.failure}.`, remedy: "Make room or give access to its file; a reload opens it anew." });
  }
  if (d.loop?.running > 2) {
    found.push({ key: "loop", tone: "bad", text: `A function has held the loop for ${duration(d.loop.running)}.`, remedy: "Ticks, events and methods wait for it. The daemon's stack says where it is.", link: "#/system" });
  }
  if (!d.healthy && d.unhealthy && d.state === "running" && !found.length) {
    found.push({ key: "unhealthy", tone: "bad", text: `Not healthy: ${d.unhealthy}.`, remedy: "The readiness check fails until this is over.", link: "#/system" });
  }
  if (d.restart_needed?.length) {
    found.push({ key: "restart", tone: "warn", text: `Changed, but not in force: ${d.restart_needed.join(", ")}.`, remedy: "An upgrade or a restart makes it so.", link: "#/system" });
  }
  return found;
}

function ofPool(p: Pool): Problem[] {
  const found: Problem[] = [];
  const link = `#/pool/${encodeURIComponent(p.name)}`;
  if (p.state === "failed") {
    found.push({ key: "failed " + p.name, tone: "bad", text: `Pool ${p.name} has failed: ${p.reason || p.last_death || "no reason was given"}.`, remedy: "Its calls fail until it is started again.", link, action: resumePool(p) });
  }
  if (p.state === "paused") {
    found.push({ key: "paused " + p.name, tone: "warn", text: `Pool ${p.name} is paused; ${plural(p.queued, "call")} wait.`, remedy: "They go on when it is resumed.", link, action: resumePool(p) });
  }
  if (p.poisoned?.length) {
    found.push({ key: "poisoned " + p.name, tone: "bad", text: `In quarantine in pool ${p.name}: ${p.poisoned.join(", ")}.`, remedy: "Calls of it killed workers, so they are refused.", link, action: readmit(p.name, p.poisoned.length === 1 ? p.poisoned[0] : undefined) });
  }
  if (p.queue_limit > 0 && p.queued >= p.queue_limit) {
    found.push({ key: "full " + p.name, tone: "bad", text: `The queue of pool ${p.name} is full (${count(p.queue_limit)}): new calls are refused.`, remedy: "More workers, or fewer calls.", link, action: scalePool(p) });
  } else if (p.oldest_wait > longWait && p.state === "running") {
    found.push({ key: "wait " + p.name, tone: "warn", text: `A call of pool ${p.name} has waited for ${duration(p.oldest_wait)}; ${plural(p.queued, "call")} wait.`, remedy: "More workers, or fewer calls.", link, action: scalePool(p) });
  }
  if (p.memory_limit > 0 && p.worker_memory_max >= p.memory_limit * 0.95) {
    found.push({ key: "memory " + p.name, tone: "warn", text: `A worker of pool ${p.name} is near its memory limit.`, remedy: "It will be replaced or killed.", link });
  }
  return found;
}
