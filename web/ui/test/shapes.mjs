// What a real daemon tells: shapes.json, which a test of package methods writes
// and compares with Go's types. Those who pretend here are held to it.
import file from "./shapes.json" with { type: "json" };

export const shapes = file;

const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v);

const kinds = {
  text: (v) => typeof v === "string", base64: (v) => typeof v === "string" && /^[A-Za-z0-9+/]*=*$/.test(v),
  time: (v) => typeof v === "string" && !Number.isNaN(Date.parse(v)), flag: (v) => typeof v === "boolean",
  number: (v) => typeof v === "number" && Number.isFinite(v), whole: (v) => typeof v === "bigint" || Number.isInteger(v), any: () => true,
};

/** Where a value is not of a shape, in words; nothing if it is. */
export function differences(value, shape, at = "it") {
  if (Array.isArray(shape)) return Array.isArray(value) ? value.flatMap((v, i) => differences(v, shape[0], `${at}[${i}]`)) : [`${at} is no list`];
  if (typeof shape === "string") return kinds[shape](value) ? [] : [`${at} is ${typeof value === "bigint" ? value : JSON.stringify(value)}, no ${shape}`];
  if (!isObject(value)) return [`${at} is no object`];
  if ("*" in shape) return Object.entries(value).flatMap(([k, v]) => differences(v, shape["*"], `${at}.${k}`));
  const found = [];
  for (const [name, of] of Object.entries(shape)) {
    const key = name.replace(/\?$/, ""), v = value[key];
    if (v === undefined || (v === null && key !== name)) {
      if (key === name) found.push(`${at}.${key} is missing`);
    } else found.push(...differences(v, of, `${at}.${key}`));
  }
  for (const key of Object.keys(value)) if (!(key in shape) && !(key + "?" in shape)) found.push(`${at}.${key} is nothing that a daemon tells`);
  return found;
}
