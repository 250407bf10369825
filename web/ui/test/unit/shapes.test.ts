// The daemon that does not exist tells what a real one tells, and the page's
// types have what it tells.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bounds } from "../../src/api/wire.ts";
// @ts-expect-error: it has no types
import { differences, shapes } from "../shapes.mjs";
// @ts-expect-error: it has no types
import { answer } from "../methods.mjs";
// @ts-expect-error: it has no types
import { keyed } from "../topics.mjs";
// @ts-expect-error: it has no types
import { World } from "../world.mjs";

type Shape = string | [Shape] | { [name: string]: Shape };

const lived = () => {
  const world = new World();
  for (let i = 0; i < 30; i++) world.tick();
  return world;
};

test("each topic is as a daemon tells it", () => {
  const world = lived(), topics = shapes.topics as Record<string, Shape>;
  const values = (topic: string): [string, unknown][] => (keyed[topic] ? Object.entries(keyed[topic](world)) : world[topic].map((v: unknown) => ["", v]));
  for (const topic of Object.keys(topics)) {
    const all = values(topic), key = (shapes.keys as Record<string, string>)[topic];
    assert.ok(all.length, `nothing is told of ${topic}`);
    for (const [name, value] of all) {
      assert.deepEqual(differences(value, topics[topic], `${topic} ${name}`), []);
      if (key) assert.equal(name, key.split("/").map((k) => (value as Record<string, unknown>)[k]).join("/"), `${topic} is named by ${key}`);
    }
  }
  assert.deepEqual(Object.keys(keyed).filter((t) => !topics[t]), [], "topics that no daemon has");
});

const params: Record<string, object> = {
  "history.get": { pool: "thumb", step: 1 }, "death.get": { number: 1 }, "death.replay": { number: 1 }, "death.export": { number: 1 }, "death.blob": { number: 1, name: "cpu.pb.gz" },
  "pool.scale": { pool: "thumb", min: 1, max: 2 }, "cron.run": { name: "every 1s" }, "task.run": { name: "nightly" }, call: { name: "crop" },
};
const pool = { pool: "thumb" };
for (const m of ["pause", "resume", "recycle", "readmit", "stop", "profile"]) params[`pool.${m}`] = pool;
for (const m of ["kill", "end", "stack", "profile", "trace"]) params[`worker.${m}`] = { pid: 5000 };

test("each method that the page calls answers as a daemon does", async () => {
  for (const [name, method] of Object.entries(shapes.methods as Record<string, { role: string; params: Shape; result: Shape }>)) {
    if (name === "watch") continue;
    const world = lived();
    const a = await answer({ world, role: "admin", refuse: "" }, name, params[name] ?? {});
    assert.equal(a.error, undefined, name);
    assert.deepEqual(differences(a.result, method.result, name), []);
    const less = { operate: "read", admin: "operate" }[method.role];
    if (less) assert.equal((await answer({ world, role: less, refuse: "" }, name, params[name] ?? {})).error?.code, -32001, `${name} needs ${method.role}`);
  }
});

test("a request that no daemon takes is not taken here either", async () => {
  const f = { world: lived(), role: "admin", refuse: "" };
  for (const [name, given] of [["pool.stop", {}], ["pool.pause", { pool: "thumb", force: true }], ["history.get", { pool: "thumb", step: "1" }]] as const) {
    assert.equal((await answer(f, name, given)).error?.code, -32602, name);
  }
  assert.equal((await answer(f, "pool.burn", {})).error?.code, -32601);
});

// The types of wire.ts, as shapes: what it says in TypeScript, read by hand.
function wireTypes(): Record<string, Shape> {
  const text = readFileSync(process.env["UI"] + "src/api/wire.ts", "utf8").replace(/\/\*\*?[^]*?\*\/|\/\/.*/g, "");
  const tokens = text.match(/[A-Za-z_]\w*|[{}[\]<>|;:?,=()]|"[^"]*"|\S/g)!;
  let at = 0;
  const take = (wanted?: string) => {
    const t = tokens[at++]!;
    if (wanted && t !== wanted) throw new Error(`wire.ts: ${t} where ${wanted} should be`);
    return t;
  };
  const members = (): Shape => {
    const all: Record<string, Shape> = {};
    take("{");
    while (tokens[at] !== "}") {
      const name = take(), optional = tokens[at] === "?" ? take() : "";
      take(":");
      const [type, nullable] = union();
      all[name + (optional || (nullable ? "?" : ""))] = type;
      if (tokens[at] === ";") take();
    }
    take("}");
    return all;
  };
  const union = (): [Shape, boolean] => {
    let nullable = false, type: Shape = "any";
    for (;;) {
      const one = single();
      if (one === "null") nullable = true;
      else type = one;
      if (tokens[at] !== "|") return [type, nullable];
      take();
    }
  };
  const single = (): Shape => {
    let type: Shape;
    if (tokens[at] === "{") type = members();
    else {
      const name = take();
      type = { number: "number", Num: "whole", string: "text", boolean: "flag", unknown: "any", null: "null" }[name] ?? "#" + name;
      if (name === "Record") {
        for (const t of ["<", "string", ","]) take(t);
        type = { "*": union()[0] };
        take(">");
      }
    }
    while (tokens[at] === "[") {
      take("[");
      take("]");
      type = [type];
    }
    return type;
  };
  const found: Record<string, Shape> = {};
  while (at < tokens.length) if (take() === "interface") found[take()] = members();
  return found;
}

const alike: Record<string, string> = { time: "text", base64: "text", whole: "number" };
const plain = (kind: string) => alike[kind] ?? kind;

/** Where a type of the page reads what is not told; the page need not read all. */
function unread(type: Shape, told: Shape, all: Record<string, Shape>, at: string): string[] {
  if (typeof type === "string" && type.startsWith("#")) return all[type.slice(1)] ? unread(all[type.slice(1)]!, told, all, at) : [];
  if (type === "any" || told === "any") return [];
  if (typeof type === "string" || typeof told === "string") return typeof type === "string" && typeof told === "string" && plain(type) === plain(told) ? [] : [`${at} is told as ${JSON.stringify(told)}`];
  if (Array.isArray(type) || Array.isArray(told)) return Array.isArray(type) && Array.isArray(told) ? unread(type[0], told[0], all, at + "[]") : [`${at} is told as ${JSON.stringify(told)}`];
  if ("*" in told) return "*" in type ? unread(type["*"]!, told["*"]!, all, at + ".*") : [`${at} has any names`];
  return Object.entries(type).flatMap(([name, of]) => {
    const key = name.replace(/\?$/, "");
    if (key in told) return unread(of, told[key]!, all, `${at}.${key}`);
    if (!(key + "?" in told)) return [`${at}.${key} is not told`];
    return key === name ? [`${at}.${key} may be missing`] : unread(of, told[key + "?"]!, all, `${at}.${key}`);
  });
}

test("the page's types have what a daemon tells", () => {
  const all = wireTypes(), topics = shapes.topics as Record<string, Shape>, methods = shapes.methods as Record<string, { result: Shape }>;
  const of: Record<string, Shape> = {
    Daemon: topics["daemon"]!, Pool: topics["pools"]!, Func: topics["funcs"]!, Worker: topics["workers"]!, Call: topics["calls"]!, Death: topics["deaths"]!, DeathKind: topics["kinds"]!, Sample: topics["history"]!,
    Cron: topics["crons"]!, Task: topics["tasks"]!, Plugin: topics["plugins"]!, Event: topics["events"]!, LogRecord: topics["logs"]!, Item: methods["watch"]!.result,
    Client: topics["clients"]!, EventType: (methods["event.list"]!.result as [Shape])[0], Finding: (methods["daemon.doctor"]!.result as [Shape])[0], Capture: methods["pool.profile"]!.result,
    Replay: methods["death.replay"]!.result, Export: methods["death.export"]!.result, History: methods["history.get"]!.result, FuncType: (methods["func.list"]!.result as [Shape])[0], Setting: (methods["config.show"]!.result as [Shape])[0],
  };
  for (const [name, told] of Object.entries(of)) {
    assert.ok(all[name], `wire.ts has no ${name}`);
    assert.deepEqual(unread(all[name]!, told, all, name), []);
  }
  assert.deepEqual(bounds, shapes.bounds);
});
