package recorder

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// ends makes both ends of a recorder.
func ends(t *testing.T) (*File, *Memory) {
	t.Helper()
	f, theirs, err := New(Filled(Recorder{Bytes: minBytes}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	m, rest, err := Take(true, []*os.File{nil, theirs})
	if err != nil || len(rest) != 1 || m.Options != f.options {
		t.Fatal(m, rest, err)
	}
	return f, m
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	f, m := ends(t)
	read := func(wantTrace, wantProfiles string) {
		t.Helper()
		if trace, profiles := f.Read(); string(trace) != wantTrace || string(profiles) != wantProfiles {
			t.Errorf("%q, %q", trace, profiles)
		}
	}
	read("", "")
	m.Begin(f.Next())
	read("", "")
	for _, part := range []string{"one ", "two"} {
		if n, err := m.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
		if err := m.AddProfile([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	read("one two", "one two")
	f.Next() // it writes nothing for this one
	read("", "")
	m.Begin(f.Next())
	read("", "")
}

// What has no room is left out, and nothing is written beyond it.
func TestRoomIsBounded(t *testing.T) {
	f, m := ends(t)
	m.Begin(f.Next())
	if _, err := m.Write(make([]byte, traceRoom(f.options)+1)); err == nil {
		t.Error("a trace without room is written")
	}
	if _, err := m.Write(bytes.Repeat([]byte("t"), traceRoom(f.options))); err != nil {
		t.Error(err)
	}
	if _, err := m.Write([]byte("t")); err == nil {
		t.Error("more is written")
	}
	if err := m.AddProfile(bytes.Repeat([]byte("p"), profileRoom)); err != nil {
		t.Error(err)
	}
	if m.AddProfile([]byte("p")) == nil {
		t.Error("more is written")
	}
	trace, profiles := f.Read()
	if bytes.Count(trace, []byte("t")) != traceRoom(f.options) || bytes.Count(profiles, []byte("p")) != profileRoom {
		t.Errorf("%d and %d bytes", len(trace), len(profiles))
	}
}

// A worker can write any numbers.
func TestHostileNumbers(t *testing.T) {
	f, m := ends(t)
	for _, n := range []uint64{1, uint64(traceRoom(f.options)), uint64(traceRoom(f.options)) + 1, 1 << 40, 1 << 63, ^uint64(0)} {
		m.Begin(f.Next())
		for _, at := range []int{atTrace, atProfiles, atWindow, atBytes} {
			binary.LittleEndian.PutUint64(m.mem[at:], n)
		}
		trace, profiles := f.Read()
		if len(trace) > traceRoom(f.options) || len(profiles) > profileRoom || n == 1 && len(trace) != 1 {
			t.Errorf("%d: %d and %d bytes", n, len(trace), len(profiles))
		}
	}
	binary.LittleEndian.PutUint64(m.mem[atNumber:], 1<<50)
	if trace, profiles := f.Read(); trace != nil || profiles != nil {
		t.Error("a snapshot that was not asked for is read")
	}
}

// A worker takes no file that is not one of its daemon's.
func TestForeignFile(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Take(true, []*os.File{f}); err == nil {
		t.Error("it is taken")
	}
	if m, rest, err := Take(false, []*os.File{f}); m != nil || len(rest) != 1 || err != nil {
		t.Error(m, rest, err)
	}
}
