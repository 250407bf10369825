// jayson, from the npm registry: JSON-RPC over HTTP and line by line. Arguments: http or lines, tcp or unix.
"use strict";

const http = require("node:http");
const jayson = require("jayson/promise");
const { ok, is, main } = require("./tap.js");

const [protocol, transport] = process.argv.slice(2);
const [host, port] = process.env.CONTROL_TCP.split(":");
const unix = process.env.CONTROL_UNIX;

function client(options = {}) {
  if (protocol === "lines") {
    return jayson.Client.tcp({ ...(transport === "unix" ? { path: unix } : { host, port: Number(port) }), ...options });
  }
  const to = transport === "unix" ? { socketPath: unix } : { host, port };
  return jayson.Client.http({ ...to, path: "/rpc", ...options });
}

main(async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const c = client(protocol === "http" ? { agent } : {});
  const call = async (method, params) => (await c.request(method, params)).result;
  const code = async (method, params) => (await c.request(method, params)).error?.code;

  is("parameters by position", await call("math.add", [2, 3]), 5);
  is("parameters by name", await call("math.add", { a: 2, b: 3 }), 5);
  is("no parameters", typeof (await call("time.now", [])), "string");
  ok("time.now is RFC 3339", !Number.isNaN(Date.parse(await call("time.now", []))));
  is("blob.reverse", await call("blob.reverse", [Buffer.from([0, 255, 7]).toString("base64")]), Buffer.from([7, 255, 0]).toString("base64"));
  for (const value of [
    0, 1, -1, 2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, 0.5, 1e300, 5e-324, 0.1 + 0.2,
    true, false, null,
    "", "x", "Grüße, 世界 🎉", "\u0000\u0001\u001f\u007f\u2028\u2029", '<&>"\\/', "a\r\nb",
    [], [1, "two", [true, null, [[]]]],
    {}, { "": 1, schön: { deep: [{ er: null }] }, "<&>": '"' }, { __proto__x: 1 },
  ]) {
    is(`types.echo of ${JSON.stringify(value)}`, await call("types.echo", [value]), value);
  }
  const large = "ä".repeat(1 << 19);
  is("types.echo of 1 MiB", (await call("types.echo", [large])) === large, true);

  is("an error", await code("fail", ["boom"]), -32500);
  is("an unknown method", await code("no.such", []), -32601);
  is("bad parameters", await code("math.add", ["x", 1]), -32602);
  is("a method that panics", await code("panics", []), -32603);
  const response = await c.request("fail", ["kein Platz für <&>"]);
  ok("an error's message", response.error.message.includes("kein Platz für <&>"), response.error.message);

  const batch = await c.request([
    c.request("math.add", [1, 2], undefined, false),
    c.request("math.add", [1, 2], null, false), // a notification
    c.request("fail", ["boom"], undefined, false),
    c.request("text.upper", ["x"], undefined, false),
  ]);
  is("a batch", batch.map((r) => r.result ?? r.error.code), [3, -32500, "X"]);
  is("a notification", await c.request("math.add", [1, 2], null), undefined);

  is("a request in the style of version 1", (await client({ version: 1 }).request("math.add", [1, 2]))?.error?.code, -32600);

  const sums = await Promise.all(Array.from({ length: 50 }, (_, i) => client().request("math.add", [i, i])));
  is("50 connections at once", sums.map((r) => r.result), Array.from({ length: 50 }, (_, i) => 2 * i));

  const multicall = await call("system.multicall", [[{ methodName: "math.add", params: [1, 2] }, { methodName: "fail", params: ["boom"] }]]);
  is("multicall: the first", multicall[0], [3]);
  is("multicall: the second", multicall[1].faultCode, -32500);
});
