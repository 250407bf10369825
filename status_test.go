package legion_test

import (
	"os"
	"reflect"
	"runtime"
	"testing"

	"github.com/legion-go/legion/status"
)

// A status is found out in another way than all figures are, and says the same.
func TestStatusAgreesWithStats(t *testing.T) {
	c := newControlled(t, nil)
	early := c.d.Stats()
	c.start()
	cl := c.dial()
	c.must(t, deed{What: "pid"})
	if _, err := c.do.Call(t.Context(), deed{What: "error"}); err == nil {
		t.Error("a call that is to fail did not")
	}
	s, all := ask[status.Daemon](t, cl, "daemon.status", nil), c.d.Stats()
	if s.Name != all.Name || s.PID != os.Getpid() || s.State != all.State || s.User != all.User || s.User == "" || s.Host != all.Host {
		t.Errorf("%+v, but %+v", s, all)
	}
	workers := 0
	for i, p := range all.Pools {
		workers += len(p.Workers)
		want := status.Pool{
			Name: p.Name, Kind: p.Kind, State: p.State, Min: p.Min, Max: p.Max, Ready: p.Ready, Calls: p.Calls, Errors: p.Calls - p.OK,
		}
		if !reflect.DeepEqual(s.Pools[i], want) {
			t.Errorf("%+v, but %+v", s.Pools[i], want)
		}
		if was := early.Pools[i]; was.State != "stopped" || was.Name != p.Name || was.Max != p.Max {
			t.Errorf("before the start: %+v", was)
		}
	}
	if s.Workers != workers || s.Pools[0].Calls != 2 || s.Pools[0].Errors != 1 {
		t.Errorf("%d workers, not %d: %+v", s.Workers, workers, s)
	}
	if runtime.GOOS == "linux" && (s.Memory < all.Memory.Initial/2 || s.Memory > 2*all.Memory.Peak || all.Memory.Now == 0 || all.Pools[0].Workers[0].Memory == 0) {
		t.Errorf("memory %d, but %+v and %+v", s.Memory, all.Memory, all.Pools[0].Workers)
	}
}
