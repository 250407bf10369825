// The colours of the stylesheet, for canvases, which know no variables.
import { colours } from "../state/prefs.ts";

let cached: Record<string, string> = {};
let of = -1;

/** The value of a custom property as a colour, in the theme that holds now. Subscribes to changes of it. */
export function colour(name: string): string {
  if (of !== colours.value) {
    of = colours.value;
    cached = {};
  }
  return (cached[name] ??= resolve(name));
}

// Only a property of type colour is resolved, light or dark, by the browser.
function resolve(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
