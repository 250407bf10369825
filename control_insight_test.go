package legion_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// A page watches a daemon as somebody who may only look: it sees a call come,
// run and end, the pool's history, and itself; the daemon's log says for whom
// the client acted.
func TestControlInsight(t *testing.T) {
	c := newControlled(t, nil).start()
	cl, err := client.Dial(t.Context(), c.path, client.Options{Role: "read", As: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := cl.Call(ctx, "pool.pause", args{"pool": "pool"}, nil); err == nil || !strings.Contains(err.Error(), "needs the role operate, yours is read") {
		t.Error(err)
	}
	if log := c.log.String(); !strings.Contains(log, " as=ana role=read ") {
		t.Errorf("the log does not say for whom: %s", log)
	}
	called := make(chan struct{})
	defer func() { <-called }()
	calling, end := context.WithCancel(t.Context())
	defer end()
	want := map[string]bool{"daemon": true, "pools": true, "workers": true, "calls": true, "called": true, "history": true, "clients": true, "slow": true}
	topics := []string{"daemon", "pools", "workers", "calls", "history", "clients", "slow"}
	for change, err := range client.Stream[status.Change](ctx, cl, "watch", args{"topics": topics, "every": 0.25}) {
		if err != nil {
			t.Fatalf("%v; missing: %v", err, want)
		}
		switch {
		case change.Topic == "calls" && change.Full:
			go func() { // it is in no worker that has been seen so far
				defer close(called)
				_, _ = c.do.Call(calling, deed{What: "wait", For: time.Minute})
			}()
		case change.Topic == "calls" && len(change.Gone) > 0:
			delete(want, "called")
		case change.Topic == "calls" && len(change.Set) > 0:
			delete(want, "calls")
			end()
		case change.Topic == "clients":
			for _, v := range change.Set {
				if strings.Contains(string(v), `"as":"ana","role":"read"`) {
					delete(want, "clients")
				}
			}
		case len(change.Set) > 0:
			delete(want, change.Topic)
		}
		if len(want) == 0 {
			break
		}
	}
	var calls status.Calls
	if err := cl.Call(ctx, "call.list", args{"pool": "pool"}, &calls); err != nil || len(calls.Slowest) == 0 || calls.Slowest[0].Outcome != "canceled" {
		t.Errorf("%v %+v", err, calls)
	}
	var h status.History
	if err := cl.Call(ctx, "history.get", args{"pool": "pool", "step": 1}, &h); err != nil || len(h.Samples) == 0 || h.Samples[len(h.Samples)-1].Workers != 2 {
		t.Errorf("%v %+v", err, h)
	}
}
