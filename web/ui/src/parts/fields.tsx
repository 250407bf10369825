// The fields of a question.
import type { Field, Values } from "../view/actions.ts";

export function Fields({ fields, values, change }: { fields: Field[]; values: Values; change(v: Values): void }) {
  const set = (name: string, value: string) => change({ ...values, [name]: value });
  return (
    <div class="fields">
      {fields.map((f) => (
        <div key={f.name}>
          <One field={f} value={values[f.name] ?? ""} set={(v) => set(f.name, v)} />
          {f.hint && <p class="hint">{f.hint(values)}</p>}
        </div>
      ))}
    </div>
  );
}

function One({ field: f, value, set }: { field: Field; value: string; set(v: string): void }) {
  const input = (e: { currentTarget: { value: string } }) => set(e.currentTarget.value);
  switch (f.kind) {
    case "count": {
      const step = (by: number) => set(String(Math.max(f.least ?? 0, Number(value) + by)));
      return (
        <label class="field stepper">
          <span>{f.label}</span>
          <span>
            <button type="button" aria-label={`${f.label}: one less`} onClick={() => step(-1)}>−</button>
            <input type="number" inputMode="numeric" required min={f.least} value={value} onInput={input} />
            <button type="button" aria-label={`${f.label}: one more`} onClick={() => step(1)}>+</button>
          </span>
        </label>
      );
    }
    case "switch":
      return (
        <label class="field check">
          <input type="checkbox" checked={value === "true"} onChange={(e) => set(String(e.currentTarget.checked))} />
          <span>{f.label}</span>
        </label>
      );
    case "choice":
      return <label class="field"><span>{f.label}</span><select value={value} onChange={input}>{f.choices?.map((c) => <option key={c} value={c}>{c}</option>)}</select></label>;
    case "json":
      return <label class="field"><span>{f.label}</span><textarea rows={4} spellcheck={false} value={value} onInput={input} /></label>;
    case "number":
      return <label class="field"><span>{f.label}</span><input type="number" step="any" value={value} onInput={input} /></label>;
    default:
      return <label class="field"><span>{f.label}</span><input spellcheck={false} value={value} onInput={input} /></label>;
  }
}
