package methods

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// withDeaths is a daemon in which workers died.
func withDeaths() *fake {
	f := newFake()
	for range 40 {
		f.deaths.Add(status.Death{Pool: "resize", Cause: "exit", Stack: "goroutine 1", Stderr: []string{"a line"}, Why: "resize died"}, []byte("secret"))
	}
	return f
}

func TestDeaths(t *testing.T) {
	for _, c := range []struct{ name, params, begins string }{
		{"death.list", ``, `[{"number":40,`},
		{"death.list", `{"pool":"spare"}`, `[]`},
		{"death.list", `{"kind":"00000000"}`, `[]`},
		{"death.kinds", ``, `[{"kind":"`},
		{"death.get", `{"number":39}`, `{"number":39,`},
	} {
		result, err := withDeaths().call(t, c.name, c.params)
		if err != nil || !strings.HasPrefix(result, c.begins) || strings.Contains(result, "secret") {
			t.Errorf("%s %s: %.200s (%v)", c.name, c.params, result, err)
		}
		if strings.Contains(result, "goroutine") || strings.Contains(result, "needs the role") != (c.name == "death.get") {
			t.Errorf("%s %s: %.200s", c.name, c.params, result)
		}
	}
	if result, err := withDeaths().call(t, "death.list", `{"limit":2,"pool":"resize"}`); err != nil || strings.Count(result, `"number"`) != 2 {
		t.Errorf("%s, %v", result, err)
	}
	for _, c := range []struct{ name, params, says string }{
		{"death.list", `{"pool":"nope"}`, `pool: there is no pool "nope"`},
		{"death.list", `{"kind":""}`, `kind: it is empty`},
		{"death.list", `{"limit":0}`, `limit: it is 0`},
		{"death.get", `{"number":8}`, `number: death 8 is not kept; those from 9 to 40 are`},
	} {
		if result, err := withDeaths().call(t, c.name, c.params); !wrong(err, c.says) {
			t.Errorf("%s %s: %s (%v)", c.name, c.params, result, err)
		}
	}
	if _, err := newFake().call(t, "death.get", `{"number":1}`); !wrong(err, "number: there is no death 1: no worker has died") {
		t.Error(err)
	}
}

func TestRecordingsOfDeaths(t *testing.T) {
	f := withDeaths()
	f.deaths.Add(status.Death{Pool: "resize", Cause: "deadline"}, nil, pool.Recording{Name: "trace.out", Bytes: []byte("a trace")},
		pool.Recording{Name: "cpu.pb.gz", Bytes: make([]byte, wire.MaxCapture+1)})
	if result, err := f.call(t, "death.blob", `{"number":41,"name":"trace.out"}`); err != nil || result != `{"name":"trace.out","bytes":"YSB0cmFjZQ=="}` {
		t.Errorf("%s, %v", result, err)
	}
	if _, err := f.call(t, "death.blob", `{"number":41,"name":"cpu.pb.gz"}`); err == nil || !strings.Contains(err.Error(), "Pool.Recorder.Bytes") {
		t.Error(err)
	}
	f.deaths.Add(status.Death{Pool: "resize", Cause: "cancel"}, nil)
	for params, says := range map[string]string{
		`{"number":40,"name":"trace.out"}`: `name: death 40 has no "trace.out" that is kept; only a worker whose call heeds neither its deadline nor its cancellation writes one, and the cause here is exit`,
		`{"number":42,"name":"trace.out"}`: `name: death 42 has no "trace.out" that is kept; its pool records nothing`,
		`{"number":41,"name":"secret"}`:    `name: death 41 has no "secret" that is kept; it has trace.out`,
		`{"number":43,"name":"trace.out"}`: `number: death 43 is not kept`,
	} {
		if _, err := f.call(t, "death.blob", params); !wrong(err, says) {
			t.Errorf("%s: %v", params, err)
		}
	}
	f.deaths.Add(status.Death{Pool: "resize", Cause: "deadline"}, nil, pool.Recording{Name: "trace.out", Bytes: make([]byte, 64<<20+1)})
	if _, err := f.call(t, "death.blob", `{"number":41,"name":"trace.out"}`); !wrong(err, `name: death 41 has no "trace.out" that is kept; its recordings made room for those of later deaths`) {
		t.Error(err)
	}
	if result, err := f.call(t, "death.export", `{"number":41}`); err != nil || !strings.Contains(result, `"recordings: its recordings made room for those of later deaths"`) {
		t.Errorf("%.300s, %v", result, err)
	}
}
