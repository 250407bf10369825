// Stacks of goroutines: the program's own frames stand out.
import { useEffect, useRef, useState } from "preact/hooks";

export interface Goroutine { head: string; frames: { call: string; place: string; own: boolean }[] }

// Frames of Go itself and of Legion say how the program was run, not what it did.
const foreign = /(^|\s)(\/usr\/(local\/)?go\/|\/opt\/go\/|.*\/(pkg\/mod|vendor)\/|.*\/go[\d.]*\/src\/)/;
const machinery = /^(runtime|internal|github\.com\/legion-go\/legion(?!\/examples\/))[./]/;

/** Takes the text of a stack apart; what is no frame is left as it is, as a head. */
export function parseStack(text: string): Goroutine[] {
  const found: Goroutine[] = [];
  let now: Goroutine | undefined;
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === "") continue;
    const place = lines[i + 1];
    if (place?.startsWith("\t") && now) {
      now.frames.push({ call: line, place: place.trim(), own: !foreign.test(place) && !machinery.test(line.replace(/^created by /, "")) });
      i++;
    } else {
      now = { head: line, frames: [] };
      found.push(now);
    }
  }
  return found;
}

export function Stack({ text }: { text: string }) {
  const [raw, setRaw] = useState(false);
  const goroutines = parseStack(text);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => { // the program's first frame may be far below those of the runtime
    const own = box.current?.querySelector<HTMLElement>(".own");
    if (own) box.current!.scrollTop = Math.max(0, own.offsetTop - 60);
  }, [raw, text]);
  return (
    <>
      <p class="key"><button type="button" class="small" aria-pressed={raw} onClick={() => setRaw(!raw)}>As text</button> frames of the program are <mark>marked</mark></p>
      {raw
        ? <pre class="code last" tabIndex={0}>{text}</pre>
        : (
          <div class="code stack" ref={box} tabIndex={0} role="region" aria-label="Stack">
            {goroutines.map((g, i) => (
              <div key={i}>
                <p class="quiet">{g.head}</p>
                {g.frames.map((f, k) => (
                  <p key={k} class={f.own ? "own" : "quiet"}>{f.own ? <mark>{f.call}</mark> : f.call}<br /><span class="place">{f.place}</span></p>
                ))}
              </div>
            ))}
          </div>
        )}
    </>
  );
}
