// Round places on axes.

/** Steps of 1, 2 or 5 from 0 to most, about so many. */
export function ticks(most: number, about: number): number[] {
  if (!(most > 0)) return [0];
  const raw = most / Math.max(1, about), power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= raw)!;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

const intervals = [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600];

/** Full times between two (Unix seconds), at most so many. offset is that of the zone: full hours are local. */
export function timeTicks(from: number, to: number, most: number, offset: number): number[] {
  const step = intervals.find((s) => (to - from) / s <= most) ?? 43200;
  const found = [];
  for (let t = Math.ceil((from + offset) / step) * step - offset; t <= to; t += step) found.push(t);
  return found;
}
