// Deaths, one row each, the newest first.
import { None, State, Time } from "../parts/bits.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { go, matches, to } from "../state/route.ts";
import { topics } from "../state/store.ts";
import type { Death } from "../api/wire.ts";
import { bytes, duration } from "../view/format.ts";
import { causeTone, causeWord } from "../view/words.ts";

/** none is said when there are none; limit is how many are shown. */
export function DeathRows({ deaths, limit = Infinity, none = "No worker has died." }: { deaths: Death[]; limit?: number; none?: string | undefined }) {
  if (!deaths.length || !topics.deaths.loaded()) return <None of={topics.deaths} what="the deaths">{none}</None>;
  const rows = deaths.filter((d) => matches(d.pool, d.why, d.cause, d.frame, d.call?.func, d.pid)).sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(0, limit);
  const columns: Column<Death>[] = [
    { name: "number", head: "No.", num: true, by: (d) => Number(d.number), cell: (d) => <a class="name" href={to("deaths", String(d.number))}>{d.number}</a> },
    { name: "time", head: "When", by: (d) => Date.parse(d.time), cell: (d) => <Time at={d.time} day /> },
    { name: "pool", head: "Pool", by: (d) => d.pool, cell: (d) => <a href={to("pool", d.pool)}>{d.pool}</a> },
    { name: "cause", head: "Cause", by: (d) => d.cause, cell: (d) => <State tone={causeTone(d.cause)} plain>{causeWord(d.cause)}</State> },
    { name: "call", head: "In call", by: (d) => d.call?.func ?? "", cell: (d) => d.call?.func || <span class="quiet">none</span> },
    { name: "why", head: "Why", cell: (d) => <span class="cut" title={d.why}>{d.why}</span> },
    { name: "frame", head: "At", wide: true, cell: (d) => <code class="cut">{d.frame}</code> },
    { name: "memory", head: "Peak", num: true, wide: true, by: (d) => d.max_rss, cell: (d) => bytes(d.max_rss) },
    { name: "age", head: "Lived", num: true, wide: true, by: (d) => d.age, cell: (d) => duration(d.age) },
  ];
  return <Table caption="Deaths" columns={columns} rows={rows} keyOf={(d) => String(d.number)} open={(d) => go(to("deaths", String(d.number)))} />;
}
