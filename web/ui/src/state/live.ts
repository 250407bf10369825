// Keeps the one stream of the page open: for the topics that the screen shows,
// while the tab is seen, unless the page is paused.
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { replaced, watch } from "../api/stream.ts";
import { session } from "../api/session.ts";
import { seconds } from "./clock.ts";
import { clock } from "../view/format.ts";
import { apply, begin, flush, topics, type TopicName } from "./store.ts";

export type Connection =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "paused"; since: number }
  | { is: "hidden" }
  | { is: "replaced"; since: number } // another window has the stream's place
  | { is: "lost"; since: number; why: string; retryAt: number };

export const connection = signal<Connection>({ is: "connecting" });
/** When the last item came, in milliseconds. */
export const heard = signal(0);
export const paused = signal(false);
let liveSince = 0;

interface Wish { topics: TopicName[]; pool?: string | undefined; level?: string | undefined }

// The bar and the strip of problems need these on every screen.
const always: TopicName[] = ["daemon", "pools"];
const wish = signal("");

/** Subscribes the page to what the screen that calls it shows. */
export function useTopics(names: TopicName[], more: Omit<Wish, "topics"> = {}): void {
  const text = JSON.stringify({ topics: [...new Set([...always, ...names])], ...more });
  useEffect(() => {
    wish.value = text;
  }, [text]);
}

let stream: AbortController | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let failures = 0;

const hidden = signal(document.hidden);

function close(): void {
  clearTimeout(retry);
  const old = stream;
  stream = undefined;
  old?.abort();
}

async function open(): Promise<void> {
  close();
  const mine = (stream = new AbortController());
  const now = connection.peek().is;
  if (now !== "lost" && now !== "live") connection.value = { is: "connecting" };
  const params = { ...(JSON.parse(wish.peek()) as Wish), every: 1 };
  let begun = false;
  const why = await watch(params, {
    open() {
      if (stream !== mine) return;
      if (!begun) begin(params.topics, params.pool ?? "", heard.peek() ? `from ${clock(heard.peek() / 1000)} on` : "");
      begun = true;
      if (connection.peek().is === "live") return;
      failures = 0;
      liveSince = Date.now();
      connection.value = { is: "live" };
    },
    item(item) {
      if (stream !== mine) return;
      heard.value = Date.now();
      apply(item);
    },
  }, mine);
  if (stream !== mine) return; // another one took its place
  if (session.peek().is !== "open") return close();
  if (why === "") return void open();
  if (why === replaced) {
    connection.value = { is: "replaced", since: heard.peek() || Date.now() }; // two windows that each take it back would go on for ever
    return;
  }
  if (params.pool && why.startsWith("pool: ")) topics.pools.forget(); // the next program may have other pools
  const before = connection.peek();
  // The first attempt comes at once: after an upgrade the successor answers already.
  const wait = failures === 0 ? 0 : Math.min(15, 2 ** (failures - 1));
  failures++;
  connection.value = {
    is: "lost", why, since: before.is === "lost" ? before.since : heard.peek() || Date.now(), retryAt: Date.now() + wait * 1000,
  };
  retry = setTimeout(() => void open(), wait * 1000);
}

/** Tries again now. */
export function reconnect(): void {
  failures = 1;
  void open();
}

export function togglePause(): void {
  paused.value = !paused.value;
}

/** Starts to follow the session, the tab and the screen. */
export function live(): void {
  document.addEventListener("visibilitychange", () => (hidden.value = document.hidden));
  let pausedSince = 0;
  effect(() => {
    const wanted = wish.value !== "" && session.value.is === "open";
    if (!wanted) return close();
    if (paused.value) {
      close();
      flush();
      pausedSince ||= heard.peek() || Date.now();
      connection.value = { is: "paused", since: pausedSince };
      return;
    }
    if (hidden.value) {
      close();
      connection.value = { is: "hidden" };
      return;
    }
    pausedSince = 0;
    if (connection.peek().is !== "replaced") void open();
  });
}

/** What the dot in the bar says. A daemon's figures change each second, so silence of some seconds is a fault. */
export function freshness(): "live" | "stale" | "paused" | "lost" | "replaced" | "connecting" {
  const c = connection.value;
  if (c.is === "hidden") return "paused";
  if (c.is !== "live") return c.is;
  seconds.value;
  if (Date.now() - Math.max(heard.value, liveSince) > 5000) return "stale";
  return heard.value ? "live" : "connecting";
}

