// The workers of a pool as cells: large ones with their call, or small ones
// when there are many. A canvas, since a thousand of them change each second.
import { useCallback, useRef, useState } from "preact/hooks";
import type { Death, Pool, Worker } from "../api/wire.ts";
import { go, to } from "../state/route.ts";
import { colour } from "../view/colours.ts";
import { bytes, duration, howFar } from "../view/format.ts";
import { workerLook } from "../view/words.ts";
import { font, useDrawn, useWidth } from "./canvas.ts";
import { Chart } from "./chart.tsx";
import { fit } from "./fit.ts";

/** Above this a pool is a grid of small cells. */
const manyWorkers = 200;
/** How long a dead worker stays to be seen, in seconds. */
export const ghostTime = 60;

interface Props { pool: Pool; workers: Worker[]; ghosts: Death[]; chosen: string | undefined; choose(w: Worker | undefined): void }

export function WorkerMap({ pool, workers, ghosts, chosen, choose }: Props) {
  const [place, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState<number>();
  const small = workers.length > manyWorkers;
  const cell = small ? { w: 15, h: 15, gap: 2 } : { w: 148, h: 36, gap: 4 };
  const perRow = Math.max(1, Math.floor((width + cell.gap) / (cell.w + cell.gap)));
  if (!small && width > 0) cell.w = Math.floor((width + cell.gap) / perRow) - cell.gap;
  const places = workers.length + ghosts.length;
  const height = Math.max(1, Math.ceil(places / perRow)) * (cell.h + cell.gap);
  const at = cursor !== undefined && cursor < places ? cursor : undefined;

  const draw = useCallback((ctx: CanvasRenderingContext2D) => {
    const xy = (i: number) => [(i % perRow) * (cell.w + cell.gap), Math.floor(i / perRow) * (cell.h + cell.gap)] as const;
    workers.forEach((w, i) => (small ? drawCell : drawBar)(ctx, w, pool, ...xy(i), cell.w, cell.h));
    ghosts.forEach((d, i) => drawGhost(ctx, d, ...xy(workers.length + i), cell.w, cell.h, small));
    const framed = [at, workers.findIndex((w) => String(w.id) === chosen)];
    ctx.lineWidth = 2;
    for (const i of framed) {
      if (i === undefined || i < 0) continue;
      const [x, y] = xy(i);
      ctx.strokeStyle = colour("text");
      ctx.strokeRect(x + 1, y + 1, cell.w - 2, cell.h - 2);
    }
  }, [workers, ghosts, width, at, chosen]);
  useDrawn(canvas, width, height, draw);

  const placeAt = (e: MouseEvent) => {
    const column = Math.floor(e.offsetX / (cell.w + cell.gap)), row = Math.floor(e.offsetY / (cell.h + cell.gap));
    const i = row * perRow + column;
    return column < perRow && i < places ? i : undefined;
  };
  const open = (i: number | undefined) => {
    if (i === undefined) return;
    const w = workers[i];
    if (w) choose(w);
    else go(to("deaths", String(ghosts[i - workers.length]!.number)));
  };
  const tell = (i: number) => (workers[i] ? tellWorker(workers[i]!, pool) : tellGhost(ghosts[i - workers.length]!));
  const busy = workers.filter((w) => w.load > 0).length;
  return (
    <Chart summary={`Pool ${pool.name}: ${workers.length} workers, ${busy} busy, ${ghosts.length} died in the last minute. Enter opens one.`}
      places={places} cursor={at} setCursor={setCursor} tell={tell} enter={() => open(at)}
      heads={["worker", "pid", "state", "call", "for", "progress", "memory", "CPU"]}
      rows={() => workers.map((w) => [String(w.id), String(w.pid), workerLook(w).word, w.call || "–", w.call ? duration(w.for) : "–", howFar(w.running?.[0]?.progress) || "–", bytes(w.memory), duration(w.cpu)])}>
      <div ref={place} style={{ height: `${height}px` }}>
        <canvas ref={canvas} class="map" onPointerMove={(e) => setCursor(placeAt(e))} onPointerLeave={() => setCursor(undefined)} onClick={(e) => open(placeAt(e))} />
      </div>
      {at !== undefined && <p class="readout" aria-hidden="true">{tell(at)}</p>}
    </Chart>
  );
}

function tellWorker(w: Worker, pool: Pool): string {
  const far = howFar(w.running?.[0]?.progress);
  const call = w.call ? `, ${w.call} for ${duration(w.for)}${far && `, ${far}`}` : "";
  const limit = pool.memory_limit ? ` of ${bytes(pool.memory_limit)}` : "";
  return `worker ${w.id}, pid ${w.pid}, ${workerLook(w).word}${call}, ${bytes(w.memory)}${limit}, CPU ${duration(w.cpu)}`;
}

const tellGhost = (d: Death) => `worker ${d.worker}, pid ${d.pid}, died: ${d.why || d.cause}. Enter opens its certificate.`;

const tone = (w: Worker) => {
  const t = workerLook(w).tone;
  return colour(t === "idle" ? "edge" : t);
};

function drawCell(ctx: CanvasRenderingContext2D, w: Worker, _pool: Pool, x: number, y: number, width: number, height: number): void {
  const look = workerLook(w);
  ctx.fillStyle = tone(w);
  ctx.globalAlpha = look.tone === "ok" ? 0.28 : 1;
  ctx.fillRect(x, y, width, height);
  ctx.globalAlpha = 1;
  ctx.fillStyle = look.tone === "ok" ? colour("text") : colour("on-strong");
  ctx.font = font(9);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(look.letter, x + width / 2, y + height / 2 + 0.5);
}

function drawBar(ctx: CanvasRenderingContext2D, w: Worker, pool: Pool, x: number, y: number, width: number, height: number): void {
  const look = workerLook(w);
  ctx.fillStyle = colour("raised");
  ctx.fillRect(x, y, width, height);
  ctx.fillStyle = tone(w);
  ctx.globalAlpha = look.tone === "ok" ? 0.55 : 1;
  ctx.fillRect(x, y, 16, height);
  ctx.globalAlpha = 1;
  ctx.textBaseline = "middle";
  ctx.font = `600 ${font(10)}`;
  ctx.fillStyle = look.tone === "ok" ? colour("text") : colour("on-strong");
  ctx.textAlign = "center";
  ctx.fillText(look.letter, x + 8, y + height / 2);
  // Memory against the limit, or against the largest worker where there is none.
  const most = pool.memory_limit || pool.worker_memory_max || w.memory;
  const share = most ? Math.min(1, w.memory / most) : 0;
  ctx.fillStyle = colour("sunk");
  ctx.fillRect(x + 16, y + height - 3, width - 16, 3);
  ctx.fillStyle = colour(pool.memory_limit && share > 0.9 ? "bad" : "edge");
  ctx.fillRect(x + 16, y + height - 3, (width - 16) * share, 3);
  const p = w.running?.[0]?.progress;
  if (p && p.of > 0) {
    ctx.fillStyle = colour("busy");
    ctx.fillRect(x + 16, y, (width - 16) * Math.min(1, p.done / p.of), 2);
  }
  ctx.textAlign = "left";
  ctx.font = font(11);
  ctx.fillStyle = colour("text");
  ctx.fillText(fit(ctx, w.call || look.word, width - 76), x + 22, y + 11);
  ctx.fillStyle = colour("quiet");
  ctx.fillText(String(w.pid), x + 22, y + 24);
  ctx.textAlign = "right";
  ctx.fillText(bytes(w.memory), x + width - 5, y + 24);
  ctx.fillStyle = colour("text");
  if (w.call) ctx.fillText(duration(w.for), x + width - 5, y + 11);
}

function drawGhost(ctx: CanvasRenderingContext2D, d: Death, x: number, y: number, width: number, height: number, small: boolean): void {
  const age = (Date.now() - Date.parse(d.time)) / 1000;
  ctx.globalAlpha = Math.max(0.25, 1 - age / ghostTime);
  ctx.strokeStyle = ctx.fillStyle = colour("bad");
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 2]);
  ctx.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  ctx.setLineDash([]);
  ctx.textBaseline = "middle";
  ctx.font = font(11);
  ctx.textAlign = "center";
  ctx.fillText("✕", x + 8, y + height / 2);
  if (!small) {
    ctx.textAlign = "left";
    ctx.fillText(fit(ctx, d.call?.func || d.cause, width - 30), x + 22, y + 11);
    ctx.fillText(fit(ctx, `${d.pid} ${d.cause.replaceAll("_", " ")}`, width - 30), x + 22, y + 24);
  }
  ctx.globalAlpha = 1;
}
