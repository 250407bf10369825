package deaths

import (
	"slices"
	"sync"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/status"
)

const (
	// Kept is how many certificates are kept.
	Kept = 32
	// maxStack, maxBytes, maxArguments and maxRecordings bound the bytes of one
	// stack, of all certificates, of all arguments, and of all recordings.
	maxStack      = 64 << 10
	maxBytes      = 2 << 20
	maxArguments  = 16 << 20
	maxRecordings = 64 << 20
	// What else one certificate may have: a worker decides what it prints, and a
	// program how many calls a worker runs.
	maxLines, maxLine = 64, 1 << 10
	maxOthers         = 128
	maxMoments        = 32
	maxText           = 1 << 10
)

// A Registry keeps certificates. The zero value is empty.
type Registry struct {
	mu     sync.Mutex
	number uint64        // of the last certificate
	kept   []certificate // the oldest first
	kinds  kinds
	passed bool // on to the next process, which numbers deaths from now on
}

// certificate is a certificate with what only exports show.
type certificate struct {
	status.Death
	argument   []byte
	recordings []pool.Recording
	gone       string // why recordings that there were are not kept
	bytes      int
}

// Add keeps a certificate, gives it its Number and Kind, and returns it without
// its long texts. first reports whether its kind is new. argument, which may be
// nil, is that of its Call; the registry owns it from then on, and the
// recordings.
func (r *Registry) Add(d status.Death, argument []byte, recordings ...pool.Recording) (_ status.Death, first bool) {
	limit(&d)
	d.Kind = fingerprint(&d)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.add(d, argument, recordings)
}

func (r *Registry) add(d status.Death, argument []byte, recordings []pool.Recording) (_ status.Death, first bool) {
	r.number++
	d.Number = r.number
	first = r.kinds.count(&d)
	r.keep(certificate{Death: d, argument: argument, recordings: recordings})
	return brief(d), first
}

// keep adds c, and removes old certificates, and arguments and recordings of
// older ones, until all is within its bounds.
func (r *Registry) keep(c certificate) {
	c.bytes = weigh(&c.Death)
	r.kept = append(r.kept, c)
	bytes, arguments, recordings := 0, 0, 0
	for i := len(r.kept) - 1; i >= 0; i-- {
		c := &r.kept[i]
		bytes += c.bytes
		if bytes > maxBytes || len(r.kept)-i > Kept {
			r.kept = slices.Delete(r.kept, 0, i+1)
			return
		}
		if arguments += len(c.argument); arguments > maxArguments && c.argument != nil {
			c.argument, c.Argument, c.NoArgument = nil, false, "those of later deaths took its place"
		}
		c.Blobs = nil
		for _, one := range c.recordings {
			recordings += len(one.Bytes)
			c.Blobs = append(c.Blobs, status.Blob{Name: one.Name, Bytes: len(one.Bytes)})
		}
		if recordings > maxRecordings && c.recordings != nil {
			c.recordings, c.Blobs, c.gone = nil, nil, "its recordings made room for those of later deaths"
		}
	}
}

// A Filter says which certificates are meant; the zero value means all.
type Filter struct {
	Pool, Kind string
	Limit      int // the newest; 0 = all
}

// List returns certificates without their long texts, the newest first.
func (r *Registry) List(f Filter) []status.Death {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []status.Death{}
	for _, c := range slices.Backward(r.kept) {
		if f.Pool != "" && c.Pool != f.Pool || f.Kind != "" && c.Kind != f.Kind {
			continue
		}
		if f.Limit > 0 && len(all) == f.Limit {
			break
		}
		all = append(all, brief(c.Death))
	}
	return all
}

// All returns the certificates whole, the oldest first.
func (r *Registry) All() []status.Death {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]status.Death, len(r.kept))
	for i, c := range r.kept {
		all[i] = copied(c.Death)
	}
	return all
}

// Get returns a certificate.
func (r *Registry) Get(number uint64) (d status.Death, ok bool) {
	d, _, ok = r.Whole(number)
	return d, ok
}

// Whole returns a certificate with its argument, nil if it has none, which the
// caller must not change.
func (r *Registry) Whole(number uint64) (d status.Death, argument []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.find(number)
	return copied(c.Death), c.argument, ok
}

// Recordings returns what the worker of a death recorded before it, which the
// caller must not change. If there were recordings that are not kept, gone says
// why.
func (r *Registry) Recordings(number uint64) (all []pool.Recording, gone string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, _ := r.find(number)
	return c.recordings, c.gone
}

// find returns a certificate, and whether it is kept.
func (r *Registry) find(number uint64) (c certificate, ok bool) {
	i := slices.IndexFunc(r.kept, func(c certificate) bool { return c.Number == number })
	if i < 0 {
		return certificate{}, false
	}
	return r.kept[i], true
}

// Numbers returns the numbers of the certificates that are kept, from the
// oldest to the newest; 0 and 0 if there is none.
func (r *Registry) Numbers() (oldest, newest uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == 0 {
		return 0, 0
	}
	return r.kept[0].Number, r.kept[len(r.kept)-1].Number
}

// copied returns d with slices of its own: what a caller changes is its copy.
func copied(d status.Death) status.Death {
	d.Stderr, d.Others, d.Timeline = slices.Clone(d.Stderr), slices.Clone(d.Others), slices.Clone(d.Timeline)
	d.Blobs = slices.Clone(d.Blobs)
	if d.Call != nil {
		call := *d.Call
		d.Call = &call
	}
	return d
}

// brief is d without its long texts.
func brief(d status.Death) status.Death {
	d.Stack, d.Stderr, d.Timeline = "", nil, nil
	return copied(d)
}

// limit bounds all that is of variable length in d, and makes it valid UTF-8.
func limit(d *status.Death) {
	d.Stack = proc.CutStack(text.Shorten(d.Stack, len(d.Stack)), maxStack)
	d.Stderr = slices.Clone(d.Stderr[max(len(d.Stderr)-maxLines, 0):])
	for i, line := range d.Stderr {
		d.Stderr[i] = text.Shorten(line, maxLine)
	}
	d.Others = slices.Clone(d.Others[:min(len(d.Others), maxOthers)])
	d.Timeline = slices.Clone(d.Timeline[:min(len(d.Timeline), maxMoments)])
	for _, s := range []*string{&d.Pool, &d.Cause, &d.Why, &d.Signal, &d.Frame, &d.NoArgument} {
		*s = text.Shorten(*s, maxText)
	}
	if d.Call != nil {
		d.Call = &status.DeathCall{
			Number: d.Call.Number, Func: text.Shorten(d.Call.Func, maxText), Queued: d.Call.Queued, Started: d.Call.Started,
			Wait: d.Call.Wait, Run: d.Call.Run, Arg: d.Call.Arg, Timeout: d.Call.Timeout,
		}
	}
	for i := range d.Others {
		d.Others[i].Func = text.Shorten(d.Others[i].Func, maxText)
	}
	for i := range d.Timeline {
		d.Timeline[i].What = text.Shorten(d.Timeline[i].What, maxText)
	}
}

// weigh returns about how many bytes d takes.
func weigh(d *status.Death) int {
	const fixed, call, moment = 4 << 10, 128, 64
	n := fixed + len(d.Stack) + len(d.Why) + len(d.Frame) + call*len(d.Others) + moment*len(d.Timeline)
	for _, line := range d.Stderr {
		n += len(line) + 16
	}
	for _, c := range d.Others {
		n += len(c.Func)
	}
	for _, m := range d.Timeline {
		n += len(m.What)
	}
	return n
}
