// The smallest parts: badges, dots, times, meters, empty places.
import type { ComponentChildren } from "preact";
import { bytes, clock, count, duration, utc, when, zoneName } from "../view/format.ts";
import type { Num } from "../api/json.ts";
import type { Tone } from "../view/words.ts";

/** A state: a mark, whose form differs by tone, and a word; a plain one colours its mark only, for lists in which all are bad. */
export function State({ tone, plain = false, children }: { tone: Tone; plain?: boolean; children: ComponentChildren }) {
  return <span class={`state ${tone}${plain ? " plain" : ""}`}>{children}</span>;
}

export function Time({ at, day = false, millis = false }: { at: string | number | null | undefined; day?: boolean; millis?: boolean }) {
  return <time title={utc(at)}>{day ? when(at) : clock(at, millis)}</time>;
}

export const Zone = () => <span class="quiet">{zoneName()}</span>;

/** A share of something as a bar with its words. Above warnAt it is marked. */
export function Meter({ value, of, label, warnAt = 0.9 }: { value: number; of: number; label: string; warnAt?: number }) {
  const part = of > 0 ? Math.min(1, Math.max(0, value / of)) : 0;
  return (
    <span class={`meter${part >= warnAt ? " full" : ""}`} title={label}>
      <span class="meter-fill" style={{ transform: `scaleX(${part.toFixed(3)})` }} />
    </span>
  );
}

/** Wait, run and CPU of a call as one bar; of is the longest one beside it. */
export function SplitBar({ wait, run, cpu, of }: { wait: number; run: number; cpu?: number | undefined; of: number }) {
  const share = (v: number) => `${of > 0 ? Math.min(100, (v / of) * 100).toFixed(2) : 0}%`;
  const words = `waited ${duration(wait)}, ran ${duration(run)}${cpu === undefined ? "" : `, of it ${duration(cpu)} CPU`}`;
  return (
    <span class="split" title={words}>
      <span class="split-wait" style={{ width: share(wait) }} />
      <span class="split-run" style={{ width: share(run) }}>
        {cpu !== undefined && run > 0 && <span class="split-cpu" style={{ width: `${Math.min(100, (cpu / run) * 100).toFixed(1)}%` }} />}
      </span>
      <span class="unseen">{words}</span>
    </span>
  );
}

export const SplitKey = () => (
  <p class="key">
    <span class="swatch wait" /> waited <span class="swatch run" /> ran <span class="swatch cpu" /> of it CPU
  </p>
);

/** What would be here, and the line of Go that makes it. */
export function Empty({ children, code }: { children: ComponentChildren; code?: string | undefined }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {code && <pre class="code">{code}</pre>}
    </div>
  );
}

/** What stands in the place of rows: that there are none, once that is known. */
export function None({ of, pool, what, code, children }: { of: { loaded(pool?: string): boolean }; pool?: string; what: string; code?: string; children: ComponentChildren }) {
  return of.loaded(pool) ? <Empty code={code}>{children}</Empty> : <Loading what={what} />;
}

export const Loading = ({ what }: { what: string }) => <p class="empty quiet">Waiting for {what} …</p>;

export function Section({ title, aside, children, id }: { title: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren; id?: string }) {
  return (
    <section class="section" aria-labelledby={id}>
      <header><h2 id={id}>{title}</h2>{aside && <div class="aside">{aside}</div>}</header>
      {children}
    </section>
  );
}

/** Names and values, aligned. */
export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return <dl class="facts">{of.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

export const Memory = ({ n, of }: { n: Num | undefined; of?: number }) => (
  <>{of ? <Meter value={Number(n ?? 0)} of={of} label={`${bytes(n)} of ${bytes(of)}`} /> : null} <span class="measure">{bytes(n)}</span></>
);

const shortest = 200;

/** A value in a line with others: of a long text, such as a stack, only the beginning. */
export function Short({ of }: { of: unknown }) {
  const text = typeof of === "string" ? of : JSON.stringify(of) ?? "";
  if (text.length <= shortest) return <>{text}</>;
  return <>{text.slice(0, shortest - 60)}<span class="quiet"> … {count(text.length)} characters</span></>;
}
