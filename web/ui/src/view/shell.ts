// Commands as one types them into a shell.
import { commands } from "../api/session.ts";

/** Quotes a word, if a shell would change it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command that does what a button does, e.g. "thumbs pool recycle thumb". */
export const command = (...words: (string | number)[]): string => [commands(), ...words.map((w) => quote(String(w)))].join(" ");
