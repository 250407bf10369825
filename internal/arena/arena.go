package arena

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/shm"
)

// Arena is one end of a memory shared by the daemon and one worker.
type Arena struct {
	half   int
	own    extent // the half from which this end lends
	system system // tests replace it

	// Tell, if not nil, is called when Freed has something to say. It must not
	// block, and is not called again before Freed has returned nothing. It is set
	// before the first use.
	Tell func()
	// Forgotten, if not nil, is called with the size of each Buffer for a result
	// that was not released, but found by the garbage collector. It is set before
	// the first use.
	Forgotten func(size int)

	mu     sync.Mutex
	attach func() ([]byte, error) // maps the memory; nil once that was tried
	mem    []byte                 // nil: not mapped yet, or not any more
	space  space
	pages  pages
	claims []extent // parts of the other half, sorted
	freed  []uint64 // claims that have ended, and of which the worker has not heard
	told   bool     // somebody calls Freed until it returns nothing
	leases int      // that have not been released
	closed bool
	timer  *time.Timer // looks after idle pages; nil: none has memory
}

// system is what the arena does to memory.
type system struct {
	page     int
	populate func([]byte) error
	remove   func([]byte) error
	unmap    func([]byte) error
}

func theSystem() system { return system{os.Getpagesize(), shm.Populate, shm.Remove, shm.Unmap} }

// New makes an arena with halves of at least half bytes, and the file for the
// worker's end. The caller closes the file after the start of the worker. No
// memory is allocated.
func New(half int) (*Arena, *os.File, error) {
	sys := theSystem()
	half = (half + sys.page - 1) / sys.page * sys.page
	mem, file, err := shm.Create("legion arena", 2*half, shm.Extent{})
	if err != nil {
		return nil, nil, fmt.Errorf("new arena: %w", err)
	}
	a := &Arena{half: half, own: extent{0, half}, system: sys, mem: mem}
	a.begin()
	return a, file, nil
}

// Open returns the worker's end of an arena, of whose file it takes ownership.
// It maps the memory at its first use.
func Open(file *os.File) *Arena {
	a := &Arena{system: theSystem()}
	a.attach = func() ([]byte, error) {
		defer file.Close()
		return shm.Map(file)
	}
	return a
}

// begin prepares the bookkeeping of a mapped arena.
func (a *Arena) begin() {
	a.space = newSpace(a.own.from, a.own.to, a.system.page)
}

// attachedLocked maps the memory of the worker's end, if that was not tried.
func (a *Arena) attachedLocked() error {
	if a.attach != nil {
		mem, err := a.attach()
		a.attach = nil
		if err != nil {
			return err
		}
		a.mem, a.half = mem, len(mem)/2
		a.own = extent{a.half, 2 * a.half}
		a.begin()
	}
	if a.mem == nil {
		return errors.New("the arena is not mapped")
	}
	return nil
}

// Take lends n bytes of this end's half. It returns the zero Piece if there is
// no room, or no memory.
func (a *Arena) Take(n int) buffer.Piece {
	a.mu.Lock()
	if a.attachedLocked() != nil || a.closed || n > a.half {
		a.mu.Unlock()
		return buffer.Piece{}
	}
	e, ok := a.space.take(n)
	if !ok {
		a.mu.Unlock()
		return buffer.Piece{}
	}
	if a.pages.warm == nil {
		a.pages = newPages(a.own.from, a.own.to, a.system.page)
	}
	a.pages.touch(e)
	hot := a.pages.heat(e)
	a.leases++
	a.watchLocked()
	p := a.piece(e, n, ownHalf)
	room := a.mem[e.from:e.to]
	a.mu.Unlock()
	if hot {
		return p
	}
	var err error
	if !guard(func() { err = a.system.populate(room) }) || err != nil {
		a.mu.Lock()
		a.pages.chill(e)
		a.mu.Unlock()
		p.Release()
		return buffer.Piece{}
	}
	return p
}

// Leases returns how many parts are lent or claimed.
func (a *Arena) Leases() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.leases
}

// Offset returns where p lies, or false if it lies elsewhere.
func (a *Arena) Offset(p buffer.Piece) (at int, ok bool) {
	l, ok := p.Memory.(*lease)
	if !ok || l.arena != a {
		return 0, false
	}
	return l.at.from, true
}

// View returns the part of the daemon's half that a ref names. It is for the
// worker's end.
func (a *Arena) View(at, length uint64) (buffer.Piece, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.attachedLocked(); err != nil {
		return buffer.Piece{}, err
	}
	if at >= uint64(a.half) || length > uint64(a.half)-at {
		return buffer.Piece{}, fmt.Errorf("%d bytes at %d of a half of %d bytes", length, at, a.half)
	}
	return a.piece(extent{int(at), int(at + length)}, int(length), view), nil
}

// Returned takes back parts of this end's half that the other one has claimed
// and released. It is for the worker's end.
func (a *Arena) Returned(offsets []uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range offsets {
		if at > uint64(2*a.half) {
			return fmt.Errorf("nothing is lent at byte %d", at)
		}
		if err := a.giveLocked(int(at)); err != nil {
			return err
		}
	}
	return nil
}

// giveLocked takes back a part of this end's half.
func (a *Arena) giveLocked(from int) error {
	e, err := a.space.give(from)
	if err != nil {
		return err
	}
	a.pages.touch(e)
	a.endLocked(e)
	return nil
}

// endLocked counts a lease off, whose part was e.
func (a *Arena) endLocked(e extent) {
	a.leases--
	if a.closed {
		a.dropLocked(e)
	}
}

// Close says that the worker is dead: nothing more is lent. What is lent can be
// used until it is released; then the mapping goes. It is idempotent.
func (a *Arena) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.closed, a.freed = true, nil
	if a.timer != nil {
		a.timer.Stop()
	}
	for _, e := range a.space.free {
		a.removeLocked(e)
	}
	other := a.half
	for _, c := range a.claims {
		a.removeLocked(extent{other, c.from})
		other = c.to
	}
	a.removeLocked(extent{other, 2 * a.half})
	a.dropLocked(extent{})
}

// dropLocked frees the memory of e, a part that nobody uses any more, or
// everything after the last one. The arena is closed.
func (a *Arena) dropLocked(e extent) {
	if a.leases > 0 {
		a.removeLocked(e)
		return
	}
	if a.mem != nil {
		_ = a.system.unmap(a.mem)
		a.mem = nil
	}
}

func (a *Arena) removeLocked(e extent) {
	if e.from < e.to && a.mem != nil {
		_ = a.system.remove(a.mem[e.from:e.to]) // only memory would stay in use
	}
}

// watchLocked makes sure that idle pages are found.
func (a *Arena) watchLocked() {
	if a.timer == nil {
		a.timer = time.AfterFunc(idleAfter, a.rest)
	}
}

// rest gives back the memory of free pages that were not used since the last
// time.
func (a *Arena) rest() {
	for a.restSome() {
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.pages.touched)
	a.timer = nil
	if a.pages.count > 0 && !a.closed {
		a.watchLocked()
	}
}

// restSome gives back some of it, and reports whether there may be more.
func (a *Arena) restSome() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	for _, free := range a.space.free {
		if e, ok := a.pages.idle(free, atOnce); ok {
			a.removeLocked(e)
			a.pages.chill(e)
			return true
		}
	}
	return false
}

// guard calls f, which accesses the memory, and reports whether it did so
// without a fault. See package shm for when there are faults.
func guard(f func()) (ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			if _, fault := v.(interface{ Addr() uintptr }); !fault {
				panic(v)
			}
		}
	}()
	f()
	return true
}
