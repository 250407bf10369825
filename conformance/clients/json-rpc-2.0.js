// json-rpc-2.0, from the npm registry: one connection, line by line, for calls and streams. Argument: tcp or unix.
"use strict";

const net = require("node:net");
const readline = require("node:readline");
const { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } = require("json-rpc-2.0");
const { ok, is, main } = require("./tap.js");

const [host, port] = process.env.CONTROL_TCP.split(":");

async function connect() {
  const socket = net.connect(process.argv[2] === "unix" ? { path: process.env.CONTROL_UNIX } : { host, port: Number(port) });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const peer = new JSONRPCServerAndClient(
    new JSONRPCServer(),
    new JSONRPCClient(async (request) => void socket.write(JSON.stringify(request) + "\n")),
  );
  readline.createInterface({ input: socket }).on("line", (line) => void peer.receiveAndSend(JSON.parse(line)));
  socket.on("close", () => peer.rejectAllPendingRequests("the server has closed the connection"));
  return { socket, peer };
}

main(async () => {
  const { socket, peer } = await connect();
  const code = (method, params) => peer.request(method, params).then((r) => `no error but ${r}`, (err) => err.code);

  is("parameters by position", await peer.request("math.add", [2, 3]), 5);
  is("parameters by name", await peer.request("math.add", { a: 2, b: 3 }), 5);
  is("no parameters at all", typeof (await peer.request("time.now")), "string");
  is("unicode", await peer.request("types.echo", ["Grüße, 世界 🎉\u0000\u2028"]), "Grüße, 世界 🎉\u0000\u2028");
  is("a large value", (await peer.request("types.echo", ["x".repeat(1 << 20)])).length, 1 << 20);
  is("an error", await code("fail", ["boom"]), -32500);
  is("an unknown method", await code("no.such"), -32601);
  is("bad parameters", await code("math.add", [1]), -32602);
  is("a method that panics", await code("panics"), -32603);

  const numbers = Array.from({ length: 200 }, (_, i) => i);
  is("200 requests at once", await Promise.all(numbers.map((i) => peer.request("math.add", [i, 1]))), numbers.map((i) => i + 1));
  const batch = await peer.client.requestAdvanced([
    { jsonrpc: "2.0", id: "a", method: "math.add", params: [1, 2] },
    { jsonrpc: "2.0", id: "b", method: "no.such" },
    { jsonrpc: "2.0", method: "math.add", params: [1, 2] },
  ]);
  is("a batch", batch.map((r) => r.result ?? r.error.code), [3, -32601]);
  peer.notify("math.add", [1, 1]);
  is("a notification, and a request after it", await peer.request("math.add", [1, 1]), 2);

  // A stream is notifications with the stream's number.
  const items = new Map();
  const ended = new Map();
  peer.addMethod("call.stream", ({ stream, item, end, error }) => {
    if (end) ended.get(stream)?.(error);
    else items.set(stream, [...(items.get(stream) ?? []), item]);
  });
  // The numbers come in order, so that one may wait for a stream before it begins.
  const end = (stream) => new Promise((resolve) => ended.set(stream, resolve));
  const first = (await peer.request("call.stream", { name: "count", arg: 0 })).stream;
  const cancelled = end(first);
  const third = end(first + 1);
  const second = (await peer.request("call.stream", { name: "count", arg: 3 })).stream;
  is("streams are numbered", second, first + 1);
  is("a stream ends", await third, undefined);
  is("a stream's items", items.get(second), [1, 2, 3]);
  is("a request beside a stream", await peer.request("math.add", [2, 3]), 5);
  await peer.request("rpc.cancel", { stream: first });
  await cancelled;
  ok("a stream is cancelled", true);
  is("a stream with bad parameters", await code("call.stream", { arg: 3 }), -32602);
  socket.destroy();

  // What one connection leaves behind is no matter for the next.
  const { peer: next } = await connect();
  is("another connection", await next.request("math.add", [2, 3]), 5);
});
