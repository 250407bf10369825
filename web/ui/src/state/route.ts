// Which screen is shown: the fragment of the address, so that links, the back
// button and every sub-path work without a server that knows about them.
import { signal } from "@preact/signals";

export const screens = ["overview", "tree", "pool", "calls", "deaths", "logs", "events", "system"] as const;
export type Screen = (typeof screens)[number];
export interface Route { screen: Screen; arg: string; query: URLSearchParams }

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [screen = "", arg = ""] = path.split("/");
  return {
    screen: screens.includes(screen as Screen) ? (screen as Screen) : "overview",
    arg: decode(arg),
    query: new URLSearchParams(query),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a screen, for a link. Names may have any character. */
export function to(screen: Screen, arg = "", query: Record<string, string> = {}): string {
  const q = new URLSearchParams(query).toString();
  return `#/${screen}${arg ? "/" + encodeURIComponent(arg) : ""}${q ? "?" + q : ""}`;
}

export const route = signal<Route>(parseRoute(""));
/** The text of the filter; each screen says what it means there. */
export const filter = signal("");

export function followRoute(): void {
  const read = () => {
    const next = parseRoute(location.hash);
    if (next.screen !== route.peek().screen) filter.value = next.query.get("q") ?? "";
    route.value = next;
  };
  addEventListener("hashchange", read);
  read();
}

export function go(address: string): void {
  location.hash = address;
}

/** Whether one of the texts has the filter's text, in any case. */
export function matches(...texts: unknown[]): boolean {
  const wanted = filter.value.trim().toLowerCase();
  return wanted === "" || texts.some((t) => String(t ?? "").toLowerCase().includes(wanted));
}
