package legion_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// xmlCall calls a method over XML-RPC with texts as parameters, and returns the
// document of the answer.
func xmlCall(t testing.TB, path, method string, params ...string) string {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "<methodCall><methodName>%s</methodName><params>", method)
	for _, p := range params {
		fmt.Fprintf(conn, "<param><value><string>%s</string></value></param>", p)
	}
	fmt.Fprint(conn, "</params></methodCall>")
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// A client that knows a worker by its name lists, looks at, pauses and resumes
// it, by place, over both protocols.
func TestWorkersByName(t *testing.T) {
	legiontest.CheckLeaks(t)
	conf := quiet("looping")
	path := filepath.Join(t.TempDir(), "control.sock")
	conf.Control = "unix://" + path
	l := newLoopingOf(conf, legion.Pool{Min: 1, Max: 1})
	legion.Worker(l.d, "idle", func(_ context.Context, x int) (int, error) { return x, nil }, legion.Pool{Spawn: legion.Lazy, OnExit: legion.Ignore})
	legiontest.Start(t, l.d)
	cl := dial(t, path)

	type named struct {
		Name     string  `json:"name"`
		Looptime float64 `json:"looptime"`
		Forever  bool    `json:"forever"`
		PID      int     `json:"pid"`
		State    string  `json:"state"`
	}
	list := ask[[]named](t, cl, "worker.list", []any{})
	if len(list) != 2 || list[0].PID == 0 || list[0] != (named{"counter", 0.002, true, list[0].PID, "looping"}) || list[1] != (named{"idle", 0, false, 0, "idle"}) {
		t.Errorf("worker.list: %+v", list)
	}
	if s := ask[status.PoolStats](t, cl, "pool.status", []any{"counter"}); s.Ready != 1 || s.LoopEvery != 2*time.Millisecond || !s.Forever {
		t.Errorf("pool.status: %+v", s)
	}
	for _, c := range []struct {
		method string
		params []any
		want   string // JSON
		xml    string // in the answer
	}{
		{"worker.status", []any{}, `{"counter":"looping","idle":"idle"}`, "<name>counter</name><value><string>looping</string>"},
		{"worker.status", []any{"counter"}, `"looping"`, "<string>looping</string>"},
		{"worker.pause", []any{"counter"}, `true`, "<boolean>1</boolean>"},
		{"worker.status", []any{"counter"}, `"paused"`, "<string>paused</string>"},
		{"worker.resume", []any{"counter"}, `true`, "<boolean>1</boolean>"},
		{"worker.status", []any{"counter"}, `"looping"`, "<string>looping</string>"},
		{"worker.pause", []any{}, `{"counter":true,"idle":true}`, "<name>idle</name><value><boolean>1</boolean>"},
		{"worker.status", []any{}, `{"counter":"paused","idle":"paused"}`, "<string>paused</string>"},
		{"worker.resume", []any{}, `{"counter":true,"idle":true}`, "<boolean>1</boolean>"},
		{"worker.status", []any{fmt.Sprint(list[0].PID)}, "", fmt.Sprintf("<name>pid</name><value><int>%d</int>", list[0].PID)},
		{"worker.pause", []any{list[0].PID}, `{"workers":1}`, ""},
		{"worker.status", []any{"counter"}, `"paused"`, ""},
		{"worker.resume", []any{"counter"}, `true`, ""}, // what was paused one by one, too
		{"worker.status", []any{"counter"}, `"looping"`, ""},
	} {
		got := ask[json.RawMessage](t, cl, c.method, c.params)
		if c.method == "worker.status" && c.want != "" { // a worker tells a little later what its loop does
			await(t, func() bool {
				got = ask[json.RawMessage](t, cl, c.method, c.params)
				return string(got) == c.want
			})
		}
		if c.want != "" && string(got) != c.want {
			t.Errorf("%s %v: %s, want %s", c.method, c.params, got, c.want)
		}
		if c.xml == "" {
			continue
		}
		var texts []string
		for _, p := range c.params {
			texts = append(texts, p.(string))
		}
		answer := ""
		asked := func() bool {
			answer = strings.Join(strings.Fields(xmlCall(t, path, c.method, texts...)), "")
			return strings.Contains(answer, c.xml)
		}
		if !asked() && c.method == "worker.status" { // what a loop told late can be older than the last answer
			await(t, asked)
		}
		if !strings.Contains(answer, c.xml) {
			t.Errorf("%s %v over XML-RPC: %s, want %s", c.method, c.params, answer, c.xml)
		}
	}
	for want, params := range map[string][]any{"no worker has the pid": {0, "0", -1, map[string]any{"pid": 0}}, "there is no pool": {""}, "leave it out": {map[string]any{"pool": ""}}} {
		for _, p := range params { // what names nothing does not mean all
			if _, named := p.(map[string]any); !named {
				p = []any{p}
			}
			refused(t, cl, "worker.pause", p, -32602, want)
		}
	}
	refused(t, cl, "pool.pause", []any{""}, -32602, "leave it out")
	if states := ask[map[string]string](t, cl, "worker.status", nil); states["idle"] != "idle" {
		t.Errorf("a pool that no request named is %v", states)
	}
	refused(t, cl, "worker.status", []any{"handyman"}, -32602, `there is no pool "handyman"; there are: counter, idle`)
	signatures := ask[[][]string](t, cl, "system.methodSignature", []any{"worker.status"})
	for _, want := range []string{"[struct int]", "[struct string]", "[struct]"} {
		if !strings.Contains(fmt.Sprint(signatures), want) {
			t.Errorf("system.methodSignature: %v lacks %s", signatures, want)
		}
	}
	if help := ask[string](t, cl, "system.methodHelp", []any{"worker.status"}); !strings.Contains(help, "worker: an integer or a string, optional") {
		t.Errorf("system.methodHelp: %s", help)
	}
	if n := ask[int](t, cl, "daemon.shutdown", []any{}); n != 0 {
		t.Errorf("daemon.shutdown: %d", n)
	}
}

// celsius is a type of a program that has a method which Either has, too.
type celsius float64

func (c celsius) Value() any { return float64(c) }

// What is read is of one of the two types, and only another Either is looked
// through.
func TestEitherKeepsTypes(t *testing.T) {
	var e legion.Either[string, legion.Either[celsius, bool]]
	if err := json.Unmarshal([]byte("21.5"), &e); err != nil || e.Value() != celsius(21.5) {
		t.Errorf("%T %[1]v %v", e.Value(), err)
	}
}

// A method may have several signatures of the same length.
func TestEither(t *testing.T) {
	legiontest.CheckLeaks(t)
	conf := quiet("either")
	path := filepath.Join(t.TempDir(), "control.sock")
	conf.Control = "unix://" + path
	d := legion.New(conf)
	type find struct {
		Thumb legion.Either[int, legion.Either[string, []int]] `json:"thumb,omitzero"`
	}
	legion.Method(d, "thumbs.find", "Finds a thumbnail.", func(_ context.Context, in find) (string, error) {
		return fmt.Sprintf("%T %[1]v", in.Thumb.Value()), nil
	})
	legiontest.Start(t, d)
	cl := dial(t, path)
	for params, want := range map[string]string{
		`[7]`: "int 7", `["seven"]`: "string seven", `{"thumb":[7,8]}`: "[]int [7 8]", `[]`: "<nil> <nil>", `[null]`: "<nil> <nil>",
	} {
		if got := ask[string](t, cl, "thumbs.find", json.RawMessage(params)); got != want {
			t.Errorf("%s: %s, want %s", params, got, want)
		}
	}
	refused(t, cl, "thumbs.find", []any{true}, -32602, `parameter "thumb": expected an integer or a string or a list, got true or false`)
	if got := fmt.Sprint(ask[[][]string](t, cl, "system.methodSignature", []any{"thumbs.find"})); got != "[[string int] [string string] [string array] [string] [string struct]]" {
		t.Errorf("signatures: %s", got)
	}
	if got := string(ask[json.RawMessage](t, cl, "rpc.discover", nil)); !strings.Contains(got, `"anyOf":[{"type":"integer"},{"type":"string"},{"items":{"type":"integer"},"type":"array"}]`) {
		t.Errorf("rpc.discover: %s", got)
	}
}

// A method sees over which protocol it is called, however that came.
func TestCallerTellsTheProtocol(t *testing.T) {
	legiontest.CheckLeaks(t)
	conf := quiet("protocols")
	path := filepath.Join(t.TempDir(), "control.sock")
	conf.Control = "unix://" + path
	d := legion.New(conf)
	legion.Method(d, "protocol", "", func(ctx context.Context, _ struct{}) (string, error) { return legion.CallerOf(ctx).Protocol, nil })
	legiontest.Start(t, d)
	if got := ask[string](t, dial(t, path), "protocol", nil); got != "json" {
		t.Errorf("JSON-RPC: %q", got)
	}
	if got := xmlCall(t, path, "protocol"); !strings.Contains(got, "<string>xml</string>") {
		t.Errorf("XML-RPC: %s", got)
	}
	for kind, body := range map[string]string{
		"application/json": `{"jsonrpc":"2.0","id":1,"method":"protocol"}`, "text/xml": "<methodCall><methodName>protocol</methodName></methodCall>",
	} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /rpc HTTP/1.0\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(body), body)
		answer, err := io.ReadAll(conn)
		_ = conn.Close()
		if want := map[string]string{"application/json": `"result":"json"`, "text/xml": "<string>xml</string>"}[kind]; err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %s %v", kind, answer, err)
		}
	}
}

// How many clients there may be, and how long they may take, can be configured.
func TestControlLimits(t *testing.T) {
	for want, c := range map[string]legion.Config{
		"Config.ControlConnections is -1": {Name: "x", ControlConnections: -1}, "Config.ControlTimeout is 5ns": {Name: "x", ControlTimeout: 5},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	c := newControlled(t, func(conf *legion.Config) { conf.ControlConnections, conf.ControlTimeout = 3, 20*time.Millisecond }).start()
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if b, err := io.ReadAll(conn); err != nil || len(b) > 0 { // ends because it says nothing
		t.Error(string(b), err)
	}
	closed := make(chan struct{}, 4)
	for range 4 {
		cl := c.dial()
		go func() { <-cl.Done(); closed <- struct{}{} }()
	}
	<-closed // for the fourth, one of those that were idle
}

// However long a client may take, it may be idle for longer.
func TestLongControlTimeout(t *testing.T) {
	const sixTimesIsNearlyNothing = 1<<64/6 + 1 // where it is written in 64 bits
	c := newControlled(t, func(conf *legion.Config) { conf.ControlTimeout = sixTimesIsNearlyNothing }).start()
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := range 2 {
		fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("request %d: %v", n, err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
}
