// Latency over time: how many calls took how long, when. A stroke over it
// chooses a time, which the rest of the page then shows.
import { signal } from "@preact/signals";
import { useCallback, useRef, useState } from "preact/hooks";
import type { Line } from "../state/history.ts";
import { marksIn } from "../state/marks.ts";
import { colour } from "../view/colours.ts";
import { clock, count, plural } from "../view/format.ts";
import { bucketName, gridOf, quantile, type Grid } from "./buckets.ts";
import { font, useDrawn, useWidth } from "./canvas.ts";
import { Chart } from "./chart.tsx";
import { drawMark } from "./lines.tsx";

/** The chosen time in Unix seconds. */
export const brushed = signal<{ from: number; to: number } | undefined>(undefined);

const left = 62, bottom = 20, rowHeight = 13, columnWidth = 3;

export function Heatmap({ line }: { line: Line }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState<number>();
  const [pressed, setPressed] = useState<number>();
  const grid = gridOf(line, (width - left) / columnWidth);
  const rows = grid.high - grid.low + 1;
  const height = rows * rowHeight + bottom;
  const each = grid.columns.length ? (width - left) / grid.columns.length : 0;
  const at = cursor !== undefined && cursor < grid.columns.length ? cursor : undefined;
  const brush = brushed.value, happened = marksIn(line);

  const draw = useCallback((ctx: CanvasRenderingContext2D) => {
    drawCells(ctx, grid, each, rows);
    drawScales(ctx, grid, line, each, rows, width);
    for (const m of happened) {
      const x = left + (m.at / line.step - line.first) * each / perColumn(grid);
      if (x < left || x > width) continue;
      drawMark(ctx, m, x, 0, rows * rowHeight - 2);
    }
    if (brush) {
      const x = (t: number) => Math.min(width, Math.max(left, left + ((t / line.step - line.first) * each) / perColumn(grid)));
      ctx.strokeStyle = colour("text");
      ctx.lineWidth = 1;
      ctx.strokeRect(x(brush.from) + 0.5, 0.5, x(brush.to) - x(brush.from) - 1, rows * rowHeight - 1);
    }
    if (at !== undefined) {
      ctx.fillStyle = colour("text");
      ctx.fillRect(Math.round(left + at * each + each / 2), 0, 1, rows * rowHeight);
    }
  }, [line, width, at, brush, happened.length]);
  useDrawn(canvas, width, height, draw);

  const columnAt = (e: PointerEvent) => Math.min(grid.columns.length - 1, Math.max(0, Math.floor((e.offsetX - left) / each)));
  const choose = (a: number, b: number) => {
    const [from, to] = [grid.columns[Math.min(a, b)]!, grid.columns[Math.max(a, b)]!];
    brushed.value = { from: from.from * line.step, to: to.to * line.step };
  };
  const move = (i: number | undefined, extend: boolean) => {
    if (i !== undefined && extend) {
      const start = pressed ?? at ?? i;
      setPressed(start);
      choose(start, i);
    } else setPressed(undefined);
    setCursor(i);
  };
  const tell = (i: number) => `${clock(grid.columns[i]!.from * line.step)}: ${words(grid.columns[i]!.counts)}`;
  return (
    <Chart summary={grid.columns.length ? `Latency over time: ${bucketName(grid.low)} to ${bucketName(grid.high)}. Shift and an arrow key choose a time.` : "Latency over time: not known yet."}
      places={grid.columns.length} cursor={at} setCursor={move} tell={tell} heads={["time", ...shownBuckets(grid).map(bucketName)]}
      rows={() => grid.columns.map((c) => [clock(c.from * line.step), ...shownBuckets(grid).map((b) => (c.counts ? count(c.counts[b]) : "–"))]).reverse()}>
      <div ref={place} style={{ height: `${height}px` }}>
        <canvas ref={canvas} class="brush"
          onPointerDown={(e) => { e.currentTarget.setPointerCapture(e.pointerId); setPressed(columnAt(e)); }}
          onPointerMove={(e) => { const i = columnAt(e); setCursor(i); if (pressed !== undefined && pressed !== i) choose(pressed, i); }}
          onPointerUp={(e) => { if (pressed === columnAt(e)) brushed.value = undefined; setPressed(undefined); }}
          onPointerLeave={() => setCursor(undefined)} />
      </div>
      {at !== undefined && <p class="readout" aria-hidden="true">{tell(at)}</p>}
    </Chart>
  );
}

const perColumn = (g: Grid) => (g.columns[0] ? g.columns[0].to - g.columns[0].from : 1);
const shownBuckets = (g: Grid) => Array.from({ length: g.high - g.low + 1 }, (_, i) => g.high - i);

function words(counts: number[] | null): string {
  if (!counts) return "not known";
  const all = counts.reduce((a, b) => a + b, 0);
  if (all === 0) return "no calls";
  return `${plural(all, "call")}, half of them ${bucketName(quantile(counts, 0.5)!)}, 99 % ${bucketName(quantile(counts, 0.99)!)}`;
}

function drawCells(ctx: CanvasRenderingContext2D, grid: Grid, each: number, rows: number): void {
  const heat = colour("heat"), unknown = colour("sunk");
  grid.columns.forEach((c, i) => {
    const x = Math.floor(left + i * each), w = Math.max(1, Math.floor(left + (i + 1) * each) - x - (each > 4 ? 1 : 0));
    if (!c.counts) {
      ctx.globalAlpha = 1;
      ctx.fillStyle = unknown;
      ctx.fillRect(x, 0, w, rows * rowHeight);
      return;
    }
    ctx.fillStyle = heat;
    for (let b = grid.low; b <= grid.high; b++) {
      const n = c.counts[b] ?? 0;
      if (n === 0) continue;
      // By the logarithm, so that one slow call among thousands is seen.
      ctx.globalAlpha = 0.16 + 0.84 * (Math.log1p(n) / Math.log1p(grid.most));
      ctx.fillRect(x, (grid.high - b) * rowHeight, w, rowHeight - 1);
    }
  });
  ctx.globalAlpha = 1;
}

function drawScales(ctx: CanvasRenderingContext2D, grid: Grid, line: Line, each: number, rows: number, width: number): void {
  ctx.font = font(11);
  ctx.fillStyle = colour("quiet");
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (let b = grid.low; b <= grid.high; b++) {
    if ((grid.high - b) % 2 === 0) ctx.fillText(bucketName(b), left - 8, (grid.high - b) * rowHeight + rowHeight / 2);
  }
  const every = Math.max(1, Math.ceil(80 / Math.max(each, 0.1)));
  grid.columns.forEach((c, i) => {
    const x = left + i * each;
    if (i % every !== 0 || x > width - 28) return;
    ctx.textAlign = i === 0 ? "left" : "center";
    ctx.fillText(clock(c.from * line.step).slice(0, every * perColumn(grid) * line.step < 60 ? 8 : 5), x, rows * rowHeight + 13);
  });
}
