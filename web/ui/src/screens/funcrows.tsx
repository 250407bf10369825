// The functions of a pool: waiting and running apart.
import type { Func, Pool } from "../api/wire.ts";
import { SplitBar, SplitKey, State } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { readmit } from "../view/actions.ts";
import { count, duration, percent } from "../view/format.ts";

export function FuncRows({ pool, funcs }: { pool: Pool; funcs: Func[] }) {
  const longest = Math.max(...funcs.map((f) => (f.wait?.p99 ?? 0) + (f.run?.p99 ?? 0)));
  const columns: Column<Func>[] = [
    { name: "name", head: "Function", by: (f) => f.name, cell: (f) => <b>{f.name}</b> },
    { name: "calls", head: "Calls", num: true, by: (f) => Number(f.calls), cell: (f) => count(f.calls) },
    { name: "errors", head: "Errors", num: true, by: (f) => Number(f.errors) / Math.max(1, Number(f.calls)), cell: (f) => <span title={outcomes(f)}>{percent(f.errors, f.calls)}</span> },
    { name: "wait50", head: "Wait p50", num: true, wide: true, by: (f) => f.wait?.p50 ?? 0, cell: (f) => duration(f.wait?.p50) },
    { name: "wait99", head: "Wait p99", num: true, by: (f) => f.wait?.p99 ?? 0, cell: (f) => duration(f.wait?.p99) },
    { name: "run50", head: "Run p50", num: true, wide: true, by: (f) => f.run?.p50 ?? 0, cell: (f) => duration(f.run?.p50) },
    { name: "run99", head: "Run p99", num: true, by: (f) => f.run?.p99 ?? 0, cell: (f) => duration(f.run?.p99) },
    { name: "bar", head: "Wait and run, p99", cell: (f) => <SplitBar wait={f.wait?.p99 ?? 0} run={f.run?.p99 ?? 0} of={longest} /> },
    { name: "max", head: "Longest", num: true, by: (f) => f.max, cell: (f) => duration(f.max) },
    { name: "cpu", head: "CPU in all", num: true, wide: true, by: (f) => f.cpu, cell: (f) => duration(f.cpu) },
    { name: "state", head: "", cell: (f) => (pool.poisoned?.includes(f.name) ? <><State tone="bad">quarantine, next try in {duration(f.retry_after)}</State> <Act action={readmit(pool.name, f)} small /></> : null) },
  ];
  return <><Table caption={`Functions of pool ${pool.name}`} columns={columns} rows={funcs} keyOf={(f) => f.name} sort="-calls" /><SplitKey /></>;
}

const outcomes = (f: Func) => Object.entries(f.outcomes ?? {}).filter(([, n]) => Number(n) > 0).map(([name, n]) => `${name.replaceAll("_", " ")} ${count(n)}`).join(", ");
