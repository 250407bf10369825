package recorder

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/legion-go/legion/internal/shm"
)

// Memory is the worker's end.
type Memory struct {
	Options Recorder
	mem     []byte
}

// errFull says that a trace or a profile has no room.
var errFull = errors.New("the recorder's memory is full")

// Take maps the last of the files that a worker has inherited, if it is that of
// a recorder, and returns the others.
func Take(there bool, files []*os.File) (*Memory, []*os.File, error) {
	if !there || len(files) == 0 {
		return nil, files, nil
	}
	last := len(files) - 1
	m, err := open(files[last])
	return m, files[:last], err
}

func open(f *os.File) (*Memory, error) {
	defer f.Close()
	mem, err := shm.Map(f)
	if err != nil {
		return nil, fmt.Errorf("opening the recorder: %w", err)
	}
	m := &Memory{mem: mem}
	if len(mem) >= page {
		m.Options = optionsIn(mem)
	}
	o := m.Options
	if field, _ := Mistake(o); !On(o) || field != "" || len(mem) < page+traceRoom(o)+profileRoom {
		return nil, fmt.Errorf("opening the recorder: %d bytes for %+v", len(mem), o)
	}
	return m, nil
}

// word is a number of the first page. What it counts is written before: so the
// daemon finds it whole, whenever the process ends.
func (m *Memory) word(at int) *uint64 { return (*uint64)(unsafe.Pointer(&m.mem[at])) }

// Begin forgets what was written before: now comes the snapshot of this number.
func (m *Memory) Begin(number uint64) {
	atomic.StoreUint64(m.word(atNumber), 0)
	m.EmptyTrace()
	atomic.StoreUint64(m.word(atProfiles), 0)
	atomic.StoreUint64(m.word(atNumber), number)
}

// EmptyTrace takes back what was written of a trace.
func (m *Memory) EmptyTrace() { atomic.StoreUint64(m.word(atTrace), 0) }

// Write appends to the trace.
func (m *Memory) Write(b []byte) (int, error) {
	return m.add(atTrace, b, m.mem[page:page+traceRoom(m.Options)])
}

// AddProfile appends a profile, which is there whole or not at all.
func (m *Memory) AddProfile(b []byte) error {
	from := page + traceRoom(m.Options)
	_, err := m.add(atProfiles, b, m.mem[from:from+profileRoom])
	return err
}

func (m *Memory) add(at int, b, room []byte) (int, error) {
	n := atomic.LoadUint64(m.word(at))
	if n > uint64(len(room)) || len(b) > len(room)-int(n) {
		return 0, errFull
	}
	copy(room[n:], b)
	atomic.StoreUint64(m.word(at), n+uint64(len(b)))
	return len(b), nil
}
