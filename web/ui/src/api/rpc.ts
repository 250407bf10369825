// Requests to the daemon, one at a time: its JSON-RPC, through the front.
import { parse } from "./json.ts";
import { authorization, opened, sessionOver, shortText } from "./session.ts";

export class RPCError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(message: string, code: number, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The daemon's code for a role that is too small. */
export const notAllowed = -32001;

let last = 0;

/** Calls a method of the control socket. Rejects with an RPCError in the daemon's words. */
export async function rpc<T>(method: string, params: object = {}, signal?: AbortSignal): Promise<T> {
  const session = opened();
  let answer: Response, text: string;
  try {
    answer = await fetch("rpc", {
      method: "POST",
      headers: { ...authorization(), "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++last, method, params }),
      signal: signal ?? null,
    });
    text = await answer.text();
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new RPCError("the server of this page does not answer", 0);
  }
  if (answer.status === 401) {
    if (await sessionOver(session, shortText(answer, text))) return rpc(method, params, signal);
    throw new RPCError("the session is over", 401);
  }
  if (!answer.ok) {
    throw new RPCError(shortText(answer, text) || (answer.status === 502 ? "the daemon cannot be reached" : `the server answered ${answer.status}`), answer.status);
  }
  const { result, error } = parse(text) as { result: T; error?: { message: string; code: number; data?: unknown } };
  if (error) throw new RPCError(error.message, error.code, error.data);
  return result;
}
