// Prints checks in the Test Anything Protocol: one line each, and their number at the end.
"use strict";

const { isDeepStrictEqual, inspect } = require("node:util");

let count = 0;
let failed = 0;

function ok(name, good, why = "") {
  count++;
  if (!good) failed++;
  console.log(good ? `ok ${count} - ${name}` : `not ok ${count} - ${name}: ${`${why}`.replaceAll("\n", "\\n").slice(0, 400)}`);
}

const is = (name, got, want) => ok(name, isDeepStrictEqual(got, want), `got ${inspect(got)}, want ${inspect(want)}`);

// main runs the checks. The plan comes last, so that a script that stops half-way has none.
function main(run) {
  run().then(
    () => {
      console.log(`1..${count}`);
      process.exit(failed > 0 ? 1 : 0);
    },
    (err) => {
      console.error(err);
      process.exit(1);
    },
  );
}

module.exports = { ok, is, main };
