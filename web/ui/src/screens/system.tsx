// Screen 8: everything of the daemon that is no pool.
import type { Client, Cron, Daemon, Finding, Plugin, Setting, Task } from "../api/wire.ts";
import { Facts, Loading, None, Section, State, Time } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Filter } from "../parts/filter.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { useAnswer } from "../state/answer.ts";
import { seconds } from "../state/clock.ts";
import { useTopics } from "../state/live.ts";
import { matches } from "../state/route.ts";
import { daemon, topics } from "../state/store.ts";
import { logLevel, reload, runCron, runTask, stackOfDaemon, stopDaemon, upgrade } from "../view/actions.ts";
import { bytes, count, duration, figure, percent, plural, relative } from "../view/format.ts";
import { command } from "../view/shell.ts";
import { SettingRows } from "./settingrows.tsx";

export function System() {
  useTopics(["crons", "tasks", "plugins", "clients"]);
  const d = daemon();
  if (!d || !topics.pools.loaded()) return <Loading what="the daemon" />;
  const running = topics.pools.list().reduce((n, p) => n + p.running, 0);
  return (
    <>
      <div class="tool-row">
        <Filter what="settings" />
        <span class="aside"><Act action={stackOfDaemon(d.name)} /><Act action={logLevel(d.log?.level ?? "")} /><Act action={reload(d.name, d.workers)} /><Act action={upgrade(d.name, d.pid)} /><Act action={stopDaemon(d.name, running)} /></span>
      </div>
      <Process d={d} />
      <Loop d={d} />
      <Section title="Cron and Every" id="crons"><Crons /></Section>
      <Section title="Tasks" id="tasks"><Tasks /></Section>
      <Section title="Plugins" id="plugins"><Plugins /></Section>
      <Section title="Control clients" id="clients"><Clients /></Section>
      <Section title="Configuration" id="config" aside={<code class="quiet">{command("config", "show")}</code>}><Config /></Section>
      <Section title="This machine" id="doctor" aside={<code class="quiet">{command("doctor")}</code>}><Doctor /></Section>
    </>
  );
}

function Process({ d }: { d: Daemon }) {
  return (
    <Facts of={[
      ["Host", d.host], ["User", d.user], ["Healthy", d.healthy ? "yes" : <State tone="bad">{d.unhealthy}</State>],
      ["Memory of the daemon", bytes(d.memory)], ["CPU of the daemon", `${duration(d.cpu)}, ${percent(d.cpu, d.uptime)}`], ["Load 1, 5, 15 min", d.load?.map(figure).join(", ")],
      ["Worker processes", count(d.workers)], ["Log", d.log?.failure ? <State tone="bad">{d.log.failure}</State> : `${count(d.log?.written)} written, ${count(d.log?.dropped)} dropped${d.log?.level ? `, level ${d.log.level}` : ""}`],
      ["Control", d.control?.join(" ")],
      ...(d.shared ?? []).map((s) => [`Shared: ${s.name}`, <>{bytes(s.bytes)}, loaded <Time at={s.loaded} day /></>] as [string, preact.ComponentChild]),
    ]} />
  );
}

function Loop({ d: { loop: l } }: { d: Daemon }) {
  if (!l) return null;
  return (
    <Section title="Loop" id="loop">
      <Facts of={[
        ["Now", l.running > 0 ? `runs a function for ${duration(l.running)}` : "idle"], ["Waiting functions", count(l.pending)], ["Busy", `${duration(l.busy)}, ${percent(l.busy, l.busy + l.idle)}`],
        ["Ticks", count(l.ticks)], ["Ticks left out", count(l.missed)], ["Ticks too long", count(l.overruns)], ["Panics", count(l.panics)], ["Events left out", count(l.left_out)],
      ]} />
    </Section>
  );
}

function Crons() {
  const all = topics.crons.list();
  if (!all.length) return <None of={topics.crons} what="what is called at times" code={"d.Cron(\"0 3 * * *\", nightly)"}>Nothing is called at times or intervals.</None>;
  const columns: Column<Cron>[] = [
    { name: "name", head: "Name", by: (c) => c.name, cell: (c) => <b>{c.name}</b> },
    { name: "next", head: "Next", by: (c) => (c.next ? Date.parse(c.next) : 0), cell: (c) => (c.pending ? <State tone="busy">due</State> : c.next ? <>{relative(c.next, seconds.value)} <span class="quiet"><Time at={c.next} day /></span></> : <span class="quiet">an interval after the last</span>) },
    { name: "runs", head: "Runs", num: true, by: (c) => Number(c.runs), cell: (c) => count(c.runs) },
    { name: "last", head: "Last ended well", wide: true, by: (c) => (c.last_ok ? Date.parse(c.last_ok) : 0), cell: (c) => (c.outcomes ? c.last_ok ? <Time at={c.last_ok} day /> : <span class="quiet">not yet</span> : <span class="quiet">not told</span>) },
    { name: "missed", head: "Left out", num: true, by: (c) => Number(c.missed), cell: (c) => (Number(c.missed) ? <b>{count(c.missed)}</b> : "0") },
    { name: "act", head: "", cell: (c) => <Act action={runCron(c)} small /> },
  ];
  return <Table caption="Cron and Every" columns={columns} rows={all} keyOf={(c) => c.name} />;
}

function Tasks() {
  const all = topics.tasks.list();
  if (!all.length) return <None of={topics.tasks} what="the tasks" code={"legion.Task(d, \"nightly\", clean)"}>The program has no tasks.</None>;
  const columns: Column<Task>[] = [
    { name: "name", head: "Task", by: (t) => t.name, cell: (t) => <b>{t.name}</b> }, { name: "running", head: "Running", num: true, by: (t) => t.running, cell: (t) => `${count(t.running)}${t.max ? ` of ${count(t.max)}` : ""}` },
    { name: "queued", head: "Waiting", num: true, by: (t) => t.queued, cell: (t) => count(t.queued) }, { name: "calls", head: "Runs in all", num: true, by: (t) => Number(t.calls), cell: (t) => count(t.calls) },
    { name: "act", head: "", cell: (t) => <Act action={runTask(t)} small /> },
  ];
  return <Table caption="Tasks" columns={columns} rows={all} keyOf={(t) => t.name} />;
}

function Plugins() {
  const all = topics.plugins.list();
  if (!all.length) return <None of={topics.plugins} what="the plugins">The program uses no plugins.</None>;
  const columns: Column<Plugin>[] = [
    { name: "name", head: "Plugin", cell: (p) => <b>{p.name}</b> }, { name: "type", head: "Type", cell: (p) => <code>{p.type}</code> },
    { name: "state", head: "State", cell: (p) => <State tone={p.state === "started" ? "ok" : "warn"}>{p.state}</State> },
    { name: "stats", head: "Says", cell: (p) => (p.stats === undefined || p.stats === null ? <span class="quiet">nothing</span> : <code class="cut" title={JSON.stringify(p.stats)}>{JSON.stringify(p.stats)}</code>) },
  ];
  return <Table caption="Plugins" columns={columns} rows={all} keyOf={(p) => p.name} />;
}

function Clients() {
  const all = topics.clients.list();
  if (!all.length) return <None of={topics.clients} what="the clients">Nobody is connected.</None>;
  const columns: Column<Client>[] = [
    { name: "id", head: "No.", num: true, by: (c) => Number(c.id), cell: (c) => c.id }, { name: "name", head: "Who", by: (c) => c.name, cell: (c) => <b>{c.name}</b> },
    { name: "as", head: "For", by: (c) => c.as, cell: (c) => c.as || <span class="quiet">itself</span> }, { name: "role", head: "Role", by: (c) => c.role, cell: (c) => c.role },
    { name: "protocol", head: "Speaks", wide: true, by: (c) => c.protocol, cell: (c) => c.protocol }, { name: "address", head: "Came to", wide: true, by: (c) => c.address, cell: (c) => <code class="cut" title={c.address}>{c.address}</code> },
    { name: "since", head: "Since", by: (c) => Date.parse(c.since), cell: (c) => <Time at={c.since} day /> },
  ];
  return <Table caption="Control clients" columns={columns} rows={all} keyOf={(c) => String(c.id)} />;
}

function Doctor() {
  const { value: all, why } = useAnswer<Finding[]>("daemon.doctor");
  if (!all) return why ? <p class="failed">{why}</p> : <Loading what="what this machine allows" />;
  const columns: Column<Finding>[] = [
    { name: "ok", head: "State", by: (f) => (f.ok ? 1 : 0), cell: (f) => <State tone={f.ok ? "ok" : "warn"}>{f.ok ? "ok" : "limit"}</State> }, { name: "topic", head: "What", by: (f) => f.topic, cell: (f) => <b>{f.topic}</b> },
    { name: "found", head: "Found", cell: (f) => f.found }, { name: "means", head: "What it means", cell: (f) => f.means }, { name: "advice", head: "What to do", cell: (f) => f.advice || <span class="quiet">nothing</span> },
  ];
  const limits = all.filter((f) => !f.ok).length;
  return (
    <>
      <p class="quiet">{limits ? `${plural(limits, "limit")}, with the rights of the daemon; Legion works anyway.` : "Nothing limits Legion here, with the rights of the daemon."}</p>
      <Table caption="What this machine allows" columns={columns} rows={all} keyOf={(f) => f.topic} sort="ok" />
    </>
  );
}

function Config() {
  const { value: settings, why } = useAnswer<Setting[]>("config.show");
  if (!settings) return why ? <p class="failed">{why}</p> : <Loading what="the configuration" />;
  return <SettingRows settings={settings.filter((s) => matches(s.key, s.value, s.source))} />;
}
