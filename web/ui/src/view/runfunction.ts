// Running a function: a form from the type of its argument, as far as Go's
// name of the type tells.
import { rpc } from "../api/rpc.ts";
import type { FuncType } from "../api/wire.ts";
import { argument, type Action, type Field, type Values } from "./actions.ts";
import { command } from "./shell.ts";

function field(type: string): Field | undefined {
  const arg = { name: "arg", value: "" };
  if (/^(struct ?\{ ?\}|)$/.test(type)) return undefined; // it takes nothing
  if (type === "string" || type === "time.Duration" || type === "time.Time") return { ...arg, label: `Argument (${type})`, kind: "text" };
  if (/^u?int\d*$/.test(type) || /^float(32|64)$/.test(type)) return { ...arg, label: `Argument (${type})`, kind: "number", value: "0" };
  if (type === "bool") return { ...arg, label: "Argument (bool)", kind: "switch", value: "false" };
  return { ...arg, label: `Argument (${type}), as JSON; empty for the zero value`, kind: "json" };
}

/** The argument as JSON; "" for none. */
function text(f: Field | undefined, v: Values): string {
  const given = v["arg"] ?? "";
  return f?.kind === "text" ? JSON.stringify(given) : f ? given.trim() : "";
}

export function runFunction(f: FuncType, all: FuncType[]): Action {
  // The name alone, unless functions of several pools have it.
  const name = all.filter((x) => x.name === f.name).length > 1 ? `${f.pool}.${f.name}` : f.name;
  const of = field(f.in);
  const task = f.kind === "task";
  return {
    label: "Run", title: `Run ${f.name} of pool ${f.pool}`, role: "operate", shows: true,
    consequence: `Calls it once, in a ${task ? "process of its own" : "worker"}, with this argument. The log has who did it, but not the argument.`,
    ...(of ? { fields: [of] } : {}),
    command: (v) => command(...(task ? ["task", "run"] : ["call"]), name, ...(text(of, v) ? [text(of, v)] : [])),
    run: async (v) => (await rpc(task ? "task.run" : "call", { name, ...argument(text(of, v)) })) ?? "It returned nothing.",
  };
}
