package methods

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// What each method does to the daemon, and what it returns.
func TestMethods(t *testing.T) {
	for _, c := range []struct {
		name, params string
		result       string   // the beginning of it
		did          []string // to the daemon
	}{
		{"daemon.hello", ``, `{"name":"fake"`, nil},
		{"daemon.status", ``, `{"name":"fake"`, nil},
		{"daemon.stack", ``, `{"stack":"goroutine `, nil},
		{"daemon.stop", ``, `true`, []string{"stop, asked for by "}},
		{"daemon.shutdown", ``, `0`, []string{"stop, asked for by "}},
		{"daemon.restart", ``, `true`, []string{"restart for "}},
		{"daemon.reload", ``, `true`, []string{"reload"}},
		{"daemon.upgrade", ``, `{"pid":7`, []string{"upgrade"}},
		{"daemon.loglevel", ``, `{"level":"INFO"}`, nil},
		{"daemon.loglevel", `{"level":"warn+2"}`, `{"level":"WARN+2"}`, nil},
		{"daemon.signal", `{"signal":"HUP"}`, `true`, []string{"signal 1"}},

		{"pool.list", ``, `[{"name":"resize"`, nil},
		{"pool.status", `{"pool":"spare"}`, `{"name":"spare"`, nil},
		{"pool.recent", `{"pool":"spare"}`, `{"calls":[],"workers":[]}`, nil},
		{"pool.pause", `{"pool":"spare"}`, `true`, []string{"pause spare"}},
		{"pool.pause", ``, `true`, []string{"pause resize", "pause spare", "pause nightly"}},
		{"pool.resume", `{"pool":"spare"}`, `true`, []string{"resume spare"}},
		{"pool.readmit", `{"pool":"spare"}`, `true`, []string{"readmit spare []"}},
		{"pool.readmit", `{"pool":"spare","func":"f"}`, `true`, []string{"readmit spare [f]"}},
		{"pool.stop", `{"pool":"spare"}`, `true`, []string{"stop spare"}},
		{"pool.recycle", ``, `true`, []string{"recycle resize", "recycle spare", "recycle nightly"}},
		{"pool.scale", `{"pool":"spare","min":2,"max":4}`, `true`, []string{"scale spare 2 4"}},

		{"worker.status", ``, `{"resize":"ready","spare":"idle"}`, nil},
		{"worker.status", `{"worker":"resize"}`, `"ready"`, nil},
		{"worker.status", `{"pool":"nightly"}`, `"busy"`, nil},
		{"worker.status", `{"worker":11}`, `{"pool":"resize"`, nil},
		{"worker.status", `{"worker":"11"}`, `{"pool":"resize"`, nil},
		{"worker.status", `{"pid":31}`, `{"pool":"nightly"`, nil},
		{"worker.pause", ``, `{"resize":true,"spare":true}`, []string{"pause resize", "pause spare"}},
		{"worker.pause", `{"worker":"spare"}`, `true`, []string{"pause spare"}},
		{"worker.pause", `{"worker":12}`, `{"workers":1}`, []string{"pause resize 12"}},
		{"worker.pause", `{"pool":"resize"}`, `{"workers":2}`, []string{"pause resize 11", "pause resize 12", "pause resize 0"}},
		{"worker.resume", `{"worker":"resize"}`, `true`, []string{"resume resize", "resume resize 11", "resume resize 12", "resume resize 0"}},
		{"worker.resume", `{"pid":12,"pool":"resize"}`, `{"workers":1}`, []string{"resume resize 12"}},
		{"worker.pause", `{"pid":12,"worker":7}`, `{"workers":1}`, []string{"pause resize 12"}},
		{"worker.kill", `{"pid":12,"worker":7,"pool":"resize"}`, `true`, []string{"kill resize 12"}},
		{"worker.end", `{"pid":12}`, `true`, []string{"end resize 12"}},
		{"worker.kill", `{"pid":31}`, `true`, []string{"kill nightly 31"}},
		{"worker.stack", `{"pid":11}`, `{"pid":11,"pool":"resize","stack":"goroutine 1"}`, []string{"stack resize 11"}},

		{"cron.run", `{"name":"every 1s"}`, `true`, []string{"on the loop:", "the first"}},
		{"cron.run", `{"name":"1s #2"}`, `true`, []string{"on the loop:", "the second"}},
	} {
		f := newFake()
		for _, which := range []string{"the first", "the second"} {
			f.crons = append(f.crons, Scheduled{status.Cron{Name: "every 1s", Spec: "1s"}, func() { _ = f.does(which) }})
		}
		result, err := f.call(t, c.name, c.params)
		if err != nil || !strings.HasPrefix(result, c.result) || !slices.EqualFunc(f.did, c.did, strings.HasPrefix) {
			t.Errorf("%s %s: %.200s (%v), and did %q; not %s and %q", c.name, c.params, result, err, f.did, c.result, c.did)
		}
	}
}

// Parameters that name nothing are refused, and nothing is done. They never
// mean all.
func TestWrongParameters(t *testing.T) {
	for _, c := range []struct{ name, params, says string }{
		{"daemon.loglevel", `{"level":"loud"}`, `level: "loud"`},
		{"daemon.signal", `{"signal":"KILL"}`, `signal: SIGKILL cannot be taken`},
		{"daemon.signal", `{"signal":"nope"}`, `signal: there is no signal "nope"`},
		{"pool.status", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"pool.recent", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"pool.stop", `{}`, `pool: there is no pool ""`},
		{"pool.scale", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"pool.pause", `{"pool":""}`, `pool: it is empty`},
		{"pool.pause", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"worker.list", `{"pool":""}`, `pool: it is empty`},
		{"worker.list", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"worker.status", `{"worker":"nope"}`, `worker: there is no pool "nope"; there are: resize, spare, nightly`},
		{"worker.status", `{"worker":0}`, `worker: no worker has the pid 0`},
		{"worker.status", `{"pid":0}`, `pid: no worker has the pid 0`},
		{"worker.status", `{"worker":99}`, `pid: no worker has the pid 99; those there are: 11, 12, 31`},
		{"worker.status", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"worker.pause", `{"worker":"0"}`, `worker: no worker has the pid 0`},
		{"worker.pause", `{"pool":""}`, `pool: it is empty`},
		{"worker.pause", `{"pid":11,"pool":"spare"}`, `pid: worker 11 is of pool resize`},
		{"worker.resume", `{"worker":99}`, `pid: no worker has the pid 99`},
		{"worker.end", `{"pid":99}`, `pid: no worker has the pid 99`},
		{"worker.kill", `{"pid":12,"worker":6}`, `worker: process 12 is worker 7 of pool resize now, not worker 6: that one has ended`},
		{"worker.kill", `{"pid":12,"pool":"spare"}`, `pid: worker 12 is of pool resize`},
		{"worker.end", `{"pid":12,"worker":6}`, `worker: process 12 is worker 7`},
		{"worker.stack", `{"pid":12,"worker":0}`, `worker: process 12 is worker 7`},
		{"worker.resume", `{"pid":12,"worker":6}`, `worker: process 12 is worker 7`},
		{"worker.pause", `{"pid":99,"worker":6}`, `pid: no worker has the pid 99`},
		{"worker.kill", `{}`, `pid: no worker has the pid 0`},
		{"worker.stack", `{"pid":99}`, `pid: no worker has the pid 99`},
		{"cron.run", `{"name":"nope"}`, `name: there is no entry "nope"; there are: `},
		{"log.tail", `{"lines":-1}`, `lines: it must not be negative`},
		{"log.tail", `{"level":"loud"}`, `level: "loud"`},
		{"task.status", `{"id":7}`, `id: there is no run 7`},
		{"task.cancel", `{"id":7}`, `id: there is no run 7`},
	} {
		f := newFake()
		if result, err := f.call(t, c.name, c.params); !wrong(err, c.says) || len(f.did) > 0 {
			t.Errorf("%s %s: %s (%v), and did %q; not %s", c.name, c.params, result, err, f.did, c.says)
		}
	}
}

// What the daemon or a pool refuses is the error of the method.
func TestErrorsOfTheDaemon(t *testing.T) {
	for name, params := range map[string]string{
		"daemon.stop": "", "daemon.shutdown": "", "daemon.restart": "", "daemon.reload": "", "daemon.upgrade": "", "daemon.signal": `{"signal":"HUP"}`,
		"pool.pause": "", "pool.resume": `{"pool":"resize"}`, "pool.stop": `{"pool":"resize"}`, "pool.recycle": "", "pool.scale": `{"pool":"resize"}`,
		"worker.pause": `{"worker":"resize"}`, "worker.resume": `{"pid":11}`, "worker.end": `{"pid":11}`, "worker.kill": `{"pid":11}`, "worker.stack": `{"pid":11}`,
		"cron.run": `{"name":"1s"}`,
	} {
		f := newFake()
		f.fails, f.pools[0].fails = errUnlucky, errUnlucky
		f.crons = []Scheduled{{status.Cron{Name: "every 1s", Spec: "1s"}, func() { t.Error("it runs") }}}
		if _, err := f.call(t, name, params); !errors.Is(err, errUnlucky) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is done to all goes on after one that refuses.
func TestOneOfAllRefuses(t *testing.T) {
	f := newFake()
	f.pools[0].fails = errUnlucky
	if _, err := f.call(t, "pool.pause", ""); !errors.Is(err, errUnlucky) || len(f.did) != 3 {
		t.Errorf("%v: %q", err, f.did)
	}
	if result, err := f.call(t, "worker.pause", ""); err != nil || result != `{"resize":false,"spare":true}` {
		t.Errorf("%s, %v", result, err)
	}
	f.pools[0].fails, f.pools[0].gone = nil, 11 // it has ended meanwhile
	if result, err := f.call(t, "worker.pause", `{"pool":"resize"}`); err != nil || result != `{"workers":2}` {
		t.Errorf("%s, %v", result, err)
	}
}

// The state of a pool in a word is that of its workers, of several the busiest.
func TestStateOfAPool(t *testing.T) {
	for _, c := range []struct {
		pool    string
		min     int
		workers string
		want    string
	}{
		{"failed", 1, "ready", "failed"},
		{"paused", 1, "", "paused"},
		{"running", 0, "", "idle"},
		{"running", 1, "", "starting"},
		{"running", 1, "paused starting", "starting"},
		{"running", 1, "leaving paused", "paused"},
		{"running", 1, "paused ready starting", "ready"},
		{"running", 1, "starting looping", "looping"},
		{"running", 1, "leaving", "leaving"},
	} {
		s := status.PoolStats{State: c.pool, Min: c.min}
		for _, state := range strings.Fields(c.workers) {
			s.Workers = append(s.Workers, status.WorkerStats{State: state})
		}
		if got := shown(s); got != c.want {
			t.Errorf("%+v is %s", c, got)
		}
	}
}

// Lists have the daemon, tasks and pools without workers in their places.
func TestLists(t *testing.T) {
	f := newFake()
	d := caller{Daemon: f}
	var ps, workers []string
	for _, p := range d.processes() {
		ps = append(ps, p.Kind+" "+p.Pool)
	}
	if want := []string{"daemon ", "worker resize", "worker resize", "worker resize", "task nightly"}; !slices.Equal(ps, want) {
		t.Errorf("the processes are %q", ps)
	}
	all, err := d.workersAndPools("")
	for _, w := range all {
		workers = append(workers, w.Pool+" "+w.State)
	}
	if want := []string{"resize paused", "resize ready", "resize starting", "nightly busy", "spare idle"}; !slices.Equal(workers, want) || err != nil {
		t.Errorf("the workers are %q", workers)
	}
	for pool, n := range map[string]int{"resize": 3, "spare": 1, "nightly": 1} {
		if all, err := d.workersAndPools(pool); len(all) != n || err != nil {
			t.Errorf("%s: %d (%v)", pool, len(all), err)
		}
	}
	f.pools = nil
	if _, err := d.worker(1); !wrong(err, "pid: no worker has the pid 1: there are no workers") {
		t.Error(err)
	}
}

// Entries of the same name get numbers, which are no part of the spec.
func TestNamesOfCrons(t *testing.T) {
	f := newFake()
	for _, name := range []string{"every 1s", "cron @daily", "every 1s", "every 1s"} {
		_, spec, _ := strings.Cut(name, " ")
		f.crons = append(f.crons, Scheduled{Cron: status.Cron{Name: name, Spec: spec}})
	}
	var got []string
	for _, c := range (caller{Daemon: f}).cronList() {
		got = append(got, c.Name+" is "+c.Spec)
	}
	if want := []string{"every 1s is 1s", "cron @daily is @daily", "every 1s #2 is 1s", "every 1s #3 is 1s"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Figures of plugins and handlers without a JSON form cost only themselves.
func TestPresentable(t *testing.T) {
	f := newFake()
	f.stats.Plugins = map[string]any{"good": 1, "bad": make(chan int), "panics": panics{}}
	f.stats.Extra = map[string]any{"bad": func() {}}
	result, err := f.call(t, "daemon.stats", "")
	if err != nil || !strings.Contains(result, `"good":1`) || !strings.Contains(result, "chan int") || !strings.Contains(result, "panic: unlucky") {
		t.Errorf("%v: %s", err, result)
	}
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("unlucky") }

// Looking needs the least role, and what ends the daemon the highest. Stacks
// are not for lookers.
func TestRoles(t *testing.T) {
	admin := []string{"daemon.stop", "daemon.shutdown", "daemon.restart", "daemon.upgrade", "daemon.signal"}
	look := []string{"hello", "status", "stats", "ps", "list", "recent", "follow", "tail", "show", "kinds", "get", "doctor"}
	for _, m := range of(newFake()) {
		want := rpc.Operate
		if _, what, _ := strings.Cut(m.Name, "."); slices.Contains(look, what) || m.Name == "watch" || m.Name == "history.get" {
			want = rpc.Read
		}
		if slices.Contains(admin, m.Name) {
			want = rpc.Admin
		}
		if m.Role != want || m.Changes != (want > rpc.Read) {
			t.Errorf("%s needs %v, not %v; it changes something: %v", m.Name, m.Role, want, m.Changes)
		}
	}
	secret := Telling(rpc.Method{}, func(in int) string { return "seven" })
	if !secret.Secret || secret.Tell(7) != "seven" {
		t.Error("the log tells something else")
	}
}

// No client chooses what the daemon executes, or whom it becomes: what ends and
// replaces it has no parameters, and the signals that it may name are those
// that the daemon takes.
func TestNoMethodNamesAProgram(t *testing.T) {
	for _, m := range of(newFake()) {
		if m.Role == rpc.Admin && m.In != reflect.TypeFor[None]() && m.In != reflect.TypeFor[signalIn]() {
			t.Errorf("%s takes a %v", m.Name, m.In)
		}
	}
}
