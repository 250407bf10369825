package worker

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/profiling"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
)

// Config configures Serve.
type Config struct {
	Funcs       []Func
	Concurrency int                    // functions that run at the same time
	Busy        *atomic.Int32          // the link's, counts running functions
	Fault       func(error) wire.Fault // encodes an error
	Context     context.Context        // values that every call sees
	State       any                    // the state of this worker's functions
	Freed       func([]uint64) error   // takes back parts of the arena; may be nil
	Seal        wire.Seal              // what confines this process, from Seal
	Recorder    *recorder.Memory       // records what it does, if not nil

	// Loop, if not nil, is the worker's own loop; see loop.go.
	Loop      func(ctx context.Context) error
	LoopEvery time.Duration

	Tally *Tally // counts, if not nil
}

// server is the state of one Serve.
type server struct {
	Config
	conn link.Conn

	mu       sync.Mutex
	running  [wire.Slots]*job // by slot
	waiting  []*job           // in the order of arrival
	active   int              // goroutines that run jobs
	stopping bool
	had      uint32 // requests that arrived
	after    uint32 // requests that must have arrived before it may leave
	loop     ownLoop
	progress progress
	early    [wire.Slots]uint32 // by slot: a call that was cancelled before its request arrived
	causes   [wire.Slots]wire.Cause
	meters   *meterReports // nil: the daemon reads them itself
	over     sync.WaitGroup
	life     context.Context // ends with Serve
	captures captures
	flight   flight
	labels   atomic.Pointer[profiling.Tools] // not nil while a profile of the processor time is made
}

// job is one request. It is reused after its answer.
type job struct {
	ctx     *callContext
	fn      *Func
	id      uint32
	in, out []byte
	scratch []byte      // memory for in
	lent    bool        // in is used again: the function owns no part of it
	code    wire.Status // what to answer, once the function has ended
	result  []byte

	ahead wire.Window   // the part of a streamed result that is under way
	more  chan struct{} // wakes an emit that waits for room in the window

	server *server
	begin  func() // server.work(this job); kept for reuse, because a go statement with arguments allocates
}

var jobs = sync.Pool{New: func() any { return new(job) }}

// Serve tells the daemon that the worker is ready, and runs functions until the
// daemon tells it to stop and the calls have finished, or until the link ends.
// It returns nil in the first case. No function runs any more when it returns.
func Serve(conn link.Conn, c Config) error {
	if c.Tally == nil {
		c.Tally = new(Tally)
	}
	s := new(server) // not a literal, which would first be made on the stack
	s.Config, s.conn = c, conn
	s.Context = context.WithValue(c.Context, serverKey{}, s)
	life, end := context.WithCancel(context.Background())
	defer end()
	s.life = life
	hello := wire.Hello{Version: wire.Version, PID: uint32(os.Getpid()), Funcs: Hello(c.Funcs), Seal: c.Seal}
	if err := conn.Send(wire.Header{Kind: wire.Ready}, wire.AppendHello(nil, hello)); err != nil {
		return fmt.Errorf("telling the daemon that the worker is ready: %w", err)
	}
	fail.Point("worker.ready")
	s.startMeters()
	if c.Loop != nil {
		s.startLoop()
	}
	s.flight.begin(c.Recorder)
	err := conn.Serve(s.receive, nil)
	s.loop.stop()
	s.meters.end()
	end()
	s.mu.Lock()
	s.waiting = nil
	for _, j := range &s.running {
		if j != nil {
			j.ctx.cancel(context.Canceled)
		}
	}
	s.mu.Unlock()
	s.over.Wait()
	s.progress.endLoop()
	return err
}

// receive takes one frame from the daemon.
func (s *server) receive(f link.Frame) error {
	switch f.Kind {
	case wire.Request:
		return s.request(f)
	case wire.Cancel:
		s.cancel(f.Call, wire.Cause(f.Code))
	case wire.Credit:
		taken, err := wire.DecodeCredit(f.Payload)
		if err != nil {
			return err
		}
		s.credit(f.Call, taken)
	case wire.Freed:
		offsets, err := wire.DecodeOffsets(f.Payload)
		if err != nil || s.Freed == nil {
			return err
		}
		return s.Freed(offsets)
	case wire.Ping:
		// In a new goroutine: Send may have to wait for room, and the daemon for this
		// goroutine.
		s.over.Go(func() { _ = s.conn.Send(wire.Header{Kind: wire.Pong}, nil) })
	case wire.Stacks:
		s.over.Go(s.tellStacks) // in a new goroutine for the same reason
	case wire.Capture:
		return s.capture(f)
	case wire.Snapshot:
		return s.snapshot(f)
	case wire.Stop:
		s.stop(f.Call)
	case wire.Pause, wire.Resume:
		s.loop.pause(f.Kind == wire.Pause)
	default:
		return fmt.Errorf("the daemon may not send %v", f.Kind)
	}
	return nil
}

// stop makes the worker exit when so many requests have arrived, and its calls
// have finished: a Stop may overtake a request, above all one in pieces.
func (s *server) stop(after uint32) {
	s.loop.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping, s.after = true, after; after == 0 {
		s.after = s.had
	}
	s.leave()
}

// leave ends Serve when the worker should stop and no call is left. A new
// goroutine closes the link, because the calling one may be inside the link.
func (s *server) leave() {
	if s.stopping && s.active == 0 && int32(s.had-s.after) >= 0 {
		s.over.Go(func() {
			s.meters.report()
			_ = s.conn.Close()
		})
	}
}

func (s *server) request(f link.Frame) error {
	if int(f.Code) >= len(s.Funcs) {
		return fmt.Errorf("function %d of %d was called", f.Code, len(s.Funcs))
	}
	j := jobs.Get().(*job)
	j.fn, j.id = &s.Funcs[f.Code], f.Call
	j.ctx = &callContext{Context: s.Context, call: f.Call}
	if f.Timeout > 0 {
		j.ctx.deadline = time.Now().Add(f.Timeout)
	}
	switch {
	case f.Owned:
		j.in, j.lent = f.Payload, !j.fn.Raw
	case j.fn.Raw:
		j.in = append(reuse.Fresh(len(f.Payload)), f.Payload...)
	default:
		if cap(j.scratch) < len(f.Payload) {
			j.scratch = reuse.Get(len(f.Payload))
		}
		j.scratch = append(j.scratch[:0], f.Payload...)
		j.in = j.scratch
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.had++
	switch slot := wire.Slot(f.Call); {
	case s.early[slot] == f.Call:
		s.early[slot] = 0
		j.ctx.cancel(causeError(s.causes[slot]))
	case wire.Newer(wire.Gen(f.Call), wire.Gen(s.early[slot])):
		s.early[slot] = 0 // it came after the end of its call, whose number will come again
	}
	if s.active == s.Concurrency {
		s.waiting = append(s.waiting, j)
		return nil
	}
	s.active++
	s.enter(j)
	s.start(j)
	return nil
}

// enter makes j the running call of its slot, unless it is older than that
// call: a revoked request may get its turn after the next one in its slot.
func (s *server) enter(j *job) {
	now := &s.running[wire.Slot(j.id)]
	if *now == nil || wire.Newer(wire.Gen(j.id), wire.Gen((*now).id)) {
		*now = j
	}
}

// start runs j, and the jobs that wait behind it, in a goroutine.
func (s *server) start(j *job) {
	s.Busy.Add(1)
	s.over.Add(1)
	j.server = s
	if j.begin == nil {
		j.begin = func() { j.server.work(j) }
	}
	go j.begin()
}

// work runs jobs until none is waiting.
func (s *server) work(j *job) {
	finished := false
	defer func() {
		defer s.over.Done()
		if !finished { // a function that ends its goroutine takes this one with it
			s.finish(j)
		}
		if s.Busy.Add(-1); !finished {
			if next := s.next(j); next != nil {
				s.start(next)
			}
		}
	}()
	for j != nil {
		fail.Point("worker.taken")
		if s.conn.Begin(j.id) {
			fail.Point("worker.started")
			s.Tally.Calls.Add(1)
			s.perform(j)
		}
		j = s.next(j)
	}
	finished = true
}

// next gives the place of a finished job to a waiting one.
func (s *server) next(j *job) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot := wire.Slot(j.id); s.running[slot] == j {
		s.running[slot] = nil
	}
	j.recycle()
	return s.pass()
}

// pass gives the place that became free to the loop, if the loop waits for one,
// or to the next job, or frees it.
func (s *server) pass() *job {
	if s.loop.takeTurn() {
		return nil
	}
	if len(s.waiting) == 0 {
		s.active--
		s.leave()
		return nil
	}
	next := s.waiting[0]
	s.waiting = slices.Delete(s.waiting, 0, 1) // moves the others, which are few, and keeps the room for more
	s.enter(next)
	return next
}

// recycle returns the job for reuse, without memory that one call has made
// large.
func (j *job) recycle() {
	const keep = 64 << 10
	reuse.Spoil(j.scratch)
	if cap(j.scratch) > keep {
		reuse.Put(j.scratch)
		j.scratch = nil
	}
	if j.lent {
		reuse.Put(j.in)
	}
	if cap(j.out) > keep {
		reuse.Put(j.out)
		j.out = nil
	}
	j.ctx.release()
	*j = job{scratch: j.scratch, out: j.out, begin: j.begin}
	jobs.Put(j)
}

// cancel ends the context of a call. On a link without marks the cancel may
// arrive before the request.
func (s *server) cancel(id uint32, cause wire.Cause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.running[wire.Slot(id)]; j != nil && j.id == id {
		j.ctx.cancel(causeError(cause))
		return
	}
	for _, j := range s.waiting {
		if j.id == id {
			j.ctx.cancel(causeError(cause))
			return
		}
	}
	s.early[wire.Slot(id)], s.causes[wire.Slot(id)] = id, cause
}
