// Screen 7: events, as they happen, and how many there were of each type.
import { useState } from "preact/hooks";
import type { Event, EventType } from "../api/wire.ts";
import { Loading, Section, Short, Time } from "../parts/bits.tsx";
import { Feed } from "../parts/feed.tsx";
import { Filter } from "../parts/filter.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { useAnswer } from "../state/answer.ts";
import { useTopics } from "../state/live.ts";
import { matches } from "../state/route.ts";
import { topics } from "../state/store.ts";
import { count } from "../view/format.ts";
import { command } from "../view/shell.ts";

export function Events() {
  useTopics(["events"]);
  const [type, setType] = useState("");
  if (!topics.events.loaded) return <Loading what="the events" />;
  const types = [...new Set(topics.events.all.flatMap((e) => ("value" in e ? [e.value.type] : [])))].sort();
  return (
    <>
      <div class="tool-row">
        <Filter what="pool, pid, text" />
        <label>Type <select value={type} onChange={(e) => setType(e.currentTarget.value)}><option value="">all</option>{types.map((t) => <option key={t} value={t}>{t}</option>)}</select></label>
        <code class="aside quiet">{command("events", "-f", ...(type ? [type] : []))}</code>
      </div>
      <Feed entries={topics.events.all} label="Events" fits={(e) => (!type || e.type === type) && matches(e.type, JSON.stringify(e.data))} command={command("events")} row={(e) => (
        <><span class="quiet"><Time at={e.time} millis /></span> <b class="type">{e.type}</b> <Data of={e} /></>
      )} />
      <Types />
    </>
  );
}

function Data({ of: { data } }: { of: Event }) {
  if (data === null || typeof data !== "object" || Array.isArray(data)) return <span class="message">{JSON.stringify(data)}</span>;
  return <span class="message">{Object.entries(data).map(([k, v]) => <span key={k} class="attr">{k}=<b><Short of={v} /></b> </span>)}</span>;
}

function Types() {
  const { value: types, why } = useAnswer<EventType[]>("event.list", {}, 10);
  const columns: Column<EventType>[] = [
    { name: "type", head: "Type", by: (t) => t.type, cell: (t) => <b>{t.type}</b> },
    { name: "count", head: "Emitted", num: true, by: (t) => Number(t.count), cell: (t) => count(t.count) },
    { name: "handlers", head: "Handlers", num: true, by: (t) => t.handlers, cell: (t) => count(t.handlers) },
  ];
  if (!types) return why ? <p class="failed">{why}</p> : null;
  if (!types.length) return null;
  return <Section title="Types" id="types"><Table caption="Types of events" columns={columns} rows={types} keyOf={(t) => t.type} sort="-count" /></Section>;
}
