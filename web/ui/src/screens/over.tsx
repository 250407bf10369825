// The page without a session.
import { commands, openSession, session } from "../api/session.ts";
import { Copy } from "../parts/copy.tsx";
import { Login } from "./login.tsx";

/** legion must be told which daemon; a program knows. */
const dashboard = () => (commands() === "legion" ? "legion dashboard DAEMON" : `${commands()} dashboard`);
const sentence = (s: string) => s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? "" : ".");

export function Over() {
  const s = session.value;
  if (s.is === "open") return null;
  return (
    <main class="over" id="main">
      {s.is === "opening" && <p class="quiet">Opening the session …</p>}
      {s.is === "login" && <Login why={s.why && sentence(s.why)} />}
      {s.is === "over" && (
        <>
          <h1>{s.link ? "This link opens nothing" : "The session is over"}</h1>
          {s.why && <p>{sentence(s.why)}</p>}
          <p>{s.link ? "A link works once, and for a short time." : "A session ends with the terminal that it was started from, and after eight hours."} This starts a new one:</p>
          <Copy text={dashboard()} label="Copy" />
        </>
      )}
      {s.is === "unreachable" && (
        <>
          <h1>No answer</h1>
          <p>{s.why}</p>
          <p><button type="button" class="primary" onClick={() => void openSession()}>Try again</button></p>
          <p>If the command that opened this page has ended, this starts it again:</p>
          <Copy text={dashboard()} label="Copy" />
        </>
      )}
    </main>
  );
}
