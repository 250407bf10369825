// The latencies of a history as a grid: a column for each time, a row for each
// bucket that was used.
import { bounds } from "../api/wire.ts";
import type { Line } from "../state/history.ts";
import { exact } from "../view/format.ts";

export interface Grid {
  low: number; // the lowest bucket shown
  high: number; // the highest
  most: number; // the most calls in one cell
  columns: { from: number; to: number; counts: number[] | null }[]; // slots [from, to)
}

export const bucketName = (i: number): string => (i < bounds.length ? `≤ ${exact(bounds[i])}` : `> ${exact(bounds[bounds.length - 1])}`);

/** The grid in at most so many columns: neighbours are added up. */
export function gridOf(line: Line, columns: number): Grid {
  const per = Math.max(1, Math.ceil(line.samples.length / Math.max(1, columns)));
  const grid: Grid = { low: bounds.length, high: 0, most: 0, columns: [] };
  for (let i = 0; i < line.samples.length; i += per) {
    const part = line.samples.slice(i, i + per).filter((s) => s !== null);
    const counts = part.length ? new Array<number>(bounds.length + 1).fill(0) : null;
    for (const s of part) s.buckets?.forEach((n, b) => (counts![b] = (counts![b] ?? 0) + n));
    counts?.forEach((n, b) => {
      if (n === 0) return;
      grid.low = Math.min(grid.low, b);
      grid.high = Math.max(grid.high, b);
      grid.most = Math.max(grid.most, n);
    });
    grid.columns.push({ from: line.first + i, to: Math.min(line.first + i + per, line.first + line.samples.length), counts });
  }
  // Never a single row: a heatmap of one is no heatmap.
  if (grid.low > grid.high) [grid.low, grid.high] = [4, 12];
  while (grid.high - grid.low < 5) {
    if (grid.high < bounds.length) grid.high++;
    if (grid.low > 0) grid.low--;
  }
  return grid;
}

/** The bucket below which the share p of the calls ended. */
export function quantile(counts: number[], p: number): number | undefined {
  const all = counts.reduce((a, b) => a + b, 0);
  if (all === 0) return undefined;
  let sum = 0;
  return counts.findIndex((n) => (sum += n) >= all * p);
}
