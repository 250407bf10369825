// The pools, one row each.
import { Spark } from "../charts/spark.tsx";
import { Meter, State } from "../parts/bits.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { useHistory, type Step } from "../state/history.ts";
import { ask } from "../state/ask.ts";
import { go, matches, to } from "../state/route.ts";
import { topics } from "../state/store.ts";
import type { Pool } from "../api/wire.ts";
import { recyclePool, scalePool } from "../view/actions.ts";
import { bytes, count, duration, figure, percent } from "../view/format.ts";
import { died, poolTone } from "../view/words.ts";

export function PoolRows({ pools, step }: { pools: Pool[]; step: Step }) {
  const now = topics.history.all;
  const rate = (p: Pool) => now.get(p.name)?.calls;
  const columns: Column<Pool>[] = [
    { name: "name", head: "Pool", by: (p) => p.name, cell: (p) => <a class="name" href={to("pool", p.name)}>{p.name}</a> },
    { name: "state", head: "State", by: (p) => p.state, cell: (p) => <State tone={poolTone(p.state)}>{p.state}</State> },
    { name: "workers", head: "Workers", by: (p) => p.ready, cell: (p) => <Workers pool={p} /> },
    { name: "rate", head: "Calls/s", num: true, by: (p) => rate(p) ?? 0, cell: (p) => figure(rate(p)) },
    { name: "line", head: "", wide: true, cell: (p) => <PoolSpark name={p.name} step={step} /> },
    { name: "errors", head: "Errors", num: true, by: (p) => share(now.get(p.name)) ?? 0, cell: (p) => percent(share(now.get(p.name))) },
    { name: "p99", head: "p99", num: true, by: (p) => now.get(p.name)?.p99 ?? 0, cell: (p) => duration(now.get(p.name)?.p99) },
    { name: "queued", head: "Waiting", num: true, by: (p) => p.queued, cell: (p) => (p.queued ? <b>{count(p.queued)}</b> : "0") },
    { name: "wait", head: "Oldest wait", num: true, by: (p) => p.oldest_wait ?? 0, cell: (p) => duration(p.oldest_wait) },
    { name: "cpu", head: "Cores", num: true, wide: true, by: (p) => now.get(p.name)?.cpu ?? 0, cell: (p) => figure(now.get(p.name)?.cpu) },
    { name: "memory", head: "Memory", num: true, by: (p) => p.memory ?? 0, cell: (p) => bytes(p.memory) },
    { name: "deaths", head: "Deaths", num: true, by: died, cell: (p) => (died(p) ? <b>{count(died(p))}</b> : "0") },
  ];
  return (
    <Table caption="Pools" columns={columns} rows={pools.filter((p) => matches(p.name, p.state, p.kind))} keyOf={(p) => p.name}
      open={(p) => go(to("pool", p.name))} keys={(p) => ({ r: () => ask(recyclePool(p)), s: () => ask(scalePool(p)) })} />
  );
}

const share = (s: { calls: number; errors: number } | undefined) => s && (s.calls > 0 ? s.errors / s.calls : 0);

/** Busy and ready workers against the most that there may be. */
export function Workers({ pool: p }: { pool: Pool }) {
  const most = Math.max(p.max, p.ready, 1);
  return (
    <span class="workers" title={`${p.running} calls in ${p.ready} workers, of ${p.min} to ${p.max}`}>
      <Meter value={Math.min(p.running, p.ready)} of={most} label={`${p.running} of ${p.ready} workers busy`} warnAt={Infinity} /> {p.ready}<span class="quiet">/{p.max}</span>
    </span>
  );
}

function PoolSpark({ name, step }: { name: string; step: Step }) {
  const line = useHistory([{ pool: name }], step);
  return <Spark values={line.samples.map((s) => s?.calls ?? null)} />;
}
