// One clock for all that counts in seconds; it rests while the tab is hidden.
import { signal } from "@preact/signals";

/** Unix time in whole seconds. Reading it subscribes the reader to each second. */
export const seconds = signal(Math.floor(Date.now() / 1000));

export function startClock(): void {
  const tick = () => {
    if (!document.hidden) seconds.value = Math.floor(Date.now() / 1000);
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  tick();
}
