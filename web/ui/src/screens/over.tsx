// The page without a session.
import { commands, openSession, session } from "../api/session.ts";
import { Copy } from "../parts/copy.tsx";

export function Over() {
  const s = session.value;
  if (s.is === "open") return null;
  return (
    <main class="over" id="main">
      {s.is === "opening" && <p class="quiet">Opening the session …</p>}
      {s.is === "over" && (
        <>
          <h1>The session is over</h1>
          {s.why && <p>{s.why}</p>}
          <p>A session ends with the terminal that it was started from, and after eight hours. This starts a new one:</p>
          <Copy text={`${commands()} dashboard`} label="Copy" />
        </>
      )}
      {s.is === "unreachable" && (
        <>
          <h1>No answer</h1>
          <p>{s.why}</p>
          <p><button type="button" class="primary" onClick={() => void openSession()}>Try again</button></p>
          <p>If the command that opened this page has ended, this starts it again:</p>
          <Copy text={`${commands()} dashboard`} label="Copy" />
        </>
      )}
    </main>
  );
}
