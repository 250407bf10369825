// The workers of a pool, one row each.
import type { Pool, Worker } from "../api/wire.ts";
import { Memory, State } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { ask } from "../state/ask.ts";
import { matches } from "../state/route.ts";
import { killWorker, profileWorker, recyclePool, stackOf, traceWorker } from "../view/actions.ts";
import { count, duration } from "../view/format.ts";
import { ageOf } from "../state/age.ts";
import { workerLook } from "../view/words.ts";
import { Runs } from "./workercard.tsx";

export function WorkerRows({ workers, pool }: { workers: Worker[]; pool: Pool }) {
  const columns: Column<Worker>[] = [
    { name: "id", head: "No.", num: true, by: (w) => Number(w.id), cell: (w) => w.id },
    { name: "pid", head: "Pid", num: true, by: (w) => w.pid, cell: (w) => w.pid },
    { name: "state", head: "State", by: (w) => workerLook(w).word, cell: (w) => { const l = workerLook(w); return <State tone={l.tone}>{l.word}{w.retiring && <span class="quiet"> {w.retiring}</span>}</State>; } },
    { name: "runs", head: "Runs", by: (w) => w.for, cell: (w) => <Runs worker={w} /> },
    { name: "memory", head: "Memory", num: true, by: (w) => w.memory, cell: (w) => <Memory n={w.memory} of={pool.memory_limit} /> },
    { name: "cpu", head: "CPU", num: true, by: (w) => w.cpu, cell: (w) => duration(w.cpu) },
    { name: "calls", head: "Calls", num: true, by: (w) => Number(w.calls), cell: (w) => count(w.calls) },
    { name: "age", head: "Age", num: true, by: ageOf, cell: (w) => duration(ageOf(w)) },
    { name: "act", head: "", cell: (w) => <><Act action={stackOf(w.pool, w.pid, w.id)} small /><Act action={profileWorker(w)} small /><Act action={traceWorker(w)} small /><Act action={killWorker(w)} small /></> },
  ];
  return (
    <Table caption={`Workers of pool ${pool.name}`} columns={columns} rows={workers.filter((w) => matches(w.call, w.state, w.pid, w.id))} keyOf={(w) => String(w.id)} sort="id"
      keys={(w) => ({ x: () => ask(killWorker(w)), S: () => ask(stackOf(w.pool, w.pid, w.id)), r: () => ask(recyclePool(pool)) })} />
  );
}
