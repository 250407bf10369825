package methods

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/status"
)

// withArgument is a daemon in which a worker died of a call, with its argument.
func withArgument(argument []byte, decode func([]byte) any) *fake {
	f := newFake()
	f.functions = []Function{{Name: "other", Pool: "resize"}, {Name: "thumb", Pool: "resize", Argument: decode, Result: func([]byte) any { return 42 }}}
	f.deaths.Add(status.Death{
		Pool: "resize", Cause: "exit", Stack: "goroutine 1", Stderr: []string{"a", "b"}, Argument: argument != nil,
		Call: &status.DeathCall{Func: "thumb", Timeout: time.Second},
	}, argument)
	return f
}

func TestReplay(t *testing.T) {
	f := withArgument([]byte("secret"), nil)
	result, err := f.call(t, "death.replay", `{"number":1}`)
	if err != nil || !strings.HasPrefix(result, `{"outcome":"`) || len(f.did) != 1 || f.did[0] != "replay resize thumb secret 1s" {
		t.Errorf("%s (%v), and did %q", result, err, f.did)
	}
	f.fails = errUnlucky
	if _, err := f.call(t, "death.replay", `{"number":1}`); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		change func(*fake, *status.Death)
		says   string
	}{
		"no call":     {func(_ *fake, d *status.Death) { d.Call = nil }, "no call ran"},
		"not kept":    {func(_ *fake, d *status.Death) { d.Argument = false }, "Pool.KeepArgument"},
		"too large":   {func(_ *fake, d *status.Death) { d.Argument, d.NoArgument = false, "it has 9 bytes" }, "it has 9 bytes"},
		"not offered": {func(f *fake, _ *status.Death) { f.functions = nil }, "it has Buffers"},
	} {
		f := newFake()
		f.functions = []Function{{Name: "thumb", Pool: "resize"}}
		d := status.Death{Pool: "resize", Argument: true, Call: &status.DeathCall{Func: "thumb"}}
		c.change(f, &d)
		f.deaths.Add(d, []byte("secret"))
		if _, err := f.call(t, "death.replay", `{"number":1}`); err == nil || !strings.Contains(err.Error(), c.says) || len(f.did) > 0 {
			t.Errorf("%s: %v, and did %q", what, err, f.did)
		}
	}
}

// Each replay takes a process: few may run at once.
func TestReplaysAreBounded(t *testing.T) {
	f := withArgument([]byte("secret"), nil)
	d := caller{Daemon: f, replays: make(chan struct{}, maxReplays)}
	for range maxReplays {
		d.replays <- struct{}{}
	}
	if _, err := d.replay(t.Context(), deathIn{1}); err == nil || !strings.Contains(err.Error(), "4 replays run already") || len(f.did) > 0 {
		t.Errorf("%v, and did %q", err, f.did)
	}
	<-d.replays
	if _, err := d.replay(t.Context(), deathIn{1}); err != nil || len(d.replays) != maxReplays-1 {
		t.Errorf("%v; %d run", err, len(d.replays))
	}
}

func TestExport(t *testing.T) {
	type text string
	for _, c := range []struct {
		what   string
		decode func([]byte) any
		file   string
		want   string
		left   string // what is left out
	}{
		{"bytes", func(b []byte) any { return b }, "fuzz.txt", "go test fuzz v1\n[]byte(\"a\\x00\\xff`\")\n", ""},
		{"a text", func(b []byte) any { return text("é\n") }, "fuzz.txt", "go test fuzz v1\nstring(\"é\\n\")\n", ""},
		{"a struct", func(b []byte) any { return struct{ A int }{7} }, "argument.json", "{\"A\":7}\n", "fuzz.txt: go test knows only"},
		{"undecodable", func(b []byte) any { return nil }, "argument.bin", "a\x00\xff`", "fuzz.txt: the argument cannot be decoded"},
		{"long", func(b []byte) any { return make([]byte, 1<<20) }, "argument.bin", "a\x00\xff`", "fuzz.txt: it would have"},
		{"no function", nil, "argument.bin", "a\x00\xff`", ""},
	} {
		result, err := withArgument([]byte("a\x00\xff`"), c.decode).call(t, "death.export", `{"number":1}`)
		var out export
		if err == nil {
			err = json.Unmarshal([]byte(result), &out)
		}
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range out.Files {
			files[f.Name] = string(f.Data)
		}
		if files[c.file] != c.want || files["stack.txt"] != "goroutine 1\n" || files["stderr.txt"] != "a\nb\n" || !strings.Contains(files["certificate.json"], `"pool": "resize"`) {
			t.Errorf("%s: %q", c.what, files)
		}
		if left := strings.Join(out.LeftOut, ""); !strings.HasPrefix(left, c.left) || c.left == "" && left != "" {
			t.Errorf("%s: left out %q", c.what, left)
		}
	}
	result, err := withArgument(nil, nil).call(t, "death.export", `{"number":1}`)
	if err != nil || !strings.Contains(result, `"left_out":["argument: death 1 has no argument`) {
		t.Errorf("%s, %v", result, err)
	}
}

// A replay is a process beside the workers: it is listed, and a person who ends
// it needs its pid alone. What is done to all workers of a pool is not done to
// it.
func TestReplaysAreListed(t *testing.T) {
	f := newFake()
	f.pools[0].stats.Replays = []status.WorkerStats{{ID: 9, PID: 77, State: "replay", Call: "thumb"}}
	for _, method := range []string{"daemon.ps", "worker.list"} {
		var all []struct {
			Pool, State, Call string
			PID               int
		}
		result, err := f.call(t, method, `{}`)
		if err := errors.Join(err, json.Unmarshal([]byte(result), &all)); err != nil {
			t.Fatal(method, err)
		}
		found := 0
		for _, one := range all {
			if one.PID == 77 && one.Pool == "resize" && one.State == "replay" && one.Call == "thumb" {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s: %+v", method, all)
		}
	}
	if _, err := f.call(t, "worker.kill", `{"pid":77}`); err != nil || len(f.did) != 1 || !strings.Contains(f.did[0], "77") {
		t.Errorf("%v, and did %q", err, f.did)
	}
	f.did = nil
	if _, err := f.call(t, "worker.pause", `{"pool":"resize"}`); err != nil || strings.Contains(fmt.Sprint(f.did), "77") {
		t.Errorf("%v, and did %q", err, f.did)
	}
}
