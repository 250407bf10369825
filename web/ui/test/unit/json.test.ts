import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../src/api/json.ts";

test("numbers that JavaScript cannot hold stay text", () => {
  assert.deepEqual(parse('{"id":9007199254740993,"n":[18446744073709551615,-9007199254740993]}'), { id: "9007199254740993", n: ["18446744073709551615", "-9007199254740993"] });
});

test("all others are numbers", () => {
  assert.deepEqual(parse('{"a":9007199254740991,"b":0.12345678901234567,"c":1e300,"d":12345678901234567.5}'), { a: 9007199254740991, b: 0.12345678901234567, c: 1e300, d: 12345678901234567.5 });
});

test("digits in texts are texts", () => {
  assert.deepEqual(parse('{"9007199254740993":"9007199254740993 \\" 9007199254740994","x":9007199254740995}'), { "9007199254740993": '9007199254740993 " 9007199254740994', x: "9007199254740995" });
});

test("what is no JSON is refused", () => {
  assert.throws(() => parse('{"a":9007199254740993'), SyntaxError);
});
