// A flame graph: each function as wide as what was spent in it and below it.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { colour } from "../view/colours.ts";
import { count, duration, percent } from "../view/format.ts";
import { boxes, flat, fromBase64, readProfile, type Frame, type Profile } from "../view/pprof.ts";
import { font, useDrawn, useWidth } from "./canvas.ts";
import { Chart } from "./chart.tsx";
import { fit } from "./fit.ts";

const rowHeight = 18;

/** The flame graph of a profile in base64. */
export function Flame({ data }: { data: string }) {
  const [profile, setProfile] = useState<Profile>();
  const [why, setWhy] = useState("");
  useEffect(() => {
    readProfile(fromBase64(data)).then(setProfile, (e: Error) => setWhy(e.message));
  }, [data]);
  if (why) return <p class="failed">{why}</p>;
  if (!profile) return null;
  if (profile.root.value === 0) return <p class="empty">The profile is empty: nothing ran on a processor while it was taken.</p>;
  return <Graph profile={profile} />;
}

// Functions of Go and Legion step back behind the program's own.
const foreign = /^(runtime|internal|sync|syscall|reflect|os|io|net|bufio|encoding|crypto|github\.com\/legion-go\/legion(?!\/examples\/))[./]/;

function Graph({ profile }: { profile: Profile }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [root, setRoot] = useState<Frame>(profile.root);
  const [cursor, setCursor] = useState<number>();
  const shown = useMemo(() => boxes(root, width ? 1.5 / width : 0.01), [root, width]);
  const height = (Math.max(0, ...shown.map((b) => b.depth)) + 1) * rowHeight;
  const tell = (v: number) => (profile.unit === "nanoseconds" ? duration(v / 1e9) : `${count(v)} ${profile.unit}`);
  const words = (f: Frame) => `${f.name}: ${tell(f.value)}, ${percent(f.value, profile.root.value)}`;

  const draw = useCallback((ctx: CanvasRenderingContext2D) => {
    ctx.font = font(11);
    ctx.textBaseline = "middle";
    shown.forEach((b, i) => {
      const x = b.from * width, w = Math.max(1, b.width * width - 1), y = b.depth * rowHeight;
      const own = !foreign.test(b.frame.name) && b.depth > 0;
      ctx.globalAlpha = own ? 0.35 + 0.08 * (b.depth % 3) : 1;
      ctx.fillStyle = colour(own ? "heat" : "sunk");
      ctx.fillRect(x, y, w, rowHeight - 1);
      ctx.globalAlpha = 1;
      if (i === cursor) {
        ctx.strokeStyle = colour("text");
        ctx.lineWidth = 2;
        ctx.strokeRect(x + 1, y + 1, Math.max(0, w - 2), rowHeight - 3);
      }
      if (w < 30) return;
      ctx.fillStyle = colour(own ? "text" : "quiet");
      ctx.fillText(fit(ctx, b.frame.name.replace(/^.*\//, ""), w - 8), x + 4, y + rowHeight / 2);
    });
  }, [shown, width, cursor]);
  useDrawn(canvas, width, height, draw);

  const at = (e: MouseEvent) => {
    const i = shown.findIndex((b) => b.depth === Math.floor(e.offsetY / rowHeight) && e.offsetX >= b.from * width && e.offsetX < (b.from + b.width) * width);
    return i < 0 ? undefined : i;
  };
  const zoom = (i: number | undefined) => {
    const to = i === undefined ? undefined : shown[i]?.frame;
    if (to) setRoot(to === root ? profile.root : to);
    setCursor(undefined);
  };
  const first = flat(profile.root)[0];
  return (
    <Chart summary={`Flame graph of ${tell(profile.root.value)}; most by itself: ${first ? `${first.name}, ${tell(first.self)}` : "nothing"}. Enter enlarges.`}
      places={shown.length} cursor={cursor} setCursor={setCursor} tell={(i) => words(shown[i]!.frame)} enter={() => zoom(cursor)}
      heads={["function", "by itself", "share", "with what it called", "share"]}
      rows={() => flat(profile.root).slice(0, 200).map((f) => [f.name, tell(f.self), percent(f.self, profile.root.value), tell(f.total), percent(f.total, profile.root.value)])}>
      <div ref={place} style={{ height: `${height}px` }}>
        <canvas ref={canvas} class="map" onPointerMove={(e) => setCursor(at(e))} onPointerLeave={() => setCursor(undefined)} onClick={(e) => zoom(at(e))} />
      </div>
      <p class="readout" aria-hidden="true">{cursor !== undefined && shown[cursor] ? words(shown[cursor]!.frame) : `${words(root)}; a click enlarges`}</p>
    </Chart>
  );
}
