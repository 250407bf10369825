package pool

import (
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// effects are what a step of the core asks the shell to do, in this order.
type effects struct {
	sends   few[send]
	acts    []act
	answers few[*Call]
	endings []*ending
	poke    bool // the time of the next step has changed

	news news
}

// news is what a step tells the outside.
type news struct {
	failed string // why the pool has failed
	kept   string // why workers due for replacement stay

	quarantines []Quarantine // of functions, in order
	stuck       []*Death     // processes that SIGKILL has not ended
}

// few is a list that allocates nothing for its first elements: most steps send
// or end one call.
type few[T any] struct {
	first [2]T
	n     int
	more  []T
}

func (f *few[T]) add(v T) {
	if f.n < len(f.first) {
		f.first[f.n] = v
	} else {
		f.more = append(f.more, v)
	}
	f.n++
}

func (f *few[T]) at(i int) T {
	if i < len(f.first) {
		return f.first[i]
	}
	return f.more[i-len(f.first)]
}

// clear empties the list, and keeps the room for more.
func (f *few[T]) clear() {
	clear(f.first[:min(f.n, len(f.first))])
	clear(f.more)
	f.n, f.more = 0, f.more[:0]
}

// clear makes fx ready for another step without new memory.
func (fx *effects) clear() {
	fx.sends.clear()
	fx.answers.clear()
	clear(fx.acts)
	fx.acts, fx.endings, fx.poke, fx.news = fx.acts[:0], nil, false, news{}
}

// send gives a call to a worker. It repeats the id, because the call may have
// moved on before the send is carried out; the worker then skips it.
type send struct {
	call *Call
	to   *worker
	id   uint32
	left time.Duration
	fits bool // the link has room for it, whatever the worker does
}

type act struct {
	op   op
	w    *worker
	id   uint32 // of opCancel; for opStop, how many requests the worker must have had
	code wire.Cause
	by   Cause
}

type op uint8

const (
	opSpawn      op = iota // start a process for w
	opCancel               // tell w to cancel call id
	opStop                 // tell w to leave
	opPing                 // ask w for a sign of life
	opQuit                 // end with stacks: SIGABRT
	opKill                 // SIGKILL, remembered as done by
	opHangup               // close w's link: nothing more is expected from it
	opAbandon              // do not wait for its end
	opPause                // hold its loop
	opResume               // … and let it go on
	opStopDaemon           // stop the daemon, because w ended
)

func (fx *effects) do(o op, w *worker) { fx.acts = append(fx.acts, act{op: o, w: w}); fx.poke = true }
