// Lines over time. The cursor is one for all charts of the page, so that what
// happened at a time can be compared.
import { signal } from "@preact/signals";
import { useCallback, useRef } from "preact/hooks";
import type { Sample } from "../api/wire.ts";
import type { Line as History } from "../state/history.ts";
import { marksIn, type Mark } from "../state/marks.ts";
import { zone } from "../state/prefs.ts";
import { colour } from "../view/colours.ts";
import { clock } from "../view/format.ts";
import { font, useDrawn, useWidth } from "./canvas.ts";
import { Chart } from "./chart.tsx";
import { ticks, timeTicks } from "./scale.ts";

export interface Curve {
  name: string;
  colour: string; // a custom property of the stylesheet
  of(s: Sample): number;
  fill?: boolean;
  dash?: boolean;
}

interface Props {
  title: string;
  history: History;
  curves: Curve[];
  tell(v: number): string;
  height: number;
  axes?: boolean;
  pool?: string; // whose deaths are marked; without it all
}

/** The time under the cursor, in Unix seconds. */
export const pointed = signal<number | undefined>(undefined);

interface Frame { left: number; right: number; top: number; bottom: number; from: number; to: number; most: number }

export function Lines(p: Props) {
  const [place, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const happened = marksIn(p.history, p.pool), utc = zone.value === "utc";
  const { first, step, samples } = p.history;
  const n = samples.length;
  const values = p.curves.flatMap((c) => samples.map((s) => (s ? c.of(s) : 0)));
  const frame: Frame = {
    left: p.axes ? 62 : 0, right: width - 4, top: 6, bottom: p.height - (p.axes ? 22 : 8),
    from: first * step, to: (first + Math.max(1, n - 1)) * step, most: Math.max(...values, 0) * 1.06 || 1,
  };
  const time = pointed.value;
  const place0 = time === undefined ? -1 : Math.floor(time / step) - first;
  const at = place0 >= 0 && place0 < n ? place0 : undefined;

  const draw = useCallback((ctx: CanvasRenderingContext2D) => {
    if (p.axes) drawAxes(ctx, frame, p.tell, utc);
    for (const c of p.curves) drawCurve(ctx, frame, p.history, c);
    drawMarks(ctx, frame, happened, step);
    if (at === undefined) return;
    const x = xOf(frame, (first + at) * step);
    ctx.fillStyle = colour("edge");
    ctx.fillRect(Math.round(x), frame.top, 1, frame.bottom - frame.top);
    for (const c of p.curves) {
      const s = samples[at];
      if (!s) continue;
      ctx.fillStyle = colour(c.colour);
      ctx.beginPath();
      ctx.arc(x, yOf(frame, c.of(s)), 3, 0, 7);
      ctx.fill();
    }
  }, [p.history.samples, width, at, utc, happened.length, n]);
  useDrawn(canvas, width, p.height, draw);

  const words = (s: Sample | null | undefined) => (s ? p.curves.map((c) => `${p.curves.length > 1 ? c.name + " " : ""}${p.tell(c.of(s))}`).join(", ") : "not known");
  const firstValues = samples.filter((s) => s !== null).map(p.curves[0]!.of);
  const summary = firstValues.length
    ? `${p.title}: now ${words(samples[n - 1])}; ${p.curves[0]!.name} at least ${p.tell(Math.min(...firstValues))}, at most ${p.tell(Math.max(...firstValues))}.`
    : `${p.title}: not known yet.`;
  const start = (i: number) => (first + i) * step;
  const near = at === undefined ? [] : happened.filter((m) => m.at >= start(at) && m.at < start(at + 1));
  const point = (i: number | undefined) => { pointed.value = i === undefined ? undefined : start(i); };
  return (
    <Chart summary={summary} places={n} cursor={at} setCursor={point}
      tell={(i) => `${clock(start(i))}: ${words(samples[i])}${happened.filter((m) => m.at >= start(i) && m.at < start(i + 1)).map((m) => "; " + m.text).join("")}`}
      heads={["time", ...p.curves.map((c) => c.name)]}
      rows={() => samples.map((s, i) => [clock(start(i)), ...p.curves.map((c) => (s ? p.tell(c.of(s)) : "–"))]).reverse()}>
      <div ref={place} style={{ height: `${p.height}px` }}>
        <canvas ref={canvas}
          onPointerMove={(e) => point(n ? Math.min(n - 1, Math.max(0, Math.round(((e.offsetX - frame.left) / (frame.right - frame.left)) * (n - 1)))) : undefined)}
          onPointerLeave={() => point(undefined)} />
      </div>
      {at !== undefined && <p class="readout" aria-hidden="true">{clock(start(at))} <b>{words(samples[at])}</b>{near.map((m) => <span key={m.text}> · {m.text}</span>)}</p>}
    </Chart>
  );
}

const xOf = (f: Frame, t: number) => f.left + ((t - f.from) / (f.to - f.from)) * (f.right - f.left);
const yOf = (f: Frame, v: number) => f.bottom - (v / f.most) * (f.bottom - f.top);

function drawAxes(ctx: CanvasRenderingContext2D, f: Frame, tell: (v: number) => string, utc: boolean): void {
  ctx.font = font(11);
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const v of ticks(f.most, (f.bottom - f.top) / 34)) {
    const y = Math.round(yOf(f, v));
    ctx.fillStyle = colour("line");
    ctx.fillRect(f.left, y, f.right - f.left, 1);
    ctx.fillStyle = colour("quiet");
    ctx.fillText(tell(v).replace(/\.0+(?=\D)/, ""), f.left - 8, y);
  }
  ctx.textAlign = "center";
  const offset = utc ? 0 : -new Date(f.to * 1000).getTimezoneOffset() * 60;
  for (const t of timeTicks(f.from, f.to, (f.right - f.left) / 70, offset)) {
    const x = xOf(f, t);
    if (x > f.left + 16 && x < f.right - 16) ctx.fillText(clock(t).slice(0, 5), x, f.bottom + 13);
  }
}

function drawCurve(ctx: CanvasRenderingContext2D, f: Frame, h: History, c: Curve): void {
  ctx.strokeStyle = ctx.fillStyle = colour(c.colour);
  ctx.lineWidth = 1.5;
  ctx.lineJoin = "round";
  ctx.setLineDash(c.dash ? [4, 3] : []);
  for (let i = 0; i < h.samples.length; i++) { // one stroke for each stretch that is known
    if (!h.samples[i]) continue;
    const start = i;
    ctx.beginPath();
    for (; h.samples[i]; i++) ctx.lineTo(xOf(f, (h.first + i) * h.step), yOf(f, c.of(h.samples[i]!)));
    ctx.stroke();
    if (!c.fill) continue;
    ctx.lineTo(xOf(f, (h.first + i - 1) * h.step), f.bottom);
    ctx.lineTo(xOf(f, (h.first + start) * h.step), f.bottom);
    ctx.globalAlpha = 0.13;
    ctx.fill();
    ctx.globalAlpha = 1;
  }
  ctx.setLineDash([]);
}

const markColours: Record<Mark["kind"], string> = { death: "bad", upgrade: "accent", reload: "busy", scale: "quiet" };

/** What happened, on a time axis: deaths are triangles below it, the rest lines through its height. */
function drawMarks(ctx: CanvasRenderingContext2D, f: Frame, happened: Mark[], step: number): void {
  for (const m of happened) {
    if (m.at >= f.from && m.at <= f.to + step) drawMark(ctx, m, Math.min(f.right, xOf(f, m.at)), f.top, f.bottom);
  }
}

export function drawMark(ctx: CanvasRenderingContext2D, m: Mark, x: number, top: number, bottom: number): void {
  ctx.fillStyle = colour(markColours[m.kind]);
  if (m.kind !== "death") {
    for (let y = top; y < bottom; y += 5) ctx.fillRect(Math.round(x), y, 1, 3);
    return;
  }
  ctx.beginPath();
  ctx.moveTo(x, bottom + 1);
  ctx.lineTo(x + 3.5, bottom + 7);
  ctx.lineTo(x - 3.5, bottom + 7);
  ctx.fill();
}
