package pool

import (
	"os"
	"strconv"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/profiling"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/wire"
)

// Recording is what a worker recorded before its death: a file for a tool of
// Go.
type Recording struct {
	Name  string
	Bytes []byte
}

// Names of recordings.
const (
	TraceName   = "trace.out"
	ProfileName = "cpu.pb.gz"
)

// WithRecorder adds a recorder to what link.New has returned, and its file to
// the worker's, if o is on. Close of the link closes both, and so does an
// error.
func WithRecorder(c link.Conn, files []*os.File, err error, o recorder.Recorder) (link.Conn, []*os.File, error) {
	if err != nil || !recorder.On(o) {
		return c, files, err
	}
	f, theirs, err := recorder.New(o)
	if err != nil {
		for _, file := range files {
			_ = file.Close()
		}
		_ = c.Close()
		return nil, nil, err
	}
	return &recordedLink{c, f}, append(files, theirs), nil
}

type recordedLink struct {
	link.Conn
	file *recorder.File
}

func (l *recordedLink) Close() error {
	_ = l.file.Close()
	return l.Conn.Close()
}

// recorderOf returns the file of a recorder beside a link, or nil.
func recorderOf(c link.Conn) *recorder.File {
	if a, ok := c.(*arenaLink); ok {
		c = a.Conn
	}
	if l, ok := c.(*recordedLink); ok {
		return l.file
	}
	return nil
}

// snapshot asks a worker to write down what it did before the call was
// cancelled.
func (m *member) snapshot(a act) {
	m.mu.Lock()
	if m.recorder == nil || a.code == wire.CauseStop {
		m.mu.Unlock()
		return
	}
	number := m.recorder.Next()
	m.mu.Unlock()
	m.pool.mu.Lock()
	grace := m.pool.core.cfg.KillGrace
	m.pool.mu.Unlock()
	m.control(wire.Header{Kind: wire.Snapshot, Call: a.id}, wire.AppendSnapshot(nil, number, grace))
}

// recordings returns what the worker of e wrote before its death, if that came
// because a call did not end in time.
func (m *member) recordings(e *ending) (all []Recording) {
	if m == nil || m.recorder == nil || len(e.calls) == 0 || e.calls[0].canceled == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	trace, profiles := m.recorder.Read()
	if len(trace) > 0 {
		all = append(all, Recording{TraceName, trace})
	}
	if tools, err := profiling.Get(); err == nil && len(profiles) > 0 {
		labels := []string{
			"pool", e.cfg.Name, "pid", strconv.Itoa(e.death.PID), "worker", strconv.FormatUint(e.death.Worker, 10), "func", e.cfg.Funcs[e.calls[0].fn],
		}
		if profile, err := tools.Merge([]profiling.Part{{Profile: profiles, Labels: labels}}); err == nil {
			all = append(all, Recording{ProfileName, profile})
		}
	}
	return all
}
