package legion_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
)

func TestLogOnStandardError(t *testing.T) {
	legiontest.CheckLeaks(t)
	stderr := testkit.CaptureStderr(t)
	s := newSoloOf(logged(legion.Config{}), legion.Pool{Max: 1}).start(t)
	s.must(t, deed{What: "log", Size: 7})
	long := strings.Repeat("x", 100<<10)
	s.d.Logger().Info(long)
	stop(t, s.d)
	find(t, stderr(), "from inside", "size=7", "daemon=solo")
	find(t, stderr(), long)
	find(t, stderr(), "msg=stopped")
	if st := s.d.Stats().Log; st.Dropped != 0 || st.Written != uint64(strings.Count(stderr(), "\n")) {
		t.Errorf("%+v", st)
	}
}

// Standard error is a pipe that no process reads for a while, or ever.
func TestBlockedStandardError(t *testing.T) {
	for _, reads := range []bool{true, false} {
		t.Run(fmt.Sprint("reads in the end: ", reads), func(t *testing.T) {
			legiontest.CheckLeaks(t)
			r, w := testkit.BlockingPipe(t)
			testkit.StderrIs(t, w)
			s := newSoloOf(logged(legion.Config{}), legion.Pool{Max: 1})
			if err := s.d.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			line := strings.Repeat("x", 1000)
			for i := range 1000 {
				s.d.Logger().Info(line, "i", i)
			}
			s.must(t, deed{What: "log"})
			if st := s.d.Stats().Log; st.Dropped < 500 {
				t.Errorf("%+v", st)
			}
			var text []byte
			if reads {
				var read sync.WaitGroup
				read.Go(func() { text, _ = io.ReadAll(r) })
				await(t, func() bool { return s.d.Stats().Log.Written > 200 })
				stop(t, s.d)
				w.Close()
				read.Wait()
				for line := range strings.Lines(string(text)) {
					if !strings.HasPrefix(line, "time=") || !strings.HasSuffix(line, "\n") || strings.Count(line, "daemon=solo") != 1 {
						t.Errorf("torn: %.50s … (%d bytes)", line, len(line))
					}
				}
				find(t, string(text), "msg=stopped")
				n, _ := strconv.Atoi(regexp.MustCompile(`records=(\d+)`).FindStringSubmatch(find(t, string(text), "records of the log were dropped"))[1])
				if st := s.d.Stats().Log; uint64(n) != st.Dropped || st.Written+1 != uint64(bytes.Count(text, []byte{'\n'})) {
					t.Errorf("%d reported as dropped, %d lines: %+v", n, bytes.Count(text, []byte{'\n'}), st)
				}
				return
			}
			began := time.Now()
			stop(t, s.d)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("Stop took %v", took)
			}
		})
	}
}

var descriptor2 = os.NewFile(2, "/dev/stderr") // for ever: its end would close it

// Nobody has the other end of standard error any more: that does not end the
// daemon. (This process is one that would end: its descriptor 2 is that pipe.)
func TestStandardErrorIsGone(t *testing.T) {
	legiontest.CheckLeaks(t)
	r, w := testkit.BlockingPipe(t)
	testkit.StderrIs(t, descriptor2) // go test -json makes os.Stderr another one
	was, err := syscall.Dup(2)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(was)
	if err := unix.Dup2(int(w.Fd()), 2); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Dup2(was, 2) }()
	r.Close()
	s := newSoloOf(logged(legion.Config{}), legion.Pool{Max: 1}).start(t)
	s.must(t, deed{What: "log"})
	await(t, func() bool { st := s.d.Stats().Log; return st.Dropped > 0 && strings.Contains(st.Failure, "pipe") })
	stop(t, s.d)
}

// What a worker prints too much of is dropped and counted; the worker is not
// held up, and what others log is in the log.
func TestWorkerOutputIsBounded(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1}).start(t)
	s.must(t, deed{What: "flood", Size: 100 << 20})
	s.must(t, deed{What: "log"})
	if _, err := s.spare.Call(context.Background(), "x"); err != nil {
		t.Error(err)
	}
	stop(t, s.d)
	text := readFile(t, path)
	find(t, text, "from inside")
	printed := 100*100 + 100*(1<<20)/proc.MaxLine
	const outputBurst = 5000 // of lines of 1 KiB; those of a flood have up to 8
	kept := strings.Count(text, "stream=stdout")
	dropped := 0 // of the worker's, or because the file was too slow
	for _, m := range regexp.MustCompile(`(?:prints too much.* pool=pool pid=\d+ lines|log were dropped.* records)=(\d+)`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		dropped += n
	}
	if kept < outputBurst/8 || kept > printed/2 || kept+dropped < printed {
		t.Errorf("%d lines printed, %d in the log, %d reported as dropped", printed, kept, dropped)
	}
	if st := s.d.Stats().Log; st.Dropped != uint64(dropped) {
		t.Errorf("%d reported as dropped: %+v", dropped, st)
	}
	t.Logf("%d lines printed, %d in the log, %d reported as dropped", printed, kept, dropped)
}
