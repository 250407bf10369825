// The question before an action: what, to which object, with what consequence.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { opened, person } from "../api/session.ts";
import { allowed, asked, sayNow } from "../state/ask.ts";
import { Flame } from "../charts/flame.tsx";
import type { Capture } from "../api/wire.ts";
import type { Action, Values } from "../view/actions.ts";
import { bytes as size } from "../view/format.ts";
import { save } from "../view/save.ts";
import { command } from "../view/shell.ts";
import { Copy } from "./copy.tsx";
import { Fields } from "./fields.tsx";
import { Stack } from "./stack.tsx";

/** A modal dialog. The browser keeps the focus in it and gives it back. */
export function Modal({ title, close, children, wide = false }: { title: string; close(): void; children: ComponentChildren; wide?: boolean }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog ref={box} class={wide ? "wide" : ""} aria-labelledby="dialog-title" onClose={close}
      onClick={(e) => { if (e.target === box.current) box.current?.close(); }}>
      <div class="dialog-body"><h2 id="dialog-title">{title}</h2>{children}</div>
    </dialog>
  );
}

export function Question() {
  const action = asked.value;
  if (!action) return null;
  const close = () => { asked.value = undefined; };
  return (
    <Modal title={action.title} close={close} wide={action.shows ?? false} key={action.title}>
      {allowed(action) ? <Confirm action={action} close={close} /> : <NotAllowed action={action} close={close} />}
    </Modal>
  );
}

function Confirm({ action, close }: { action: Action; close(): void }) {
  const [values, setValues] = useState<Values>(() => Object.fromEntries((action.fields ?? []).map((f) => [f.name, f.value])));
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<{ is: "asked" | "running" } | { is: "failed"; why: string } | { is: "done"; answer: unknown }>({ is: "asked" });
  const ready = state.is !== "running" && (!action.typed || typed === action.typed);

  const run = async (e: Event) => {
    e.preventDefault();
    if (!ready) return;
    setState({ is: "running" });
    try {
      const answer = await action.run(values);
      sayNow(`${action.title}: done`);
      if (action.shows) setState({ is: "done", answer });
      else close();
    } catch (error) {
      setState({ is: "failed", why: (error as Error).message });
    }
  };

  if (state.is === "done") {
    return (
      <>
        <Answer of={state.answer} />
        <div class="buttons"><button type="button" onClick={close}>Close</button></div>
      </>
    );
  }
  return (
    <form onSubmit={run}>
      <p class="consequence">{action.consequence}</p>
      {action.fields && <Fields fields={action.fields} values={values} change={setValues} />}
      {action.typed && (
        <label class="field">
          <span>Type <b>{action.typed}</b> to go on</span>
          <input value={typed} autocomplete="off" spellcheck={false} onInput={(e) => setTyped(e.currentTarget.value)} />
        </label>
      )}
      <Copy text={action.command(values)} />
      <div class="buttons">
        {state.is === "failed" && <p class="failed" role="alert">{state.why}</p>}
        <button type="button" onClick={close}>Cancel</button>
        <button type="submit" class={action.danger ? "primary danger" : "primary"} disabled={!ready}>
          {state.is === "running" ? "Waiting …" : action.label}
        </button>
      </div>
    </form>
  );
}

/** What an action answers: a stack, a profile, or any value. */
function Answer({ of }: { of: unknown }) {
  const capture = of as Partial<Capture> | null;
  if (typeof of === "string" && of.startsWith("goroutine ")) return <Stack text={of} />;
  if (typeof capture?.bytes === "string" && typeof capture.name === "string") {
    const { name, bytes } = capture;
    const profile = name.endsWith(".pb.gz");
    return (
      <>
        {profile ? <Flame data={bytes} /> : <p>The trace has {size(atob(bytes).length)}. This page does not show traces: save it and open it.</p>}
        {capture.workers?.filter((w) => w.error).map((w) => <p key={w.pid} class="failed">pid {w.pid}: {w.error}</p>)}
        <p><button type="button" onClick={() => save({ name, data: bytes })}>Save {name}</button> <span class="quiet">for <code>go tool {profile ? "pprof" : "trace"} {name}</code></span></p>
      </>
    );
  }
  return <pre class="code answer" tabIndex={0}>{typeof of === "string" ? of : JSON.stringify(of, null, 2)}</pre>;
}

function NotAllowed({ action, close }: { action: Action; close(): void }) {
  const s = opened();
  const role = action.role === "admin" ? "RoleAdmin" : "RoleOperate";
  return (
    <>
      <p class="consequence">
        This needs the role <b>{action.role}</b>; this session has <b>{s?.role ?? "read"}</b>, and the daemon would refuse it.
      </p>
      {s?.login
        ? <p>If your token may, end this session and sign in to <b>{action.role}</b>.</p>
        : <><p>A session that may, if you may yourself:</p><Copy text={command("dashboard", "--role", action.role)} label="Copy" /></>}
      <p>If you may not, whoever runs the daemon can allow it in its <code>Config</code>:</p>
      <pre class="code">{`Access: map[string]legion.Role{\n\t${JSON.stringify(s?.login ? "token-file:/etc/NAME/token" : `user:${person() || "YOU"}`)}: legion.${role},\n}`}</pre>
      <p>The command that does it:</p>
      <Copy text={action.command(Object.fromEntries((action.fields ?? []).map((f) => [f.name, f.value])))} />
      <div class="buttons"><button type="button" onClick={close}>Close</button></div>
    </>
  );
}
