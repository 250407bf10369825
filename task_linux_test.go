package legion_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A call whose spare dies before it starts the call goes to another process.
// The death counts.
func TestSpareDiesOfATask(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newTasks(legion.TaskOptions{MaxRunning: 2})
	spare := s.spare(t)
	if err := syscall.Kill(spare, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { // every thread of it has stopped
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", spare))
		return err == nil && len(threads) > 0 && !slices.ContainsFunc(threads, func(path string) bool {
			b, _ := os.ReadFile(path)
			return !strings.Contains(string(b), ") T ")
		})
	})
	fut := s.do.Go(t.Context(), deed{What: "pid"})
	await(t, func() bool { return fut.PID() == spare })
	if err := syscall.Kill(spare, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if ran, err := fut.Result(); err != nil || ran == strconv.Itoa(spare) {
		t.Fatalf("pid %s, %v", ran, err)
	}
	if st := s.do.Pool().Stats(); st.Restarts != 1 || st.Crashed != 0 {
		t.Errorf("%+v", st)
	}
}
