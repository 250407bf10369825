// A line as small as a word; the figure beside it says the same.
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
