// Keys of the whole page. A row or a chart that has the focus takes its own
// keys first; what is left comes here.
import { signal } from "@preact/signals";
import { asked, help } from "./ask.ts";
import { togglePause } from "./live.ts";
import { toggleTheme, toggleZone } from "./prefs.ts";
import { filter, go, screens, to } from "./route.ts";

/** Whether single keys act: some people's speech input types them by accident. */
export const keysOn = signal(true);

/** What the screen that is shown does with keys. */
export const screenKeys = signal<Record<string, () => void>>({});

export const keyHelp: [string, string][] = [
  ["1 … 8", "screens"], ["/", "filter"], ["j k, ↓ ↑", "next and previous row"], ["Enter", "open the row"], ["Esc", "back; leave the filter"],
  ["p", "pause the page, or let it go on"], ["f", "follow, in logs and events"], ["r", "recycle the pool"], ["s", "scale the pool"],
  ["x", "kill the worker of the row"], ["S", "stacks of the worker of the row"], ["t", "theme: the system's, light, dark"], ["T", "times: local, UTC"], ["?", "this help"],
];

function move(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  const now = rows.indexOf(document.activeElement?.closest<HTMLElement>("[data-row]") as HTMLElement);
  const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function back(): void {
  if (filter.value) filter.value = "";
  else if (/^#\/[^/]+\/./.test(location.hash)) history.back();
}

const general: Record<string, () => void> = {
  p: togglePause, t: toggleTheme, T: toggleZone, "?": () => { help.value = true; }, Escape: back,
  j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
  "/": () => document.querySelector<HTMLElement>("#filter")?.focus(),
};

export function listenToKeys(): void {
  addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || asked.value || help.value) return;
    const target = e.target as HTMLElement;
    if (target.matches("input, textarea, select")) {
      if (e.key === "Escape") target.blur();
      return;
    }
    if (!keysOn.value && e.key.length === 1) return;
    const arrow = e.key.startsWith("Arrow");
    if (arrow && !target.closest("[data-row]")) return; // the page scrolls
    const screen = screens[Number(e.key) - 1];
    const act = screen ? () => go(to(screen)) : (screenKeys.value[e.key] ?? general[e.key]);
    if (!act) return;
    e.preventDefault();
    act();
  });
}
