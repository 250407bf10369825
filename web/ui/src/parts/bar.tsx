// The bar on top: which daemon this is, how it is, and how the page is.
import { useEffect } from "preact/hooks";
import { closeSession, opened, person } from "../api/session.ts";
import { help, say } from "../state/ask.ts";
import { connection, freshness, heard, togglePause } from "../state/live.ts";
import { theme, toggleTheme, toggleZone } from "../state/prefs.ts";
import { daemon } from "../state/store.ts";
import { clock, duration, zoneName } from "../view/format.ts";
import { daemonTone } from "../view/words.ts";
import { State } from "./bits.tsx";

export function Bar() {
  const d = daemon(), s = opened();
  return (
    <header class="bar">
      <div class="who">
        <h1>{d?.name ?? s?.daemon ?? "Legion"}</h1>
        {d && <State tone={daemonTone(d.state)}>{d.state}</State>}
        {d && (
          <span class="quiet facts-line">
            <span>pid <b>{d.pid}</b></span><span class="wide">{d.version}</span><span>up <b>{duration(d.uptime)}</b></span><span class="wide">{d.host}</span>
          </span>
        )}
      </div>
      <div class="tools">
        <Dot />
        <span class={`role ${s?.role ?? "read"}`} title={roleMeans[s?.role ?? "read"]}>{s?.role ?? "read"}{person() && <span class="wide"> as {person()}</span>}</span>
        <button type="button" onClick={toggleZone} aria-label={`Times in ${zoneName()}: change`} title="Times: local or UTC (T)">{zoneName()}</button>
        <button type="button" onClick={toggleTheme} aria-label={`Theme ${theme.value}: change`} title="Theme: the system's, light, dark (t)"><span aria-hidden="true">{{ auto: "◐", light: "○", dark: "●" }[theme.value]}</span> {theme.value}</button>
        <button type="button" onClick={() => { help.value = true; }} aria-label="Help and keys" title="Help and keys (?)">?</button>
        <button type="button" class="wide" onClick={() => void closeSession()} title="Ends this session in the server">End</button>
      </div>
    </header>
  );
}

const roleMeans = {
  read: "This session may look, and nothing else",
  operate: "This session may look, and steer pools and workers",
  admin: "This session may do everything, also end the daemon",
};

// A form for each state, so that it is not told by colour alone.
function Dot() {
  const state = freshness();
  const text = state === "live" ? "live" : state === "stale" ? `stale, ${clock(heard.value / 1000)}` : state === "lost" ? "no connection" : state === "replaced" ? "taken over" : state;
  useEffect(() => { if (state !== "live" && state !== "connecting") say(`The page is ${text}`); }, [state]);
  const isPaused = connection.value.is === "paused";
  return (
    <button type="button" class={`dot ${state}`} onClick={togglePause} aria-pressed={isPaused} title={isPaused ? "Go on (p)" : "Pause the page (p)"}>
      <i aria-hidden="true" />{text}
    </button>
  );
}
