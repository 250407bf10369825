// A server with a daemon that does not exist (world.mjs), for developing the
// page and for its tests. Alone: node test/fake.mjs [workers]
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { answer } from "./methods.mjs";
import { differences, shapes } from "./shapes.mjs";
import { keyed } from "./topics.mjs";
import { World } from "./world.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const types = { "index.html": "text/html; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "app.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/**
 * Starts one, at a path of its own, so that absolute addresses in the page would
 * fail. Its seconds take so many milliseconds.
 */
export async function fake({ workers = 0, empty = false, role = "operate", port = 0, path = "/some/where/", renew = false, field = "", second = 1000 } = {}) {
  const f = { world: new World({ workers, empty }), role, reachable: true, over: false, refuse: "", did: [], renew, field, secret: "s", refuseSessions: false, watched: undefined, held: () => false, mute: false, streams: new Set(), path };
  const server = createServer((req, res) => serve(f, req, res).catch((e) => { res.destroy(); if (e.code !== "ECONNRESET") console.error(e); }));
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const pulse = setInterval(() => {
    f.world.ahead += 1000 - second;
    f.world.tick();
    for (const s of f.streams) s.send();
  }, second);
  f.address = `http://127.0.0.1:${server.address().port}${path}`;
  // held says of which topics nothing is told for now, mute that nothing is answered.
  /** Ends all streams, as a lost connection does. */
  f.drop = () => { for (const s of f.streams) s.res.destroy(); f.streams.clear(); };
  f.close = () => { clearInterval(pulse); f.drop(); server.closeAllConnections(); return new Promise((done) => server.close(done)); };
  return f;
}

async function serve(f, req, res) {
  const name = req.url.slice(f.path.length) || "index.html";
  if (!req.url.startsWith(f.path)) return plain(res, 404, "nothing is here");
  if (req.method === "GET" && types[name]) {
    res.writeHead(200, { "Content-Type": types[name], "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store" });
    return res.end(readFileSync(dist + name));
  }
  const body = await read(req);
  if (name === "session") {
    if (req.method === "DELETE") { f.over = true; return res.writeHead(204).end(); }
    if (f.over || f.refuseSessions) return plain(res, 401, "this token was used, or is too old");
    return json(res, { secret: f.secret.repeat(43), ...(f.renew ? { renew: true } : {}), ...(f.field ? { field: f.field } : {}), role: f.role, as: "ana", daemon: "thumbs", version: f.world.version, expires: new Date(Date.now() + 8 * 3600e3).toISOString(), commands: "thumbs" });
  }
  const secret = f.field ? req.headers[f.field.toLowerCase()] : (req.headers.authorization ?? "").replace(/^Bearer /, "");
  if (f.over || secret !== f.secret.repeat(43)) return plain(res, 401, "the session is over");
  if (!f.reachable) return plain(res, 502, "dial unix /run/thumbs/control.sock: connection refused");
  if (name === "rpc") {
    while (f.mute) await new Promise((r) => setTimeout(r, 50));
    f.did.push(body);
    return json(res, { jsonrpc: "2.0", id: body.id, ...(await answer(f, body.method, body.params ?? {})) });
  }
  if (name === "watch") return watch(f, body, req, res);
  plain(res, 404, "nothing is here");
}

function watch(f, params, req, res) {
  f.watched = params;
  res.writeHead(200, { "Content-Type": "application/x-ndjson" });
  const wrong = differences(params, shapes.methods.watch.params, "params");
  if (params.pool && !f.world.pools.some((p) => p.shape.name === params.pool)) wrong.push(`pool: there is no pool "${params.pool}"`);
  if (wrong.length) return res.end("\n" + stringify({ end: true, error: `${wrong.join("; ")} (-32602)` }) + "\n");
  const sent = {}, lists = { logs: 0, events: 0 };
  const stream = {
    res,
    send() {
      const at = new Date(f.world.now()).toISOString(), lines = [];
      for (const topic of params.topics) {
        if (f.held(topic)) continue;
        if (keyed[topic]) {
          const all = of(topic, keyed[topic](f.world), params.pool), before = sent[topic], set = {};
          for (const [key, value] of Object.entries(all)) {
            const text = stringify(value);
            if (before?.[key] !== text) set[key] = value;
            all[key] = text;
          }
          const gone = before ? Object.keys(before).filter((k) => !(k in all)) : [];
          if (!before || Object.keys(set).length || gone.length) lines.push({ topic, at, full: !before, ...(Object.keys(set).length ? { set } : {}), ...(gone.length ? { gone } : {}) });
          sent[topic] = all;
        } else {
          const list = f.world[topic].filter((x) => topic !== "logs" || level(x.level) >= level(params.level));
          const first = lists[topic] === 0, add = first ? (topic === "logs" ? list.slice(-200) : []) : list.filter((x) => x.time > lists[topic]);
          const missed = f.world.missed[topic];
          f.world.missed[topic] = 0;
          if (add.length || missed || first) lines.push({ topic, at, full: false, ...(add.length ? { add } : {}), ...(missed ? { missed } : {}) });
          lists[topic] = list[list.length - 1]?.time ?? "-";
        }
      }
      res.write(lines.map((l) => stringify(l) + "\n").join(""));
    },
  };
  f.streams.add(stream);
  res.write("\n");
  res.on("close", () => f.streams.delete(stream));
  stream.send();
}

const levels = ["debug", "info", "warn", "error"];
const level = (l) => levels.indexOf((l ?? "debug").toLowerCase());

/** JSON in which BigInts are numbers, as Go writes them. */
const stringify = (v) => JSON.stringify(v, (_, x) => (typeof x === "bigint" ? `big:${x}` : x)).replace(/"big:(\d+)"/g, "$1");

// What watch sends of a topic to who follows one pool: of the others only how they are.
function of(topic, all, pool) {
  if (!pool || topic === "pools") return all;
  return Object.fromEntries(Object.entries(all).filter(([key, value]) => (topic === "history" ? key.split("/")[0] : value.pool ?? pool) === pool));
}

const json = (res, value) => res.writeHead(200, { "Content-Type": "application/json" }).end(stringify(value));
const plain = (res, status, text) => res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(text + "\n");

async function read(req) {
  let text = "";
  for await (const part of req) text += part;
  return text ? JSON.parse(text) : {};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const f = await fake({ workers: Number(process.argv[2] ?? 0), role: process.argv[3] ?? "admin", port: 7171 });
  console.log(`${f.address}#token=${"t".repeat(32)}`);
}
