// Screen 6: the log, as it is written.
import { useState } from "preact/hooks";
import type { LogRecord } from "../api/wire.ts";
import { State, Short, Time, Loading } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Feed } from "../parts/feed.tsx";
import { Filter } from "../parts/filter.tsx";
import { useTopics } from "../state/live.ts";
import { matches, to } from "../state/route.ts";
import { daemon, topics } from "../state/store.ts";
import { logLevel } from "../view/actions.ts";
import { command } from "../view/shell.ts";
import { levelTone } from "../view/words.ts";

const levels = ["debug", "info", "warn", "error"];

/** Whether a record is of a level or above it: "WARN+2" is. */
const atLeast = (level: string, least: string) => {
  const place = levels.findIndex((l) => level.toLowerCase().startsWith(l));
  return place < 0 || place >= levels.indexOf(least);
};

export function Logs() {
  const [level, setLevel] = useState("info");
  const [pool, setPool] = useState("");
  useTopics(["logs"], { level });
  const pools = [...topics.pools.all.keys()];
  if (!topics.logs.loaded) return <Loading what="the log" />;
  const fits = (r: LogRecord) => atLeast(r.level, level) && (!pool || r.attrs?.["pool"] === pool) && matches(r.message, r.level, ...Object.entries(r.attrs ?? {}).flat());
  return (
    <>
      <div class="tool-row">
        <Filter what="text, pid, attribute" />
        <label>Level <select value={level} onChange={(e) => setLevel(e.currentTarget.value)}>{levels.map((l) => <option key={l} value={l}>{l} and above</option>)}</select></label>
        <label>Pool <select value={pool} onChange={(e) => setPool(e.currentTarget.value)}><option value="">all</option>{pools.map((p) => <option key={p} value={p}>{p}</option>)}</select></label>
        <code class="aside quiet">{command("logs", "-f")}</code>
        {daemon() && <Act action={logLevel(daemon()!.log?.level ?? "")} />}
      </div>
      <Feed entries={topics.logs.all} label="Log" fits={fits} command={command("logs")} row={(r) => (
        <>
          <span class="quiet"><Time at={r.time} millis /></span> <State tone={levelTone(r.level)}>{r.level}</State> <span class="message">{r.message}
            {Object.entries(r.attrs ?? {}).filter(([k, v]) => k !== "daemon" || v !== daemon()?.name).map(([k, v]) => (
              <span key={k} class="attr"> {k}=<b>{k === "death" ? <a href={to("deaths", String(v))}>{String(v)}</a> : <Short of={v} />}</b></span>
            ))}</span>
        </>
      )} />
    </>
  );
}
