import type { Worker } from "../api/wire.ts";
import { daemonTime } from "./store.ts";

/** How long a worker lives, in seconds. */
export const ageOf = (w: Worker): number => (w.started ? Math.max(0, daemonTime.value - Date.parse(w.started) / 1000) : w.age);
