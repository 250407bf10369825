// Screen 4: what runs, what waits, what was slow; and running a function.
import type { Call, FuncType, Pool } from "../api/wire.ts";
import { Empty, Loading, None, Section, SplitBar, SplitKey, State, Time } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Filter } from "../parts/filter.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { useAnswer } from "../state/answer.ts";
import { ask } from "../state/ask.ts";
import { useTopics } from "../state/live.ts";
import { matches, to } from "../state/route.ts";
import { topics } from "../state/store.ts";
import { killCall, stackOf } from "../view/actions.ts";
import { runFunction } from "../view/runfunction.ts";
import { bytes, count, duration, howFar, plural } from "../view/format.ts";
import { outcomeTone } from "../view/words.ts";

export function Calls() {
  useTopics(["calls", "slow"]);
  if (!topics.calls.loaded()) return <Loading what="the calls" />;
  const all = topics.calls.list();
  const running = all.filter((c) => c.state === "running"), waiting = all.filter((c) => c.state !== "running");
  const number = (calls: Call[], of: (p: Pool) => number) => (calls.length < listed ? calls.length : Math.max(calls.length, topics.pools.list().reduce((n, p) => n + of(p), 0)));
  const oldest = (calls: Call[]) => (calls.length < listed ? undefined : <span class="quiet">the oldest {count(calls.length)} are listed</span>);
  return (
    <>
      <div class="tool-row"><Filter what="calls" /><SplitKey /></div>
      <Section title={`Running ${count(number(running, (p) => p.running))}`} id="running" aside={oldest(running)}>
        {running.length ? <Running calls={running} /> : <Empty>No call runs now.</Empty>}
      </Section>
      <Section title={`Waiting ${count(number(waiting, (p) => p.queued))}`} id="waiting" aside={oldest(waiting)}>
        {waiting.length ? <Waiting calls={waiting} /> : <Empty>No call waits: there is a worker for each.</Empty>}
      </Section>
      <Section title="Slowest of the last hour" id="slow" aside={<span class="quiet">of each function</span>}>
        <Slowest calls={topics.slow.list()} />
      </Section>
      <Functions />
    </>
  );
}

/** A daemon tells at most as many calls that run, and as many that wait. */
const listed = 200;

const total = (c: Call) => (c.wait ?? 0) + (c.run ?? 0);
const longest = (calls: Call[]) => Math.max(...calls.map(total), 0);
const seen = (calls: Call[]) => calls.filter((c) => matches(c.pool, c.func, c.id, c.pid, c.outcome));

const number: Column<Call> = { name: "id", head: "No.", num: true, by: (c) => Number(c.id), cell: (c) => c.id };
const func: Column<Call> = { name: "func", head: "Function", by: (c) => `${c.pool}/${c.func}`, cell: (c) => <><a href={to("pool", c.pool)}>{c.pool}</a> <b>{c.func}</b></> };
const bar = (of: number): Column<Call> => ({ name: "bar", head: "Wait, run, CPU", by: total, cell: (c) => <SplitBar wait={c.wait ?? 0} run={c.run ?? 0} cpu={c.cpu} of={of} /> });
const argument: Column<Call> = { name: "arg", head: "Argument", num: true, wide: true, by: (c) => c.arg_bytes, cell: (c) => bytes(c.arg_bytes) };
const tries: Column<Call> = { name: "tries", head: "Retried", num: true, wide: true, by: (c) => c.tries, cell: (c) => (c.tries ? <b>{c.tries}</b> : "0") };
const time = (name: "wait" | "run" | "cpu", head: string): Column<Call> => ({ name, head, num: true, by: (c) => c[name] ?? 0, cell: (c) => duration(c[name]) });

function Running({ calls }: { calls: Call[] }) {
  const columns: Column<Call>[] = [
    number, func, time("run", "Runs for"), bar(longest(calls)), time("wait", "Waited"),
    { name: "progress", head: "Progress", cell: (c) => howFar(c.progress) || <span class="quiet">–</span> },
    { name: "pid", head: "Pid", num: true, by: (c) => c.pid, cell: (c) => c.pid }, tries, argument,
    { name: "act", head: "", cell: (c) => <><Act action={stackOf(c.pool, c.pid, c.worker)} small /><Act action={killCall(c)} small /></> },
  ];
  return (
    <Table caption="Running calls" columns={columns} rows={seen(calls)} keyOf={(c) => `${c.pool} ${c.id}`} sort="-run"
      keys={(c) => ({ x: () => ask(killCall(c)), S: () => ask(stackOf(c.pool, c.pid, c.worker)) })} />
  );
}

function Waiting({ calls }: { calls: Call[] }) {
  const columns: Column<Call>[] = [number, func, time("wait", "Waits for"), { name: "queued", head: "Since", cell: (c) => <Time at={c.queued} millis /> }, tries, argument];
  return <Table caption="Waiting calls" columns={columns} rows={seen(calls)} keyOf={(c) => `${c.pool} ${c.id}`} sort="-wait" />;
}

function Slowest({ calls }: { calls: Call[] }) {
  if (!calls.length) return <None of={topics.slow} what="the slowest calls">No call has ended in the last hour.</None>;
  const columns: Column<Call>[] = [
    number, func, { name: "ended", head: "Ended", by: (c) => Date.parse(c.ended ?? ""), cell: (c) => <Time at={c.ended} day /> },
    { name: "outcome", head: "Outcome", by: (c) => c.outcome, cell: (c) => <State tone={outcomeTone(c.outcome)}>{c.outcome.replaceAll("_", " ")}</State> },
    { name: "total", head: "In all", num: true, by: total, cell: (c) => duration(total(c)) }, bar(longest(calls)), time("wait", "Waited"), time("run", "Ran"), time("cpu", "CPU"),
    { name: "pid", head: "Pid", num: true, wide: true, cell: (c) => c.pid || "–" }, tries, argument,
    { name: "result", head: "Result", num: true, wide: true, by: (c) => c.result_bytes, cell: (c) => bytes(c.result_bytes) },
  ];
  return <Table caption="Slowest calls of the last hour" columns={columns} rows={seen(calls)} keyOf={(c) => `${c.pool} ${c.func} ${c.id}`} sort="-total" />;
}

function Functions() {
  const { value: funcs, why } = useAnswer<FuncType[]>("func.list");
  const columns: Column<FuncType>[] = [
    { name: "name", head: "Function", by: (f) => f.name, cell: (f) => <b>{f.name}</b> }, { name: "pool", head: "Pool", by: (f) => f.pool, cell: (f) => <a href={to("pool", f.pool)}>{f.pool}</a> },
    { name: "kind", head: "Kind", by: (f) => f.kind, cell: (f) => f.kind }, { name: "in", head: "Takes", cell: (f) => <code>{f.in}</code> }, { name: "out", head: "Gives", cell: (f) => <code>{f.out}</code> },
    { name: "act", head: "", cell: (f) => (f.kind === "stream" ? <span class="quiet">streams: by command only</span> : <Act action={runFunction(f, funcs!)} small />) },
  ];
  return (
    <Section title="Functions" id="functions" aside={funcs && <span class="quiet">{plural(funcs.length, "function")}</span>}>
      {why && <p class="failed">{why}</p>}
      {!funcs && !why && <Loading what="the functions" />}
      {funcs && (funcs.length ? <Table caption="Functions" columns={columns} rows={funcs.filter((f) => matches(f.name, f.pool, f.in))} keyOf={(f) => `${f.pool} ${f.name}`} /> : <Empty>The program has no functions.</Empty>)}
    </Section>
  );
}
