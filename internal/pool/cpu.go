package pool

import "time"

// The processor time of functions. To read a worker's clock at the begin and
// the end of each call would cost a call more than all the rest. So it is read
// now and then: when the worker is ready, when somebody asks for figures, at
// the end of a long call, and by the system at the end of the process. What was
// used since the last look is shared out among the functions, by how long they
// have run in that worker since.

// longCall is how long a call runs at least for the clock to be read at its
// end.
const longCall = 10 * time.Millisecond

// look reads the processor time of w now, if it has a process.
func (k *core) look(w *worker, now time.Duration) {
	if k.clock == nil {
		return
	}
	if used, ok := k.clock(w); ok {
		k.share(w, used, now)
	}
}

// share shares out what w has used since the last look, if it has used so much
// in total now.
func (k *core) share(w *worker, total, now time.Duration) {
	used := total - w.cpu
	if used <= 0 {
		return // until the clock has gone on, and forward
	}
	w.cpu = total
	k.cpu += used
	last := w.sampled
	w.sampled = now
	for c := range w.runningCalls {
		w.spent[c.Func] += now - max(c.began, last)
	}
	spent := time.Duration(0)
	for _, d := range w.spent {
		spent += d
	}
	if spent <= 0 {
		return // nothing has run: it was the worker's own
	}
	part := func(d time.Duration) time.Duration { return time.Duration(float64(used) * float64(d) / float64(spent)) }
	for i, d := range w.spent {
		k.funcs[i].cpu += part(d)
	}
	for c := range w.runningCalls {
		c.cpu += part(now - max(c.began, last))
	}
	clear(w.spent)
}
