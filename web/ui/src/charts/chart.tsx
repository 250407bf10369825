// What surrounds each chart: a summary, a cursor that keys move and that is
// announced, and the same figures as a table.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { sayNow } from "../state/ask.ts";

interface Props {
  /** Names the chart and says what it shows now, in one sentence. */
  summary: string;
  /** How many places the cursor has, from left to right. */
  places: number;
  cursor: number | undefined;
  setCursor(place: number | undefined, extend: boolean): void;
  /** The figures at a place, in words. */
  tell(place: number): string;
  heads: string[];
  /** The rows of the table; asked for only while it is open. */
  rows(): (string | number)[][];
  enter?(): void;
  children: ComponentChildren;
}

export function Chart(p: Props) {
  const [table, setTable] = useState(false);
  const keys = (e: KeyboardEvent) => {
    const step = e.ctrlKey ? Math.max(1, Math.round(p.places / 10)) : 1;
    const now = p.cursor ?? p.places - 1;
    const next = { ArrowLeft: now - step, ArrowRight: now + step, Home: 0, End: p.places - 1 }[e.key];
    if (e.key === "Escape" && p.cursor !== undefined) p.setCursor(undefined, false);
    else if (e.key === "Enter" && p.enter) p.enter();
    else if (next === undefined) return;
    else if (p.places === 0) sayNow(p.summary); // that nothing is known yet
    else {
      const place = Math.min(p.places - 1, Math.max(0, next));
      p.setCursor(place, e.shiftKey);
      sayNow(p.tell(place));
    }
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <figure class="chart">
      <div class="plot" tabIndex={0} role="group" aria-roledescription="chart" aria-label={`${p.summary} Arrow keys move a cursor.`}
        onKeyDown={keys} onBlur={() => p.setCursor(undefined, false)}>
        {p.children}
      </div>
      <details class="as-table" open={table} onToggle={(e) => setTable(e.currentTarget.open)}>
        <summary><span class="unseen">{p.summary} </span>Table</summary>
        {table && (
          <div class="table many" tabIndex={0} role="region" aria-label="The chart as a table">
            <table>
              <thead><tr>{p.heads.map((h, i) => <th key={h} scope="col" class={i ? "num" : ""}>{h}</th>)}</tr></thead>
              <tbody>{p.rows().map((r) => <tr key={r[0]}>{r.map((v, i) => <td key={i} class={i ? "num" : ""}>{v}</td>)}</tr>)}</tbody>
            </table>
          </div>
        )}
      </details>
    </figure>
  );
}
