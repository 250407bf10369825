// A canvas as wide as its place, sharp on every screen, drawn again when its
// size, the theme or what it shows changes.
import { useEffect, useRef, useState } from "preact/hooks";
import { colours } from "../state/prefs.ts";

export type Draw = (ctx: CanvasRenderingContext2D, width: number, height: number) => void;

/** The width of an element, now and as it changes. */
export function useWidth<E extends Element>(): [{ current: E | null }, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const seen = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    seen.observe(ref.current!);
    return () => seen.disconnect();
  }, []);
  return [ref, width];
}

export function useDrawn(canvas: { current: HTMLCanvasElement | null }, width: number, height: number, draw: Draw): void {
  const theme = colours.value;
  useEffect(() => {
    const c = canvas.current;
    if (!c || width <= 0) return;
    const ratio = devicePixelRatio || 1;
    const w = Math.round(width * ratio), h = Math.round(height * ratio);
    if (c.width !== w || c.height !== h) {
      c.width = w;
      c.height = h;
      c.style.width = `${width}px`;
      c.style.height = `${height}px`;
    }
    const ctx = c.getContext("2d")!;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    draw(ctx, width, height);
  }, [width, height, draw, theme]);
}

/** The font of canvases, that of the page. */
export const font = (size = 11) => `${size}px ${getComputedStyle(document.body).fontFamily}`;
export const mono = (size = 11) => `${size}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace`;
