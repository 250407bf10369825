package pool

import "github.com/legion-go/legion/status"

// Status returns the figures of a pool as a client sees them; Kind is left
// open.
func (s Summary) Status() status.Pool {
	return status.Pool{
		Name: s.Name, State: s.State.String(), Reason: s.Reason, Min: s.Min, Max: s.Max, Ready: s.Serving,
		Poisoned: s.Poisoned, Queued: s.Queued, Running: s.Running, Calls: s.Calls, Restarts: s.Deaths,
		Errors: s.Failed + s.Panicked + s.Refused + s.Timeout + s.Canceled + s.Crashed + s.Dropped,
	}
}

// Status returns all figures of a pool as a client sees them; Kind, LoopEvery
// and Sandbox are left open.
func (s Stats) Status() status.PoolStats {
	all := status.PoolStats{
		Name: s.Name, State: s.State.String(), Reason: s.Reason, Min: s.Min, Max: s.Max,
		Ready: s.Serving, Poisoned: s.Poisoned, Queued: s.Queued, Running: s.Running,
		Calls: s.Calls, OK: s.OK, Failed: s.Failed, Panicked: s.Panicked, Refused: s.Refused,
		TimedOut: s.Timeout, Canceled: s.Canceled, Crashed: s.Crashed, Dropped: s.Dropped, Retried: s.Retried,
		Started: s.Started, Recycled: s.Recycled, Restarts: s.Deaths, Corrupt: s.Corrupt,
		RecycledBy: recycles(s.RecycledBy), DeathsBy: s.DeathsBy, OldestWait: s.Oldest, QueueLimit: s.Queue, Busy: s.Busy, CPU: s.CPU,
		MemoryLimit: s.MemoryLimit, BytesIn: s.In, BytesOut: s.Out, StartTimes: s.StartTimes,
		Forbidden: s.Forbidden, LastDeath: s.LastDeath, Forever: s.OnExit == Restart, Workers: s.Workers, Replays: s.Replays, Funcs: s.Funcs,
	}
	for _, w := range s.Workers {
		all.Memory += w.Memory
		all.WorkerMemoryMax = max(all.WorkerMemoryMax, w.Memory)
	}
	return all
}

// Status returns what is known of a call of the named pool, as a client sees
// it.
func (i CallInfo) Status(pool string) status.CallInfo {
	c := status.CallInfo{
		Pool: pool, Func: i.Func, Call: i.Number, Outcome: i.Kind.String(), PID: i.PID, Worker: i.Worker, Tries: i.Tries,
		Queued: i.Queued, Started: i.Started, Ended: i.Ended, Wait: i.Wait, Run: i.Run, CPU: i.CPU, Progress: i.Progress,
		ArgBytes: i.Arg, ResultBytes: i.Result,
	}
	switch {
	case i.Kind != 0:
		c.State = status.CallDone
	case i.Running:
		c.State = status.CallRunning
	}
	return c
}

// Status returns the end of a process as a client sees it.
func (g Gone) Status() status.WorkerEnd {
	return status.WorkerEnd{
		ID: g.Worker, PID: g.Death.PID, Calls: g.Calls, Started: g.Start, Ended: g.End, Expected: g.Death.Expected, How: g.How,
		CPU: g.Death.Usage.User + g.Death.Usage.System, Memory: g.Death.Usage.MaxRSS,
	}
}
