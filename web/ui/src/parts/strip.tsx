// Below the bar: what the page cannot show as usual, and what is wrong in the
// daemon, each with its remedy.
import { useEffect } from "preact/hooks";
import { say } from "../state/ask.ts";
import { seconds } from "../state/clock.ts";
import { connection, heard, reconnect, togglePause } from "../state/live.ts";
import { upgraded } from "../state/marks.ts";
import { problems } from "../state/problems.ts";
import { daemon, topics } from "../state/store.ts";
import { clock, duration, plural } from "../view/format.ts";
import { Act } from "./button.tsx";

export function Strip() {
  return (
    <div class="strips">
      <Link />
      <Change />
      <Wrong />
    </div>
  );
}

function Link() {
  const c = connection.value;
  if (c.is === "paused") {
    return (
      <div class="strip warn">
        <span class="mark" aria-hidden="true">‖</span><p><b>Paused.</b> All figures are as of <b>{clock(c.since / 1000)}</b>.</p><button type="button" class="small" onClick={togglePause}>Go on</button>
      </div>
    );
  }
  if (c.is === "replaced") {
    return (
      <div class="strip warn" role="status">
        <span class="mark" aria-hidden="true">‖</span>
        <p><b>Another window took its place.</b> A browser can show a daemon in four windows at once, and this one was opened first. All figures are as of <b>{clock(c.since / 1000)}</b>.</p>
        <button type="button" class="small" onClick={reconnect}>Take it back</button>
      </div>
    );
  }
  if (c.is !== "lost") return null;
  const left = Math.max(0, Math.ceil(c.retryAt / 1000 - Math.max(seconds.value, Date.now() / 1000)));
  return (
    <div class="strip bad" role="status">
      <span class="mark" aria-hidden="true">✕</span>
      <p><b>Disconnected.</b> {sentence(c.why)} {heard.value > 0 && <>Figures are as of <b>{clock(c.since / 1000)}</b>.</>}</p>
      <span aria-hidden="true">{left > 0 ? `Next try in ${left} s` : "Trying …"}</span><button type="button" class="small" onClick={reconnect}>Try now</button>
    </div>
  );
}

/** How long the page says that it saw an upgrade, in seconds. */
const upgradeShown = 60;

function Change() {
  const d = daemon(), u = upgraded.value;
  if (d?.changing) {
    return <p class="strip busy" role="status">{capital(d.changing)} is under way for {duration(d.changing_for)}.</p>;
  }
  if (d && d.state !== "running") return <Phase state={d.state} />;
  if (u && seconds.value - u.at < upgradeShown) {
    return <div class="strip busy" role="status"><p>Upgraded at {clock(u.at)}: process {u.from} became <b>{u.to}</b>, version {d?.version}. The page has followed.</p></div>;
  }
  return null;
}

function Phase({ state }: { state: string }) {
  const pools = topics.pools.list();
  if (!topics.pools.loaded()) return <div class="strip warn" role="status"><p>The daemon is {state}.</p></div>;
  const ready = pools.reduce((n, p) => n + p.ready, 0), least = pools.reduce((n, p) => n + p.min, 0);
  const text = state === "starting"
    ? `The daemon is starting: ${ready} of ${plural(least, "worker")} are ready.`
    : state === "stopping" ? `The daemon is stopping: ${plural(ready, "worker")} are left, with ${plural(pools.reduce((n, p) => n + p.running, 0), "call")}.` : `The daemon is ${state}.`;
  return (
    <div class="strip warn" role="status">
      <p>{text}</p>
      <ul class="phases">{pools.map((p) => <li key={p.name}>{p.name} <b>{state === "starting" ? `${p.ready}/${p.min}` : p.ready}</b></li>)}</ul>
    </div>
  );
}

function Wrong() {
  const wrong = problems(daemon(), topics.pools.list());
  const text = wrong.map((w) => w.text).join(" ");
  useEffect(() => { if (text) say(text); }, [wrong.map((w) => w.key).join()]);
  if (!wrong.length) return null;
  return (
    <ul class="wrong" aria-label="What is wrong now">
      {wrong.map((w) => (
        <li key={w.key} class={`strip ${w.tone}`}>
          <span class="mark" aria-hidden="true">{w.tone === "bad" ? "✕" : "!"}</span>
          <p><b>{w.text}</b> {w.remedy} {w.link && <a href={w.link}>Look</a>}</p>
          {w.action && <Act action={w.action} small />}
        </li>
      ))}
    </ul>
  );
}

const sentence = (s: string) => (/[.!?]$/.test(s) ? s : s + ".");
const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);
