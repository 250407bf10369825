// What is kept with a certificate, as files.
import { useState } from "preact/hooks";
import { rpc } from "../api/rpc.ts";
import { opened } from "../api/session.ts";
import { allows, type Death, type Export } from "../api/wire.ts";
import { bytes } from "../view/format.ts";
import { save, type File } from "../view/save.ts";
import { command } from "../view/shell.ts";

export function Save({ death: d }: { death: Death }) {
  const [why, setWhy] = useState("");
  const [left, setLeft] = useState<string[]>([]);
  const may = allows(opened()?.role ?? "read", "operate");
  const get = (load: () => Promise<File[]>) => async () => {
    setWhy("");
    setLeft([]);
    try {
      (await load()).forEach(save);
    } catch (e) {
      setWhy((e as Error).message);
    }
  };
  const bundle = get(async () => {
    const { files, left_out } = await rpc<Export>("death.export", { number: d.number });
    setLeft(left_out ?? []);
    return files.map((f) => ({ ...f, name: `death-${d.number}-${f.name}` }));
  });
  const blob = (name: string) => get(async () => [{ name: `${d.number}-${name}`, data: (await rpc<{ bytes: string }>("death.blob", { number: d.number, name })).bytes }]);
  const hint = may ? undefined : `needs the role operate: ${command("dashboard", "--role", "operate")}`;
  return (
    <>
      <button type="button" class="act" aria-disabled={!may} title={hint ?? command("death", "export", String(d.number))} onClick={may ? bundle : undefined}>Save bundle</button>
      {d.blobs?.map((b) => (
        <button key={b.name} type="button" class="act" aria-disabled={!may} title={hint ?? "for go tool pprof and go tool trace"} onClick={may ? blob(b.name) : undefined}>{b.name} <span class="quiet">{bytes(b.bytes)}</span></button>
      ))}
      {why && <span class="failed" role="alert">{why}</span>}
      {left.length > 0 && <span class="quiet" role="status">Not in it: {left.join("; ")}</span>}
    </>
  );
}
