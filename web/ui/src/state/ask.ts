// The question that is open, if there is one, and what is told to screen
// readers.
import { signal } from "@preact/signals";
import { allows } from "../api/wire.ts";
import { opened } from "../api/session.ts";
import type { Action } from "../view/actions.ts";

export const asked = signal<Action | undefined>(undefined);
export const help = signal(false);

export const ask = (action: Action): void => void (asked.value = action);

export const allowed = (action: Action): boolean => allows(opened()?.role ?? "read", action.role);

/** What the polite live region says. */
export const said = signal("");

let lastSaid = 0, waiting: ReturnType<typeof setTimeout> | undefined;

/** Tells screen readers something that happened by itself; at most once in 5 s, the last of it. */
export function say(text: string): void {
  clearTimeout(waiting);
  const left = lastSaid + 5000 - Date.now();
  if (left > 0) waiting = setTimeout(say, left, text);
  else sayNow(text);
}

/** Tells screen readers what a key of theirs did: at once, and what happens by itself waits for it. */
export function sayNow(text: string): void {
  lastSaid = Date.now();
  said.value = text;
}
