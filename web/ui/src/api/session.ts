// The session: a one-time token from the address becomes a secret that lives
// in this tab. Where the page comes from the daemon itself, there is no secret
// but the token that one types, and it lives here as well. There is no cookie,
// so no other site and no other port of this machine can use it.
import { signal } from "@preact/signals";
import { parse } from "./json.ts";
import type { Role, Session } from "./wire.ts";

export type SessionState =
  | { is: "opening" }
  | { is: "open"; session: Session }
  | { is: "login"; why: string } // why the last attempt failed
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
    const s = JSON.parse(sessionStorage.getItem(key) ?? "") as Session;
    return s.login && Date.parse(s.expires) < Date.now() ? undefined : s;
  } catch {
    return undefined; // nothing there, or storage is forbidden: the session then lives until a reload
  }
}

/** Opens the session: with the token of the address, else that of before a reload, else whatever the server gives. */
export async function openSession(): Promise<void> {
  const token = takeToken();
  const before = stored();
  if (!token && before) return begin(before);
  session.value = { is: "opening" };
  await exchange(token);
}

let end: ReturnType<typeof setTimeout> | undefined;

function begin(s: Session): void {
  clearTimeout(end);
  if (s.login) end = setTimeout(() => forget("Eight hours have passed."), Date.parse(s.expires) - Date.now());
  session.value = { is: "open", session: s };
}

/** What one signs in with at the daemon's own address. A client certificate needs no token. */
interface Login { token: string; role: Role }

/** Signs in at the daemon's own address. */
export async function login(token: string, role: Role): Promise<void> {
  if (/[^!-~]/.test(token)) session.value = { is: "login", why: "This is no token: it has spaces or other signs." };
  else await exchange("", { token, role });
}

async function exchange(token: string, own?: Login): Promise<void> {
  const failed = (why: string): void => { session.value = own ? { is: "login", why } : { is: "unreachable", why }; };
  let answer: Response;
  try {
    answer = await fetch("session", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...signed(own) },
      body: JSON.stringify({ token }),
    });
  } catch {
    return failed("The server of this page does not answer.");
  }
  const text = await answer.text();
  const why = shortText(answer, text);
  const over = answer.status === 401 || answer.status === 403;
  if (over && (own || wantsLogin(text))) {
    session.value = { is: "login", why: why || (own ? "This needs a token." : "") };
    return;
  }
  if (over) {
    session.value = { is: "over", link: token !== "", why: why || (token ? "It was used before, or is older than a minute." : "") };
    return;
  }
  if (!answer.ok) return failed(why || `The server of this page answered ${answer.status}.`);
  const opened = parse(text) as Session;
  if (opened.login) {
    opened.secret = own?.token ?? "";
    opened.asked = own?.role ?? "read";
    opened.expires = new Date(Date.now() + 8 * 3600_000).toISOString();
  }
  try {
    sessionStorage.setItem(key, JSON.stringify(opened));
    localStorage.setItem(key + " commands", opened.commands);
  } catch { /* forbidden storage: see stored */ }
  begin(opened);
}

/** The header fields that the daemon's own address wants. */
function signed({ token, role }: Login = { token: "", role: "read" }): Record<string, string> {
  return { "Legion-Role": role, ...(token && { Authorization: "Bearer " + token }) };
}

function wantsLogin(text: string): boolean {
  try {
    return (JSON.parse(text) as { login?: boolean }).login === true;
  } catch {
    return false;
  }
}

let renewed = 0;
let renewing: Promise<void> | undefined;

/**
 * Says that the server no longer knows the session of a request. Where the
 * user's own server has the login, it gives a new one: resolves with whether
 * there is one that the request may be sent in again.
 */
export async function sessionOver(of: Session | undefined, why = ""): Promise<boolean> {
  if (renewing) { // another request was told so before
    await renewing;
    return opened() !== undefined;
  }
  const now = opened();
  if (now !== of) return now !== undefined;
  if (now?.renew && Date.now() - renewed > 10_000) {
    renewed = Date.now();
    session.value = { is: "opening" };
    renewing = exchange("");
    await renewing;
    renewing = undefined;
    return opened() !== undefined;
  }
  if (now) forget(why);
  return false;
}

function forget(why: string): void {
  const again = opened()?.login;
  clearTimeout(end);
  try {
    sessionStorage.removeItem(key);
  } catch { /* see stored */ }
  session.value = again ? { is: "login", why } : { is: "over", why };
}

/** Ends the session, here and in the server. */
export async function closeSession(): Promise<void> {
  const headers = authorization(), login = opened()?.login;
  forget(login ? "" : "You ended it.");
  if (login) return; // the daemon keeps nothing of it
  try {
    await fetch("session", { method: "DELETE", headers });
  } catch { /* it then ends by itself */ }
}

export const opened = (): Session | undefined => (session.value.is === "open" ? session.value.session : undefined);

export function authorization(): Record<string, string> {
  const { secret = "", field, login, asked } = opened() ?? {};
  if (login) return signed({ token: secret, role: asked ?? "read" });
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
