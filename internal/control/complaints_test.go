package control

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What is left out of the log is counted, and the count is not forgotten.
func TestComplaints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said journal[string]
		c := newComplaints(slog.New(slog.NewTextHandler(writer(func(p []byte) { said.add(string(p)) }), nil)))
		for i := range 1000 {
			c.say("refused", "n", i)
		}
		if n := len(said.list()); n != complaintMost {
			t.Error(n)
		}
		time.Sleep(complaintSpan)
		synctest.Wait()
		if all := said.list(); !strings.Contains(all[len(all)-1], "left_out=980") || len(all) != complaintMost+1 {
			t.Error(all[len(all)-1])
		}
		for range complaintMost + 1 {
			c.say("refused")
		}
		c.flush()
		if all := said.list(); !strings.Contains(all[len(all)-1], "left_out=1") || len(all) != 2*complaintMost+2 {
			t.Error(all[len(all)-1])
		}
	})
}
