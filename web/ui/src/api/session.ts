// The session: a one-time token from the address becomes a secret that lives
// in this tab. There is no cookie, so no other site and no other port of this
// machine can use it.
import { signal } from "@preact/signals";
import { parse } from "./json.ts";
import type { Session } from "./wire.ts";

export type SessionState =
  | { is: "opening" }
  | { is: "open"; session: Session }
  | { is: "over"; why: string; link?: boolean } // link: it was never open, since the link was no good
  | { is: "unreachable"; why: string };

export const session = signal<SessionState>({ is: "opening" });

// One origin may have several daemons, each below a path of its own.
const key = "legion " + location.pathname;

/** The token of the address, which disappears from it, and from the history, at once. */
function takeToken(): string {
  const found = /^#(?:token=)?([A-Za-z0-9_-]{16,})$/.exec(location.hash)?.[1] ?? "";
  if (found) history.replaceState(null, "", location.pathname + location.search);
  return found;
}

function stored(): Session | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "") as Session;
  } catch {
    return undefined; // nothing there, or storage is forbidden: the session then lives until a reload
  }
}

/** Opens the session: with the token of the address, else that of before a reload, else whatever the server gives. */
export async function openSession(): Promise<void> {
  const token = takeToken();
  const before = stored();
  if (!token && before) {
    session.value = { is: "open", session: before };
    return;
  }
  session.value = { is: "opening" };
  await exchange(token);
}

async function exchange(token: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch("session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
  } catch {
    session.value = { is: "unreachable", why: "The server of this page does not answer." };
    return;
  }
  const text = await answer.text();
  if (!answer.ok) {
    const over = answer.status === 401 || answer.status === 403;
    const why = shortText(answer, text);
    session.value = over
      ? { is: "over", link: token !== "", why: why || (token ? "It was used before, or is older than a minute." : "") }
      : { is: "unreachable", why: why || `The server of this page answered ${answer.status}.` };
    return;
  }
  const opened = parse(text) as Session;
  try {
    sessionStorage.setItem(key, text);
    localStorage.setItem(key + " commands", opened.commands);
  } catch { /* forbidden storage: see stored */ }
  session.value = { is: "open", session: opened };
}

let renewed = 0;

/** Says that the server no longer knows the session. Where the user's own server has the login, it gives a new one. */
export function sessionOver(why = ""): void {
  if (opened()?.renew && Date.now() - renewed > 10_000) {
    renewed = Date.now();
    session.value = { is: "opening" };
    void exchange("");
    return;
  }
  forget(why);
}

function forget(why: string): void {
  try {
    sessionStorage.removeItem(key);
  } catch { /* see stored */ }
  session.value = { is: "over", why };
}

/** Ends the session, here and in the server. */
export async function closeSession(): Promise<void> {
  const headers = authorization();
  forget("You ended it.");
  try {
    await fetch("session", { method: "DELETE", headers });
  } catch { /* it then ends by itself */ }
}

export const opened = (): Session | undefined => (session.value.is === "open" ? session.value.session : undefined);

export function authorization(): Record<string, string> {
  const { secret = "", field } = opened() ?? {};
  return field ? { [field]: secret } : { Authorization: "Bearer " + secret };
}

/** Who the session acts for, if the server knows a person. */
export const person = (): string => {
  const as = opened()?.as ?? "";
  return as === "dashboard" ? "" : as;
};

/** What to type before a command; also known after the session is over. */
export function commands(): string {
  const now = opened()?.commands;
  if (now) return now;
  try {
    return localStorage.getItem(key + " commands") || "legion";
  } catch {
    return "legion";
  }
}

/** The body of an error, if it is something to show. */
export function shortText(answer: Response, text: string): string {
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) {
    try {
      const e = (JSON.parse(text) as { error?: string | { message?: string } }).error;
      return typeof e === "string" ? e : (e?.message ?? "");
    } catch {
      return "";
    }
  }
  return type.startsWith("text/plain") && text.length < 500 ? text.trim() : "";
}
