// What the viewer prefers, kept in this browser: theme, and how times are told.
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

function remembered<T extends string>(name: string, values: readonly T[]): T {
  try {
    const value = localStorage.getItem("legion " + name) as T;
    return values.includes(value) ? value : values[0]!;
  } catch {
    return values[0]!;
  }
}

export const theme = signal<Theme>(remembered("theme", ["auto", "light", "dark"]));
export const zone = signal<"local" | "utc">(remembered("zone", ["local", "utc"]));
/** Counts the changes of colours, whatever made them: canvases draw again. */
export const colours = signal(0);

export function toggleTheme(): void {
  const order: Theme[] = ["auto", "light", "dark"];
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!;
}

export function toggleZone(): void {
  zone.value = zone.value === "utc" ? "local" : "utc";
}

export function keepPreferences(): void {
  effect(() => {
    const scheme = theme.value === "auto" ? "light dark" : theme.value;
    document.documentElement.style.setProperty("color-scheme", scheme);
    colours.value = colours.peek() + 1;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => colours.value++);
  effect(() => {
    try {
      localStorage.setItem("legion theme", theme.value);
      localStorage.setItem("legion zone", zone.value);
    } catch { /* then they last until a reload */ }
  });
}
