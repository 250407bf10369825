package event_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
)

// forms are all events, with the JSON that clients of the control socket get.
var forms = []struct {
	event any
	json  string
}{
	{event.Init{}, `{}`},
	{event.Started{}, `{}`},
	{event.Signal{Signal: syscall.SIGHUP, Count: 2}, `{"count":2,"signal":"SIGHUP"}`},
	{event.Reload{}, `{}`},
	{event.Reloaded{Err: errors.New("unlucky")}, `{"err":"unlucky"}`},
	{event.AutoRestart{Reason: "it is time"}, `{"reason":"it is time"}`},
	{event.PIDChanged{Old: 7, New: 8}, `{"new":8,"old":7}`},
	{event.Shutdown{Reason: "SIGTERM", Again: true}, `{"again":true,"reason":"SIGTERM"}`},
	{event.Idle{}, `{}`},
	{event.PreExecute{Loop: "every 1s"}, `{"loop":"every 1s"}`},
	{event.PostExecute{Loop: "every 1s", Took: time.Second}, `{"err":null,"loop":"every 1s","took":1}`},
	{event.Overrun{Loop: "every 1s", Took: 2 * time.Second, Interval: time.Second}, `{"interval":1,"loop":"every 1s","took":2}`},
	{event.Failure{Where: "import", Err: errors.New("unlucky"), Stack: "goroutine"}, `{"err":"unlucky","stack":"goroutine","where":"import"}`},
	{event.WorkerStarted{Pool: "p", Worker: 1, PID: 7, Took: time.Second, Sealed: time.Millisecond}, `{"pid":7,"pool":"p","sealed":0.001,"took":1,"worker":1}`},
	{event.WorkerExited{Pool: "p", Worker: 1, PID: 7, Expected: true, ExitCode: -1, Signal: syscall.SIGKILL, KilledBy: "kill", How: "killed", Stack: "goroutine", Death: 3},
		`{"death":3,"exit_code":-1,"expected":true,"how":"killed","killed_by":"kill","pid":7,"pool":"p","signal":"SIGKILL","stack":"goroutine","worker":1}`},
	{event.Forbidden{Pool: "p", Worker: 1, PID: 7, Call: "socket", Args: "AF_INET, SOCK_STREAM", Rule: "Network", Where: "webp.fetch (webp.go:14)", Stack: "goroutine"},
		`{"args":"AF_INET, SOCK_STREAM","call":"socket","pid":7,"pool":"p","rule":"Network","stack":"goroutine","where":"webp.fetch (webp.go:14)","worker":1}`},
	{event.PoolFailed{Pool: "p", Reason: "too many deaths"}, `{"pool":"p","reason":"too many deaths"}`},
	{event.FunctionPoisoned{Pool: "p", Func: "f", Deaths: 20, RetryAfter: time.Second, Reason: "20 workers died"},
		`{"deaths":20,"func":"f","pool":"p","reason":"20 workers died","retry_after":1}`},
	{event.FunctionReadmitted{Pool: "p", Func: "f", Why: "success"}, `{"func":"f","pool":"p","why":"success"}`},
	{event.LoopStarted{Pool: "p", Worker: 1, PID: 7}, `{"pid":7,"pool":"p","worker":1}`},
	{event.LoopStopped{Pool: "p", Worker: 1, PID: 7, Paused: true}, `{"paused":true,"pid":7,"pool":"p","worker":1}`},
	{event.ClientConnected{Client: 1, Name: "uid 0", Address: "unix:///x", Role: rpc.Admin}, `{"address":"unix:///x","client":1,"name":"uid 0","role":"admin"}`},
	{event.ClientClosed{Client: 1, Name: "uid 0"}, `{"client":1,"name":"uid 0"}`},
	{&event.Log{Record: &slog.Record{}}, ``}, // the control socket shows the log itself
}

func TestForms(t *testing.T) {
	for _, f := range forms {
		if f.json == "" {
			continue
		}
		b, err := strictjson.Marshal(describe.Value(reflect.ValueOf(f.event)))
		if err != nil || string(b) != f.json {
			t.Errorf("%T is %s (%v), not %s", f.event, b, err, f.json)
		}
	}
}

// Each type of this package is an event that a user can read of, that a client
// can read, and that something emits. CONTRIBUTING.md has the recipe.
func TestEventsAreWhole(t *testing.T) {
	docs := read(t, "../docs/daemon.md")
	_, table, _ := strings.Cut(docs, "| event | when |")
	table, _, _ = strings.Cut(table, "\n\n")
	tested := map[string]bool{}
	for _, f := range forms {
		typ := reflect.TypeOf(f.event)
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		tested[typ.Name()] = true
	}
	root := ""
	for _, name := range sources(t, "../*.go") {
		root += read(t, name)
	}
	all := 0
	for _, name := range types(t) {
		all++
		if !regexp.MustCompile("`\\*?" + name + "`").MatchString(table) {
			t.Errorf("event.%s has no row in the table of events in docs/daemon.md", name)
		}
		if !tested[name] {
			t.Errorf("event.%s has no row in forms, in event/event_test.go", name)
		}
		if !strings.Contains(root, "event."+name+"{") {
			t.Errorf("nothing emits event.%s: announce it, in the root package", name)
		}
	}
	if all < 20 || all != len(forms) {
		t.Errorf("%d types, and %d forms", all, len(forms))
	}
}

// types returns the names of the exported types of this package. Each has a
// comment.
func types(t *testing.T) (names []string) {
	for _, name := range sources(t, "*.go") {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
					names = append(names, s.Name.Name)
					if !strings.HasPrefix(gen.Doc.Text(), s.Name.Name+" is emitted ") {
						t.Errorf("%s: the comment of %s does not say when it is emitted: %q", name, s.Name.Name, gen.Doc.Text())
					}
				}
			}
		}
	}
	return names
}

// sources returns the Go files of a pattern, without tests.
func sources(t *testing.T, pattern string) (names []string) {
	all, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
