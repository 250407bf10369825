// What the page asks the daemon for by itself, since no topic has it: once,
// and again after an upgrade or a reload.
import { useEffect, useState } from "preact/hooks";
import { rpc } from "../api/rpc.ts";
import { epoch } from "./marks.ts";

/** An answer, once it has come; why says why there is none, or no newer one. */
export interface Answer<T> { value?: T; why?: string }

/** Asks for what a method tells, with every again after so many seconds. What another method, or one with other parameters, has told is not kept. */
export function useAnswer<T>(method: string, params: object = {}, every = 0): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { of?: string }>({});
  const of = JSON.stringify([method, params]), now = epoch.value;
  useEffect(() => {
    const over = new AbortController(); // a screen that is left wants no answer, and a browser has few connections
    const load = () => void rpc<T>(method, params, over.signal).then(
      (value) => { if (!over.signal.aborted) setAnswer({ of, value }); },
      (e: Error) => { if (!over.signal.aborted) setAnswer((before) => ({ ...(before.of === of ? before : { of }), why: e.message })); },
    );
    load();
    const timer = every ? setInterval(load, every * 1000) : undefined;
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [of, now]);
  return answer.of === of ? answer : {};
}
