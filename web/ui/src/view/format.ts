// Figures as text. All of them take undefined, because daemons of other
// versions leave fields out, and numbers as text, because of json.ts.
import type { Num } from "../api/json.ts";
import { zone } from "../state/prefs.ts";

const none = "–";
type Any = Num | null | undefined;

const missing = (n: Any): n is null | undefined | "" => n === undefined || n === null || n === "" || Number.isNaN(Number(n));

/** A whole number with thin spaces between thousands: 12 402. */
export function count(n: Any): string {
  if (missing(n)) return none;
  const [, sign, digits] = /^(-?)(\d+)/.exec(typeof n === "string" ? n : String(Math.round(n)))!;
  return sign + digits!.replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** A rate or another figure, to three digits: 0.42, 3, 31.5, 1 240. */
export function figure(n: Any): string {
  if (missing(n)) return none;
  const v = Number(n), a = Math.abs(v);
  if (a === 0) return "0";
  if (a >= 99.95 || Number.isInteger(v)) return count(v);
  return v.toFixed(a >= 9.995 ? 1 : a >= 0.0095 ? 2 : 3);
}

/** A share in percent: 0 %, 0.4 %, 12 %. */
export function percent(part: Any, whole: Any = 1): string {
  if (missing(part) || missing(whole)) return none;
  const p = Number(whole) === 0 ? 0 : (Number(part) / Number(whole)) * 100;
  if (p === 0) return "0\u202f%";
  if (p < 0.1) return "<0.1\u202f%";
  return (p >= 9.95 ? Math.round(p) : p.toFixed(1)) + "\u202f%";
}

const units: [number, string][] = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];

/** A duration in seconds: 12 µs, 3.4 ms, 1.25 s, 4 min 10 s, 3 h 2 min, 12 d 4 h. */
export function duration(s: Any): string {
  if (missing(s)) return none;
  const v = Number(s);
  if (v < 0) return "-" + duration(-v);
  if (v === 0) return "0\u202fs";
  if (v >= 59.95) return long(Math.round(v));
  for (const [size, name] of units) {
    const n = v / size;
    if (n >= 0.9995) return `${n >= 99.95 ? Math.round(n) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2)}\u202f${name}`;
  }
  return "<1\u202fns";
}

/** A duration that is round by itself, as a setting is: 5 s, not 5.00 s. */
export const exact = (s: Any): string => duration(s).replace(/\.0+(?=\D)/, "");

function long(s: number): string {
  const parts: [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const i = parts.findIndex(([size]) => s >= size);
  const [size, name] = parts[i]!;
  const head = `${Math.floor(s / size)}\u202f${name}`;
  const next = parts[i + 1];
  const rest = next ? Math.floor((s % size) / next[0]) : 0;
  return next && rest ? `${head} ${rest}\u202f${next[1]}` : head;
}

/** Memory: 812 B, 14.2 MiB. */
export function bytes(n: Any): string {
  if (missing(n)) return none;
  let v = Number(n), i = 0;
  const names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  for (; v >= 1023.5 && i < names.length - 1; i++) v /= 1024;
  return `${i === 0 || v >= 99.95 ? Math.round(v) : v.toFixed(1)}\u202f${names[i]}`;
}

const pad = (n: number, width = 2) => String(n).padStart(width, "0");

/** The time of day in the viewer's zone, or in UTC: 14:02:11. */
export function clock(at: string | number | null | undefined, millis = false): string {
  const t = date(at);
  if (!t) return none;
  const utc = zone.value === "utc";
  const [h, m, s] = utc ? [t.getUTCHours(), t.getUTCMinutes(), t.getUTCSeconds()] : [t.getHours(), t.getMinutes(), t.getSeconds()];
  return `${pad(h)}:${pad(m)}:${pad(s)}${millis ? "." + pad(t.getMilliseconds(), 3) : ""}`;
}

/** As clock, with the day in front if it is another one than today. */
export function when(at: string | number | null | undefined): string {
  const t = date(at);
  if (!t) return none;
  const now = day(new Date());
  return day(t) === now ? clock(at) : `${day(t)} ${clock(at)}`;
}

function day(t: Date): string {
  return zone.value === "utc"
    ? `${t.getUTCFullYear()}-${pad(t.getUTCMonth() + 1)}-${pad(t.getUTCDate())}`
    : `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
}

/** The whole time in UTC, for tooltips. */
export const utc = (at: string | number | null | undefined): string => date(at)?.toISOString().replace("T", " ").replace("Z", " UTC") ?? "";

/** A time, from RFC 3339 or from Unix seconds. Go's zero time is none. */
export function date(at: string | number | null | undefined): Date | undefined {
  if (!at) return undefined;
  const t = new Date(typeof at === "number" ? at * 1000 : at);
  return Number.isNaN(t.getTime()) || t.getUTCFullYear() <= 1 ? undefined : t;
}

/** The name of the viewer's zone, or UTC. */
export function zoneName(): string {
  if (zone.value === "utc") return "UTC";
  const part = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" }).formatToParts().find((p) => p.type === "timeZoneName");
  return part?.value ?? "local";
}

/** How far a time is: "in 4 min 10 s", "3 h ago". now is in Unix seconds. */
export function relative(at: string | number | null | undefined, now: number): string {
  const t = date(at);
  if (!t) return none;
  const s = Math.round(t.getTime() / 1000) - now;
  return s === 0 ? "now" : s > 0 ? "in " + duration(s) : duration(-s) + " ago";
}

/** One noun with its number: 1 worker, 12 workers. */
export const plural = (n: Any, one: string, many = one + "s"): string => `${count(n)} ${Number(n) === 1 ? one : many}`;

/** What a call says of its progress: "43 % page 3"; "" if it says nothing. */
export const howFar = (p: { done: number; of: number; note: string } | undefined): string => (p ? `${p.of ? percent(p.done, p.of) : count(p.done)} ${p.note}`.trim() : "");
