// Screen 2: daemon, pools, workers, and those that have just died.
import { useState } from "preact/hooks";
import { State, Loading, Empty } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Filter } from "../parts/filter.tsx";
import { ghostTime, WorkerMap } from "../charts/workermap.tsx";
import { useTopics } from "../state/live.ts";
import { matches, to } from "../state/route.ts";
import { daemon, daemonTime, topics } from "../state/store.ts";
import type { Death, Pool, Worker } from "../api/wire.ts";
import { recyclePool, scalePool } from "../view/actions.ts";
import { bytes, count, duration, figure, plural } from "../view/format.ts";
import { daemonTone, poolTone } from "../view/words.ts";
import { WorkerCard } from "./workercard.tsx";

export function Tree() {
  useTopics(["workers", "deaths", "history"]);
  const [chosen, setChosen] = useState<string>();
  const d = daemon(), pools = topics.pools.list();
  if (!topics.workers.loaded()) return <Loading what="the workers" />;
  if (!pools.length) return <Empty code={"legion.Worker(d, \"resize\", resizeOne, legion.Pool{Min: 2, Max: 8})"}>No pools: each would be a branch here, with its workers.</Empty>;
  const now = topics.history.all;
  const workers = new Map<string, Worker[]>(), ghosts = new Map<string, Death[]>();
  for (const w of topics.workers.all.values()) if (matches(w.pool, w.call, w.pid, w.state)) list(workers, w.pool).push(w);
  const newest = (daemonTime.value - ghostTime) * 1000;
  for (const x of topics.deaths.all.values()) if (Date.parse(x.time) > newest) list(ghosts, x.pool).push(x);
  return (
    <>
      <div class="tool-row"><Filter what="workers" /><Legend /></div>
      <div class="tree">
        {d && (
          <p class="root">
            <b>{d.name}</b> <State tone={daemonTone(d.state)}>{d.state}</State>
            <span class="quiet">pid {d.pid} · {bytes(d.memory)} · {plural(topics.workers.all.size, "worker")} · load {figure(d.load?.[0])}</span>
          </p>
        )}
        {pools.map((p) => (
          <Branch key={p.name} pool={p} rate={now.get(p.name)?.calls} workers={workers.get(p.name) ?? []} ghosts={ghosts.get(p.name) ?? []} chosen={chosen} choose={setChosen} />
        ))}
      </div>
    </>
  );
}

function list<T>(of: Map<string, T[]>, key: string): T[] {
  let l = of.get(key);
  if (!l) of.set(key, (l = []));
  return l;
}

interface BranchProps { pool: Pool; rate: number | undefined; workers: Worker[]; ghosts: Death[]; chosen: string | undefined; choose(key: string | undefined): void }

function Branch({ pool: p, rate, workers, ghosts, chosen, choose }: BranchProps) {
  const sorted = workers.sort((a, b) => Number(a.id) - Number(b.id));
  const mine = sorted.find((w) => `${w.pool}/${w.id}` === chosen);
  return (
    <section class="branch" aria-label={`Pool ${p.name}`}>
      <header>
        <h2><a class="name" href={to("pool", p.name)}>{p.name}</a></h2>
        <State tone={poolTone(p.state)}>{p.state}</State>
        <span class="quiet">
          {p.ready} of {p.min}–{p.max} · {count(p.running)} running{p.queued ? <> · <b>{count(p.queued)} waiting</b>, the oldest for {duration(p.oldest_wait)}</> : null} · {figure(rate)} calls/s · {bytes(p.memory)}
        </span>
        <span class="aside"><Act action={recyclePool(p)} small /><Act action={scalePool(p)} small /></span>
      </header>
      <WorkerMap pool={p} workers={sorted} ghosts={ghosts} chosen={mine && String(mine.id)} choose={(w) => choose(w && `${w.pool}/${w.id}`)} />
      {mine && <WorkerCard worker={mine} pool={p} close={() => choose(undefined)} />}
    </section>
  );
}

const Legend = () => (
  <p class="key legend">
    <State tone="busy">B busy</State><State tone="ok">i idle</State><State tone="warn">s starting</State><State tone="idle">l leaving</State><State tone="bad">dying, killed, stuck, dead</State>
    <span>bar below: memory</span>
  </p>
);
