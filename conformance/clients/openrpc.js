// The document of rpc.discover against the meta-schema of OpenRPC, with ajv; and what methods take and return against
// the document. Argument: tcp or unix.
"use strict";

const http = require("node:http");
const Ajv = require("ajv").default;
const addFormats = require("ajv-formats").default;
const { openrpcDocument } = require("@open-rpc/meta-schema");
const { jsonSchema } = require("@json-schema-tools/meta-schema");
const { ok, is, main } = require("./tap.js");

const [host, port] = process.env.CONTROL_TCP.split(":");
const to = process.argv[2] === "unix" ? { socketPath: process.env.CONTROL_UNIX } : { host, port };

function call(method, params = []) {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...to, path: "/rpc", method: "POST", headers: { "Content-Type": "application/json" } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => (body += chunk));
      response.on("end", () => {
        const { result, error } = JSON.parse(body);
        error ? reject(new Error(error.message)) : resolve(result);
      });
    });
    request.on("error", reject).end(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  });
}

main(async () => {
  const document = await call("rpc.discover");

  // strict: false, because the meta-schemas say more than ajv knows.
  const meta = addFormats(new Ajv({ strict: false, allErrors: true }));
  // OpenRPC names the meta-schema of JSON Schema without the slash that its id ends in.
  meta.addSchema({ ...jsonSchema, $schema: undefined });
  meta.addSchema({ $id: "https://meta.json-schema.tools", $ref: jsonSchema.$id });
  const valid = meta.compile({ ...openrpcDocument, $schema: undefined });
  ok("rpc.discover is OpenRPC", valid(document), meta.errorsText(valid.errors));
  const wrong = structuredClone(document);
  delete wrong.methods[0].params;
  is("a document without params is not", valid(wrong), false);

  const names = document.methods.map((m) => m.name);
  is("each method is there once", new Set(names).size, names.length);
  const listed = await call("system.listMethods");
  is("its methods are those of system.listMethods", names.filter((n) => !n.startsWith("rpc.")).sort(), listed.filter((n) => !n.startsWith("rpc.")).sort());

  // References within the document are resolved against the document itself.
  const ajv = addFormats(new Ajv({ strict: false }));
  ajv.addSchema({ ...document, $id: "doc" });
  const schemas = {};
  for (const [i, m] of document.methods.entries()) {
    for (const [j, p] of m.params.entries()) {
      try {
        schemas[`${m.name}(${p.name})`] = ajv.compile({ $ref: `doc#/methods/${i}/params/${j}/schema` });
      } catch (err) {
        ok(`the schema of ${m.name}'s ${p.name}`, false, err);
      }
    }
    if (m.result) {
      try {
        schemas[m.name] = ajv.compile({ $ref: `doc#/methods/${i}/result/schema` });
      } catch (err) {
        ok(`the schema of ${m.name}'s result`, false, err);
      }
    }
    ok(`${m.name} says what it needs`, ["none", "read", "operate", "admin"].includes(m["x-role"]), m["x-role"]);
  }
  const add = document.methods.find((m) => m.name === "math.add");
  is("math.add's parameters", add.params.map((p) => [p.name, p.required, p.schema.type]), [["a", true, "integer"], ["b", true, "integer"]]);
  is("math.add's summary or description", (add.summary ?? add.description), "Adds two numbers.");

  // What goes in and out fits the schemas.
  const fits = (name, value, want = true) => is(`${name}: ${JSON.stringify(value)} ${want ? "fits" : "does not fit"}`, schemas[name]?.(value), want);
  fits("math.add(a)", 1);
  fits("math.add(a)", 1.5, false);
  fits("math.add(a)", "1", false);
  fits("types.echo(value)", [{}, null]);
  fits("text.upper(text)", "x");
  fits("text.upper(text)", null, false);
  fits("blob.reverse(value)", "AAEC");
  fits("math.add", await call("math.add", [1, 2]));
  fits("text.upper", await call("text.upper", ["x"]));
  fits("time.now", await call("time.now"));
  fits("blob.reverse", await call("blob.reverse", ["AAEC"]));
  fits("system.listMethods", listed);
  fits("system.methodHelp", await call("system.methodHelp", ["math.add"]));
  fits("system.methodSignature", await call("system.methodSignature", ["math.add"]));
  fits("system.getCapabilities", await call("system.getCapabilities"));
  // What takes no parameters and only looks is asked, and its answer compared.
  for (const m of document.methods) {
    if (m["x-role"] !== "read" || m["x-stream"] || !m.result || m.params.some((p) => p.required)) continue;
    const result = await call(m.name, {}).catch((err) => err);
    if (result instanceof Error) continue; // a stream, say, or what this daemon has not got
    ok(`${m.name}'s answer fits its schema`, schemas[m.name]?.(result), `${ajv.errorsText(schemas[m.name]?.errors)}: ${JSON.stringify(result)}`);
  }
});
