// What surrounds every screen.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { said, help } from "../state/ask.ts";
import { connection } from "../state/live.ts";
import { keyHelp, keysOn } from "../state/keys.ts";
import { route, screens, to, type Screen } from "../state/route.ts";
import { Bar } from "./bar.tsx";
import { Modal, Question } from "./dialog.tsx";
import { Strip } from "./strip.tsx";

const names: Record<Screen, string> = {
  overview: "Overview", tree: "Tree", pool: "Pools", calls: "Calls", deaths: "Deaths", logs: "Logs", events: "Events", system: "System",
};

export function Frame({ children }: { children: ComponentChildren }) {
  const { screen, arg } = route.value;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${arg ? arg + " · " : ""}${names[screen]} · Legion`;
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    scrollTo(0, 0);
  }, [screen, arg]);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>To the content</a>
      <Bar />
      <nav class="tabs" aria-label="Screens">
        {screens.map((s, i) => (
          <a key={s} href={to(s)} aria-current={s === screen ? "page" : undefined}><kbd aria-hidden="true">{i + 1}</kbd>{names[s]}</a>
        ))}
      </nav>
      <Strip />
      <main ref={main} id="main" tabIndex={-1} class={["lost", "replaced"].includes(connection.value.is) ? "old" : ""}>{children}</main>
      <div class="unseen" role="status" aria-live="polite">{said}</div>
      <Question />
      {help.value && <Help />}
    </>
  );
}

function Help() {
  return (
    <Modal title="Keys" close={() => { help.value = false; }}>
      <dl class="keys">{keyHelp.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <p>In a chart, arrow keys move a cursor, and with Shift they choose a time in the heatmap. No key changes anything in the daemon without a question first.</p>
      <label class="field check"><input type="checkbox" checked={keysOn.value} onChange={(e) => { keysOn.value = e.currentTarget.checked; }} /><span>Single keys act</span></label>
      <div class="buttons"><button type="button" onClick={() => { help.value = false; }}>Close</button></div>
    </Modal>
  );
}
