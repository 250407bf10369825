package methods

import (
	"bytes"
	"encoding/json"
	"runtime/pprof"
	"strings"
	"testing"

	_ "github.com/legion-go/legion/profile" // for Merge
	"github.com/legion-go/legion/status"
)

func TestCapturesOfWorkers(t *testing.T) {
	f := newFake()
	for _, c := range []struct{ method, params, did, name string }{
		{"worker.profile", `{"pid": 12}`, "capture cpu 5s resize 12", "cpu.pb.gz"},
		{"worker.profile", `{"pid": 12, "worker": 7, "seconds": 0.25, "kind": "cpu"}`, "capture cpu 250ms resize 12", "cpu.pb.gz"},
		{"worker.profile", `{"pid": 12, "kind": "heap"}`, "capture heap 0s resize 12", "heap.pb.gz"},
		{"worker.trace", `{"pid": 31, "seconds": 60}`, "capture trace 1m0s nightly 31", "trace.out"},
	} {
		f.did = nil
		out, err := f.call(t, c.method, c.params)
		if err != nil || strings.Join(f.did, "; ") != c.did {
			t.Errorf("%s %s: %v, did %q", c.method, c.params, err, f.did)
		}
		var got status.Capture
		if err := json.Unmarshal([]byte(out), &got); err != nil || got.Name != c.name || len(got.Bytes) == 0 {
			t.Errorf("%s %s: %v, %s", c.method, c.params, err, out)
		}
	}
	for _, c := range []struct{ method, params, want string }{
		{"worker.profile", `{"pid": 99}`, "pid: "}, {"worker.trace", `{"pid": 12, "worker": 8}`, "worker: "},
		{"worker.trace", `{"pid": 12, "seconds": 0}`, "seconds: "}, {"worker.trace", `{"pid": 12, "seconds": 61}`, "seconds: "},
		{"worker.trace", `{"pid": 12, "seconds": -1}`, "seconds: "}, {"worker.profile", `{"pid": 12, "kind": ""}`, "kind: "},
		{"pool.profile", `{"pool": "none"}`, "pool: "}, {"pool.profile", `{"pool": "resize", "kind": "trace"}`, "kind: "},
	} {
		if _, err := f.call(t, c.method, c.params); !wrong(err, c.want) {
			t.Errorf("%s %s: %v", c.method, c.params, err)
		}
	}
}

// A worker that sends no profile has no part in that of its pool, and the
// answer says so; if no worker has, it is an error.
func TestCaptureOfAPool(t *testing.T) {
	f := newFake()
	if _, err := f.call(t, "pool.profile", `{"pool": "spare"}`); err == nil || !strings.Contains(err.Error(), "no workers") {
		t.Error(err)
	}
	if _, err := f.call(t, "pool.profile", `{"pool": "resize"}`); err == nil || !strings.Contains(err.Error(), "not a whole profile") {
		t.Errorf("of hostile workers: %v", err)
	}
	f.pools[0].sends = goroutines(t)
	f.pools[0].gone = 11
	out, err := f.call(t, "pool.profile", `{"pool": "resize", "kind": "goroutine"}`)
	if err != nil {
		t.Fatal(err)
	}
	var got status.Capture
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Workers) != 2 || got.Workers[0].Error != errUnlucky.Error() || got.Workers[1].Error != "" || !bytes.HasPrefix(got.Bytes, []byte{0x1f, 0x8b}) {
		t.Errorf("%+v", got)
	}
	f.pools[0].fails = errUnlucky
	if _, err := f.call(t, "pool.profile", `{"pool": "resize"}`); err == nil || !strings.Contains(err.Error(), errUnlucky.Error()) {
		t.Errorf("of no worker: %v", err)
	}
}

func goroutines(t *testing.T) []byte {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
