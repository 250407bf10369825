// The one stream of the page: POST watch, a line of JSON for each change. It
// is fetch and not EventSource, because that sends no Authorization.
import { parse } from "./json.ts";
import { authorization, opened, sessionOver, shortText } from "./session.ts";
import type { Item } from "./wire.ts";

/** The front sends an empty line every 10 s; a stream that is silent for longer is dead. */
const silence = 25_000;

export interface Handlers {
  open(): void; // the first line has come
  item(item: Item): void;
}

const random = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

/** Tells the server which window this is: its next stream takes the place of its last one. */
const mine = random();

/** Tells the server which windows share the connections that a browser opens to it. */
function browser(): string {
  const key = "legion browser";
  try {
    if (!localStorage.getItem(key)) localStorage.setItem(key, random());
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // then it shares the places of all that do not say
  }
}

/** Why a stream ended whose place another window has. */
export const replaced = "another window took its place";

/**
 * Reads one stream until it ends or is aborted. Resolves with why it ended, ""
 * if the server only wants a new one to be opened; rejects never.
 */
export async function watch(params: object, on: Handlers, abort: AbortController): Promise<string> {
  let timer = 0;
  let silent = false;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { silent = true; abort.abort(); }, silence);
  };
  const session = opened();
  try {
    heard();
    const answer = await fetch("watch", {
      method: "POST",
      headers: { ...authorization(), "Content-Type": "application/json", "Legion-Browser": browser(), "Legion-Window": mine },
      body: JSON.stringify(params),
      signal: abort.signal,
    });
    if (!answer.ok || !answer.body) {
      const why = shortText(answer, await answer.text());
      if (answer.status === 401) void sessionOver(session, why);
      return why || (answer.status === 502 ? "The daemon cannot be reached." : `The server answered ${answer.status}.`);
    }
    let ended = "The connection was closed.";
    await eachLine(answer.body, (line) => {
      heard();
      on.open();
      if (line === "") return;
      const item = parse(line) as Item & { end?: boolean; error?: unknown; replaced?: boolean };
      if (item.end) ended = item.replaced ? replaced : message(item.error);
      else on.item(item);
    });
    return ended;
  } catch (e) {
    if (silent) return `Nothing came for ${silence / 1000} s.`;
    if (e instanceof SyntaxError) return "The stream had a line that is no JSON.";
    return "The server of this page does not answer.";
  } finally {
    clearTimeout(timer);
  }
}

async function eachLine(body: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest: string[] = []; // the beginning of a line, in pieces: a full item may come in many
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = decoder.decode(value, { stream: true }).split("\n");
    for (let i = 0; i < lines.length - 1; i++) {
      rest.push(lines[i]!);
      take(rest.join("").trim());
      rest = [];
    }
    rest.push(lines[lines.length - 1]!);
  }
}

function message(error: unknown): string {
  if (typeof error === "string") return error;
  return (error as { message?: string } | null | undefined)?.message ?? "";
}
