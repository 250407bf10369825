// The moments of a death on a line: how long there was between them.
import { clock, duration } from "../view/format.ts";

export function Timeline({ moments }: { moments: { at: string; what: string }[] }) {
  const first = Date.parse(moments[0]!.at), span = Math.max(1, Date.parse(moments[moments.length - 1]!.at) - first);
  return (
    <ol class="timeline">
      {moments.map((m, i) => {
        const at = Date.parse(m.at), after = i ? (at - Date.parse(moments[i - 1]!.at)) / 1000 : 0;
        return (
          <li key={i} class={/^SIG|dead|reaped/.test(m.what) ? "hard" : ""}>
            <time>{clock(m.at, true)}</time>
            <span class="rail" aria-hidden="true"><i style={{ left: `${(((at - first) / span) * 100).toFixed(2)}%` }} /></span>
            <b>{m.what}</b>
            <span class="quiet">{i ? `after ${duration(after)}` : ""}</span>
          </li>
        );
      })}
    </ol>
  );
}
