// Parsing of the daemon's JSON. JavaScript's numbers are exact up to 2^53;
// counters and ids may be larger, and then stay text, digit by digit.

/** A whole number of the daemon: text if it is above 2^53. */
export type Num = number | string;

const long = /\d{16,}/;
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const whole = /^-?\d{16,}$/;

export function parse(text: string): unknown {
  if (!long.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(token, (t) => (whole.test(t) && !Number.isSafeInteger(Number(t)) ? `"${t}"` : t)));
}
