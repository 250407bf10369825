// Screen 3: the pools; and one pool, with everything about it.
import { useEffect, useState } from "preact/hooks";
import type { Pool, Setting } from "../api/wire.ts";
import { Lines } from "../charts/lines.tsx";
import { Empty, Facts, Loading, None, Section, State } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Filter } from "../parts/filter.tsx";
import { useAnswer } from "../state/answer.ts";
import { ask } from "../state/ask.ts";
import { firstStep, useHistory, type Step } from "../state/history.ts";
import { screenKeys } from "../state/keys.ts";
import { useTopics } from "../state/live.ts";
import { route, to } from "../state/route.ts";
import { topics } from "../state/store.ts";
import { opened } from "../api/session.ts";
import { pausePool, profilePool, readmit, recycleAll, recyclePool, resumePool, scalePool, stopPool } from "../view/actions.ts";
import { bytes, count, duration, figure, percent } from "../view/format.ts";
import { causeWord, died, poolTone } from "../view/words.ts";
import { FuncRows } from "./funcrows.tsx";
import { KindRows } from "./kindrows.tsx";
import { PoolRows } from "./poolrows.tsx";
import { SettingRows } from "./settingrows.tsx";
import { WorkerRows } from "./workerrows.tsx";

export function PoolScreen() {
  const name = route.value.arg;
  return name ? <OnePool key={name} name={name} /> : <AllPools />;
}

function AllPools() {
  useTopics(["history"]);
  const pools = topics.pools.list();
  if (!topics.pools.loaded()) return <Loading what="the pools" />;
  return (
    <>
      <div class="tool-row">
        <Filter what="pools" />
        {pools.length > 0 && <Act action={recycleAll(opened()?.daemon ?? "", pools)} />}
      </div>
      {pools.length
        ? <PoolRows pools={pools} step={10} />
        : <Empty code={"legion.Worker(d, \"resize\", resizeOne, legion.Pool{Min: 2, Max: 8})"}>This daemon has no pools. Each would be a row here.</Empty>}
    </>
  );
}

function OnePool({ name }: { name: string }) {
  const p = topics.pools.all.get(name);
  useTopics(p ? ["workers", "funcs", "history", "kinds", "deaths"] : [], p ? { pool: name } : {}); // of a pool that there is: a daemon refuses others
  useEffect(() => {
    if (!p) return;
    screenKeys.value = { r: () => ask(recyclePool(p)), s: () => ask(scalePool(p)) };
    return () => { screenKeys.value = {}; };
  }, [p]);
  if (!p) return topics.pools.loaded() ? <Empty>There is no pool {name}. <a href={to("pool")}>All pools</a></Empty> : <Loading what="the pool" />;
  const workers = topics.workers.list().filter((w) => w.pool === name);
  const funcs = [...topics.funcs.all].filter(([key, f]) => key === `${name}/${f.name}`).map(([, f]) => f);
  const kinds = topics.kinds.list().filter((k) => k.pool === name);
  return (
    <>
      <div class="crumb">
        <a href={to("pool")}>Pools</a><h2 class="title">{name}</h2><State tone={poolTone(p.state)}>{p.state}</State>
        {p.reason && <span class="failed">{p.reason}</span>}
        <span class="aside">
          {p.state === "running" ? <Act action={pausePool(p)} /> : <Act action={resumePool(p)} />}
          <Act action={scalePool(p)} /><Act action={recyclePool(p)} /><Act action={profilePool(p)} />
          {p.poisoned?.length ? <Act action={readmit(name)} /> : null}<Act action={stopPool(p)} />
        </span>
      </div>
      <Now pool={p} />
      <Times name={name} />
      <Section title="Functions" id="funcs">
        {funcs.length ? <FuncRows pool={p} funcs={funcs} /> : <None of={topics.funcs} pool={name} what="the functions">No function of this pool has been called yet.</None>}
      </Section>
      <Section title="Workers" id="workers" aside={<Filter what="workers" />}>
        {workers.length ? <WorkerRows workers={workers} pool={p} /> : <None of={topics.workers} pool={name} what="the workers">No workers now: the pool keeps at least {p.min}, and starts them when there are calls.</None>}
      </Section>
      <Section title="Deaths by kind" id="kinds">
        {kinds.length ? <KindRows kinds={kinds} pool={false} /> : <None of={topics.kinds} pool={name} what="the kinds of death">No worker of this pool has died.</None>}
      </Section>
      <Settings pool={p} />
    </>
  );
}

function Now({ pool: p }: { pool: Pool }) {
  const s = topics.history.all.get(p.name);
  const reasons = (of: Record<string, unknown> | undefined) => Object.entries(of ?? {}).filter(([, n]) => Number(n) > 0).map(([k, n]) => `${causeWord(k)} ${count(n as number)}`).join(", ");
  return (
    <Facts of={[
      ["Calls", `${figure(s?.calls)}/s, ${count(p.calls)} in all`],
      ["Without a result", `${percent(Number(p.calls) - Number(p.ok) - p.running - p.queued, p.calls)}`],
      ["Running, waiting", `${count(p.running)}, ${count(p.queued)}${p.queue_limit ? ` of at most ${count(p.queue_limit)}` : ""}`],
      ["Oldest wait", duration(p.oldest_wait)],
      ["Workers", `${p.ready}, of ${p.min} to ${p.max}`],
      ["Memory", `${bytes(p.memory)}, the largest ${bytes(p.worker_memory_max)}${p.memory_limit ? ` of ${bytes(p.memory_limit)}` : ""}`],
      ["CPU", `${figure(s?.cpu)} cores, ${duration(p.cpu)} in all`],
      ["Bytes in, out", `${bytes(p.bytes_in)}, ${bytes(p.bytes_out)}`],
      ["Replaced", `${count(p.recycled)}${reasons(p.recycled_by) ? `: ${reasons(p.recycled_by)}` : ""}`],
      ["Died", `${count(died(p))}${reasons(p.deaths_by) ? `: ${reasons(p.deaths_by)}` : ""}`],
      ["Retried calls", count(p.retried)],
      ["Sandbox", p.sandbox ? [...p.sandbox.held, ...p.sandbox.missing.map((m) => `missing: ${m}`)].join("; ") || "not known yet" : "none"],
    ]} />
  );
}

const waitCurves = [{ name: "oldest wait", colour: "warn", of: (s: { oldest_wait: number }) => s.oldest_wait, fill: true }];
const runCurves = [
  { name: "p99", colour: "busy", of: (s: { p99: number }) => s.p99, fill: true },
  { name: "p90", colour: "accent", of: (s: { p90: number }) => s.p90, dash: true },
  { name: "p50", colour: "text", of: (s: { p50: number }) => s.p50 },
];

function Times({ name }: { name: string }) {
  const [chosen, setStep] = useState<Step>();
  const step = chosen ?? firstStep();
  const line = useHistory([{ pool: name }], step);
  return (
    <Section title="Times" id="times" aside={
      <span class="spans">{([[1, "5 min"], [10, "1 h"], [60, "24 h"]] as [Step, string][]).map(([s, t]) => <button key={s} type="button" class="small" aria-pressed={s === step} onClick={() => setStep(s)}>{t}</button>)}</span>}>
      <div class="pair">
        <div><h3>Latency: p99, p90 (dashed), p50</h3><Lines title={`Latency of ${name}`} history={line} curves={runCurves} tell={duration} height={150} axes pool={name} /></div>
        <div><h3>Longest wait for a worker</h3><Lines title={`Waiting in ${name}`} history={line} curves={waitCurves} tell={duration} height={150} axes pool={name} /></div>
      </div>
    </Section>
  );
}

function Settings({ pool: p }: { pool: Pool }) {
  const { value: settings, why } = useAnswer<Setting[]>("config.show");
  const prefix = `pools.${p.name}.`;
  const mine = settings?.filter((s) => s.key.startsWith(prefix));
  return (
    <Section title="Settings" id="settings">
      {why && <p class="failed">{why}</p>}
      {!mine && !why && <Loading what="the settings" />}
      {mine && (mine.length
        ? <SettingRows settings={mine} prefix={prefix} />
        : <Empty>All as the program says: no file, variable or flag changes this pool.</Empty>)}
    </Section>
  );
}
