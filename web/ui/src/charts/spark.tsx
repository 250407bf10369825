// Charts as small as a word; the figure beside them says the same.

/** Counts as small bars. */
export function Bars({ values, width = 72, height = 20 }: { values: number[]; width?: number; height?: number }) {
  const most = Math.max(...values, 1), each = width / Math.max(1, values.length);
  const path = values.map((v, i) => (v ? `M${(i * each).toFixed(1)} ${height}v${(-(v / most) * height).toFixed(1)}h${(each - 0.6).toFixed(1)}V${height}z` : "")).join("");
  return <svg class="spark bars" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true"><path d={path || "M0 0"} /><path d={`M0 ${height}h${width}`} class="base" /></svg>;
}

export function Spark({ values, width = 96, height = 20 }: { values: (number | null)[]; width?: number; height?: number }) {
  const most = Math.max(...values.map((v) => v ?? 0), 1e-9);
  let path = "", pen = "M";
  values.forEach((v, i) => {
    if (v === null) {
      pen = "M";
      return;
    }
    path += `${pen}${((i / Math.max(1, values.length - 1)) * width).toFixed(1)} ${(height - 1.5 - (v / most) * (height - 3)).toFixed(1)}`;
    pen = "L";
  });
  return <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true"><path d={path} /></svg>;
}
