// A list that grows below: it follows its end until one scrolls up, and says
// in itself what it lacks.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { screenKeys } from "../state/keys.ts";
import type { Entry } from "../state/store.ts";
import { count } from "../view/format.ts";

/** More than these would make the page slow, and nobody reads them. */
const shown = 500;

interface Props<T> {
  entries: readonly Entry<T>[];
  label: string;
  fits(value: T): boolean;
  row(value: T): ComponentChildren;
  command: string;
}

export function Feed<T>({ entries, label, fits, row, command }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  const [held, setHeld] = useState<readonly Entry<T>[]>([]);
  const hold = (on: boolean) => {
    setHeld(entries);
    setFollow(on);
  };
  useEffect(() => {
    screenKeys.value = { f: () => hold(!follow) };
    return () => { screenKeys.value = {}; };
  }, [follow, entries]);
  const now = follow ? entries : held;
  const lines = now.filter((e) => !("value" in e) || fits(e.value)).slice(-shown);
  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const last = now[now.length - 1]?.n ?? -1;
  const newer = follow ? 0 : entries.filter((e) => e.n > last).length;
  const scrolled = (b: HTMLElement) => { // which may have left the page meanwhile
    const end = b.scrollHeight - b.scrollTop - b.clientHeight < 24;
    if (follow && !end) hold(false);
    else if (!follow && end && newer === 0) setFollow(true);
  };
  return (
    <div class="feed-frame">
      <div class="feed" ref={box} tabIndex={0} role="log" aria-live="off" aria-label={label} onScroll={(e) => scrolled(e.currentTarget)}>
        {lines.map((e) => (
          <div key={e.n} class="line" data-row tabIndex={-1}>
            {"value" in e ? row(e.value)
              : "missed" in e ? <p class="missed">{count(e.missed)} left out, client too slow: <code>{command}</code> has them</p>
                : <p class="missed">{e.note}</p>}
          </div>
        ))}
        {lines.length === 0 && <p class="empty">Nothing yet, or nothing that the filter lets through.</p>}
      </div>
      <p class="feed-foot">
        <button type="button" aria-pressed={follow} onClick={() => hold(!follow)}>{follow ? "Following" : "Follow"} <kbd aria-hidden="true">f</kbd></button>
        {!follow && <span>Held. {newer > 0 && <b>{count(newer)} newer.</b>}</span>}
      </p>
    </div>
  );
}
