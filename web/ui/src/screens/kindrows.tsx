// Kinds of death: what they have in common, how many, since when.
import type { DeathKind } from "../api/wire.ts";
import { Bars } from "../charts/spark.tsx";
import { State, Time } from "../parts/bits.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { go, matches, to } from "../state/route.ts";
import { topics } from "../state/store.ts";
import { count } from "../view/format.ts";
import { causeTone, causeWord } from "../view/words.ts";

const parts = 24;

/** The deaths of each kind that are kept, in parts of the time since the first of them. */
function trends(): Map<string, number[]> {
  const deaths = topics.deaths.list().map((d) => ({ kind: d.kind, at: Date.parse(d.time) }));
  const from = Math.min(...deaths.map((d) => d.at)), span = Math.max(1, Date.now() - from);
  const all = new Map<string, number[]>();
  for (const { kind, at } of deaths) {
    let t = all.get(kind);
    if (!t) all.set(kind, (t = new Array<number>(parts).fill(0)));
    t[Math.min(parts - 1, Math.floor(((at - from) / span) * parts))]!++;
  }
  return all;
}

export function KindRows({ kinds, pool = true }: { kinds: DeathKind[]; pool?: boolean }) {
  const trend = trends();
  const columns: Column<DeathKind>[] = [
    { name: "count", head: "Deaths", num: true, by: (k) => Number(k.count), cell: (k) => <b>{count(k.count)}</b> },
    { name: "cause", head: "Cause", by: (k) => k.cause, cell: (k) => <a class="name" href={to("deaths", "", { kind: k.kind })}><State tone={causeTone(k.cause)} plain>{k.kind ? causeWord(k.cause) : "of kinds that are left out"}</State></a> },
    ...(pool ? [{ name: "pool", head: "Pool", by: (k: DeathKind) => k.pool, cell: (k: DeathKind) => <a href={to("pool", k.pool)}>{k.pool}</a> }] : []),
    { name: "frame", head: "At", by: (k) => k.frame, cell: (k) => <code class="cut">{k.frame || "–"}</code> },
    { name: "why", head: "Why", wide: true, cell: (k) => <span class="cut" title={k.why}>{k.why}</span> },
    ...(trend.size ? [{ name: "trend", head: "Trend", wide: true, cell: (k: DeathKind) => <Bars values={trend.get(k.kind) ?? []} /> }] : []),
    { name: "first", head: "First", wide: true, by: (k) => Date.parse(k.first), cell: (k) => <Time at={k.first} day /> },
    { name: "last", head: "Last", by: (k) => Date.parse(k.last), cell: (k) => <Time at={k.last} day /> },
    { name: "number", head: "Newest", num: true, cell: (k) => (Number(k.number) ? <a href={to("deaths", String(k.number))}>no. {k.number}</a> : <span class="quiet">not kept</span>) },
  ];
  return (
    <Table caption="Kinds of death" columns={columns} rows={kinds.filter((k) => matches(k.pool, k.cause, k.frame, k.why))} keyOf={(k) => k.kind} sort="-count"
      open={(k) => go(Number(k.number) ? to("deaths", String(k.number)) : to("deaths", "", { kind: k.kind }))} />
  );
}
