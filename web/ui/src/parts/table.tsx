// A table: sorted by a click on a head, moved through with j and k, and with
// only the visible rows in the page when there are many.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "../view/format.ts";

export interface Column<T> {
  name: string;
  head: string;
  /** Figures stand to the right. */
  num?: boolean;
  /** Left out where the page is narrow. */
  wide?: boolean;
  cell(row: T): ComponentChildren;
  by?(row: T): number | string;
}

export interface TableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  keyOf(row: T): string;
  /** What Enter does in a row. */
  open?(row: T): void;
  /** What other keys do in a row. */
  keys?(row: T): Record<string, () => void>;
  sort?: string; // the first column to sort by, "-name" for the greatest first
  tone?(row: T): string;
}

const rowHeight = 30;
const manyRows = 80;

export function Table<T>(p: TableProps<T>) {
  const [sort, setSort] = useState(p.sort ?? "");
  const rows = sorted(p.rows, p.columns, sort);
  const many = rows.length > manyRows;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const seen = many ? Math.ceil((box.current?.clientHeight ?? 600) / rowHeight) : rows.length;
  const from = many ? Math.max(0, Math.min(Math.floor(top / rowHeight) - 10, rows.length - seen - 20)) : 0;
  const shown = many ? rows.slice(from, from + seen + 20) : rows;
  useEffect(() => { if (!many && box.current) box.current.scrollTop = 0; }, [many]);

  const turn = (c: Column<T>) => setSort(sort === "-" + c.name ? c.name : sort === c.name || !c.num ? (sort === c.name ? "-" + c.name : c.name) : "-" + c.name);
  return (
    <div class={`table${many ? " many" : ""}`} ref={box} tabIndex={0} role="region" aria-label={p.caption}
      onScroll={many ? (e) => setTop(e.currentTarget.scrollTop) : undefined}>
      <table aria-rowcount={many ? rows.length + 1 : undefined}>
        <caption class="unseen">{p.caption}{many ? `, ${count(rows.length)} rows` : ""}</caption>
        <thead>
          <tr>{p.columns.map((c) => <Head key={c.name} column={c} sort={sort} turn={() => turn(c)} />)}</tr>
        </thead>
        <tbody>
          {from > 0 && <tr aria-hidden="true"><td colSpan={p.columns.length} style={{ height: `${from * rowHeight}px`, padding: 0 }} /></tr>}
          {shown.map((row, i) => (
            <Row key={p.keyOf(row)} row={row} table={p} index={many ? from + i + 2 : undefined} />
          ))}
          {from + shown.length < rows.length && (
            <tr aria-hidden="true"><td colSpan={p.columns.length} style={{ height: `${(rows.length - from - shown.length) * rowHeight}px`, padding: 0 }} /></tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Head<T>({ column: c, sort, turn }: { column: Column<T>; sort: string; turn(): void }) {
  const mine = sort === c.name ? "ascending" : sort === "-" + c.name ? "descending" : undefined;
  return (
    <th scope="col" class={classes(c)} aria-sort={mine}>
      {c.by ? <button type="button" onClick={turn}>{c.head}<i aria-hidden="true">{mine === "ascending" ? "↑" : mine ? "↓" : ""}</i></button> : c.head}
    </th>
  );
}

function Row<T>({ row, table: p, index }: { row: T; table: TableProps<T>; index: number | undefined }) {
  const keys = (e: KeyboardEvent) => {
    if (e.target !== e.currentTarget || e.ctrlKey || e.metaKey || e.altKey) return;
    const act = e.key === "Enter" && p.open ? () => p.open!(row) : p.keys?.(row)[e.key];
    if (!act) return;
    e.preventDefault();
    e.stopPropagation();
    act();
  };
  return (
    <tr tabIndex={-1} data-row aria-rowindex={index} class={p.tone?.(row)} onKeyDown={keys}
      onDblClick={p.open && (() => p.open!(row))}>
      {p.columns.map((c) => <td key={c.name} class={classes(c)}>{c.cell(row)}</td>)}
    </tr>
  );
}

const classes = (c: { name: string; num?: boolean; wide?: boolean }) => [c.num && "num", c.wide && "wide", c.name === "act" && "acts"].filter(Boolean).join(" ") || undefined;

export function sorted<T>(rows: T[], columns: Column<T>[], sort: string): T[] {
  const down = sort.startsWith("-");
  const by = columns.find((c) => c.name === sort.replace(/^-/, ""))?.by;
  if (!by) return rows;
  const keyed = rows.map((row) => [by(row), row] as const);
  keyed.sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true })));
  return (down ? keyed.reverse() : keyed).map(([, row]) => row);
}
