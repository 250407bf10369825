// One worker, with what can be done to it.
import type { Pool, Worker } from "../api/wire.ts";
import { Facts, Memory, State } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { endWorker, killWorker, profileWorker, stackOf, traceWorker } from "../view/actions.ts";
import { count, duration, howFar, percent } from "../view/format.ts";
import { ageOf } from "../state/age.ts";
import { workerLook } from "../view/words.ts";

export function WorkerCard({ worker: w, pool, close }: { worker: Worker; pool: Pool | undefined; close(): void }) {
  const look = workerLook(w);
  return (
    <div class="card" role="group" aria-label={`Worker ${w.id}`}>
      <div class="crumb">
        <h3>Worker {w.id}, pid {w.pid}</h3><State tone={look.tone}>{look.word}</State>
        {w.retiring && <span class="quiet">will be replaced: {w.retiring}</span>}
        <span class="aside">
          <Act action={stackOf(w.pool, w.pid, w.id)} small /><Act action={profileWorker(w)} small /><Act action={traceWorker(w)} small /><Act action={endWorker(w)} small /><Act action={killWorker(w)} small />
          <button type="button" class="small" onClick={close}>Close</button>
        </span>
      </div>
      <Facts of={[
        ["Runs", <Runs worker={w} />],
        ["Memory", <Memory n={w.memory} of={pool?.memory_limit ?? 0} />],
        ["CPU", `${duration(w.cpu)}, ${percent(w.cpu, ageOf(w))} of its life`],
        ["Calls", count(w.calls)], ["Age", duration(ageOf(w))], ["Sandbox", w.sealed ? "holds" : "none"],
      ]} />
    </div>
  );
}

/** The calls in a worker, with their progress. */
export function Runs({ worker: w }: { worker: Worker }) {
  if (!w.running?.length) return w.call ? <>{w.call} <span class="quiet">for {duration(w.for)}</span></> : <span class="quiet">nothing</span>;
  const [first, ...others] = w.running;
  const p = first!.progress;
  return (
    <>
      {first!.func} <span class="quiet">for {duration(first!.for)}</span>
      {p && <> · {howFar(p)}</>}
      {others.length > 0 && <span class="quiet"> and {others.length} more</span>}
    </>
  );
}
