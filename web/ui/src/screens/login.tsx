// Says who one is, where the page comes from the daemon's own address.
import { useEffect, useRef, useState } from "preact/hooks";
import { login } from "../api/session.ts";
import type { Role } from "../api/wire.ts";

const means: [Role, string][] = [
  ["read", "look, and nothing else"],
  ["operate", "look, and steer pools and workers"],
  ["admin", "do everything, also end the daemon"],
];

/** Whether somebody on the way to the daemon could read the token. */
const readable = () => location.protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);

export function Login({ why }: { why: string }) {
  const [role, setRole] = useState<Role>("read");
  const [busy, setBusy] = useState(false);
  const token = useRef<HTMLInputElement>(null);
  useEffect(() => token.current?.focus(), []);
  const submit = async (e: Event) => {
    e.preventDefault(); // nothing is sent as a form
    setBusy(true);
    await login(token.current!.value.trim(), role);
    setBusy(false);
    token.current?.select(); // it was not good enough: this screen is still here
  };
  return (
    <>
      <h1>Sign in</h1>
      <div role="alert">{why && <p class="failed">{why}</p>}</div>
      <form class="login" onSubmit={(e) => void submit(e)}>
        <label class="field">
          <span>Token</span>
          <input ref={token} type="password" autocomplete="off" autocapitalize="none" spellcheck={false} aria-describedby="about-token" />
        </label>
        <label class="field">
          <span>Role</span>
          <select value={role} onChange={(e) => setRole(e.currentTarget.value as Role)}>
            {means.map(([r, what]) => <option key={r} value={r}>{r}: {what}</option>)}
          </select>
        </label>
        <button type="submit" class="primary" disabled={busy}>Sign in</button>
      </form>
      <div id="about-token" class="quiet">
        <p>A token of the daemon’s <code>Config.Access</code>, as <code>token-file:/etc/NAME/token</code>; whoever runs the daemon gives you one. The page may do no more than the token. With a client certificate in the browser, leave the field empty.</p>
        <p>Only this tab keeps it, until you close the tab or end the session, and for eight hours at most.</p>
      </div>
      {readable() && <p class="state warn">This address is not encrypted: whoever can read the network can read the token.</p>}
    </>
  );
}
