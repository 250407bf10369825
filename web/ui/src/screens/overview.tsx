// Screen 1: whether it goes well, and since when.
import { useState } from "preact/hooks";
import { brushed, Heatmap } from "../charts/heatmap.tsx";
import { Lines, type Curve } from "../charts/lines.tsx";
import { Empty, Loading, Section, Zone } from "../parts/bits.tsx";
import { useTopics } from "../state/live.ts";
import { firstStep, merge, useHistory, type Line, type Step } from "../state/history.ts";
import { topics } from "../state/store.ts";
import { clock, duration, figure, percent, plural } from "../view/format.ts";
import type { Sample } from "../api/wire.ts";
import { DeathRows } from "./deathrows.tsx";
import { PoolRows } from "./poolrows.tsx";

const spans: [Step, string][] = [[1, "5 min"], [10, "1 h"], [60, "24 h"]];

export function Overview() {
  useTopics(["history", "deaths"]);
  const [chosenStep, setStep] = useState<Step>();
  const pools = topics.pools.list();
  const step = chosenStep ?? firstStep();
  const line = useHistory(pools.map((p) => ({ pool: p.name })), step);
  const chosen = brushed.value;
  if (!topics.pools.loaded()) return <Loading what="the first figures" />;
  if (!pools.length) {
    return (
      <Empty code={"resize := legion.Worker(d, \"resize\", resizeOne, legion.Pool{Max: 4})"}>
        This daemon has no pools. Each pool of workers would be here, with its calls and their times.
      </Empty>
    );
  }
  const recent = topics.deaths.list().filter((x) => !chosen || inside(x.time, chosen));
  return (
    <>
      <div class="spans" role="group" aria-label="Time that is shown">
        {spans.map(([s, name]) => <button key={s} type="button" aria-pressed={s === step} onClick={() => setStep(s)}>{name}</button>)}
        {chosen && (
          <button type="button" class="chosen" onClick={() => { brushed.value = undefined; }}>
            {clock(chosen.from)} – {clock(chosen.to)} <i aria-hidden="true">✕</i><span class="unseen">: show all times again</span>
          </button>
        )}
        <Zone />
        {line.error && <span class="failed">History: {line.error}</span>}
      </div>
      <Figures line={line} />
      <Section title="Latency" id="latency" aside={<span class="quiet">all calls by how long they took; draw over it to choose a time</span>}>
        <Heatmap line={line} />
      </Section>
      <Section title="Pools" id="pools"><PoolRows pools={pools} step={step} /></Section>
      <Section title={chosen ? "Deaths in that time" : "Last deaths"} id="deaths" aside={<a href="#/deaths">All deaths</a>}>
        <DeathRows deaths={recent} limit={chosen ? 50 : 5} none={chosen ? "No worker whose certificate is kept died in that time." : undefined} />
      </Section>
    </>
  );
}

const inside = (at: string, t: { from: number; to: number }) => Date.parse(at) / 1000 >= t.from && Date.parse(at) / 1000 < t.to;

interface Figure { title: string; curve: Curve; tell(v: number): string; together: "mean" | "worst"; note?(s: Sample): string }

const figures: Figure[] = [
  { title: "Calls per second", curve: { name: "calls", colour: "accent", of: (s) => s.calls, fill: true }, tell: figure, together: "mean", note: (s) => `${plural(s.running, "call")} running` },
  { title: "Errors", curve: { name: "errors", colour: "bad", of: (s) => (s.calls > 0 ? s.errors / s.calls : 0), fill: true }, tell: percent, together: "mean", note: (s) => `${figure(s.errors)} per second` },
  { title: "Latency, p99", curve: { name: "p99", colour: "busy", of: (s) => s.p99, fill: true }, tell: duration, together: "worst", note: (s) => `half within ${duration(s.p50)}` },
  { title: "Oldest wait", curve: { name: "oldest wait", colour: "warn", of: (s) => s.oldest_wait, fill: true }, tell: duration, together: "worst", note: (s) => `${plural(s.queued, "call")} waiting` },
];

function Figures({ line }: { line: Line }) {
  const chosen = brushed.value;
  const now = topics.history.all;
  const pools = topics.pools.list();
  const live = topics.history.loaded() ? pools.map((p) => now.get(p.name)).filter((s) => s !== undefined && !s.missing) as Sample[] : []; // those of one pool are not the daemon's
  const part = chosen
    ? line.samples.filter((s, i): s is Sample => s !== null && (line.first + i) * line.step >= chosen.from && (line.first + i) * line.step < chosen.to)
    : undefined;
  return (
    <div class="figures">
      {figures.map((f) => {
        const value = part ? over(part, f) : live.length ? f.curve.of(merge(live)) : undefined;
        const s = part?.[part.length - 1] ?? (live.length ? merge(live) : undefined);
        return (
          <section key={f.title} class="figure" aria-label={f.title}>
            <h2>{f.title}</h2>
            <p class="big">{f.tell(value as number)}</p>
            <p class="note">{s && f.note ? f.note(s) : chosen ? "in the chosen time" : "\u00a0"}</p>
            <Lines title={f.title} history={line} curves={[f.curve]} tell={f.tell} height={54} />
          </section>
        );
      })}
    </div>
  );
}

function over(part: Sample[], f: Figure): number | undefined {
  if (!part.length) return undefined;
  const values = part.map(f.curve.of);
  return f.together === "worst" ? Math.max(...values) : values.reduce((a, b) => a + b, 0) / values.length;
}
