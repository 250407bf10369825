package methods

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// shapes is the file that tells the page's tests what a daemon sends: those who
// pretend to be one there are compared with it.
const shapes = "../../web/ui/test/shapes.json"

// shapeOf describes the JSON of a type: an object has its members, with ? after
// a name that may be missing and * for any name; a list has its element.
// "whole" is a number that may be above 2^53.
func shapeOf(t reflect.Type) any {
	if t.Kind() == reflect.Pointer {
		return shapeOf(t.Elem())
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[time.Duration]():
		return "number"
	case reflect.TypeFor[status.LogAttrs]():
		return map[string]any{"*": "any"}
	}
	switch strictjson.FormOf(t) {
	case strictjson.Text:
		return "text"
	case strictjson.Own:
		return "any"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "flag"
	case reflect.String:
		return "text"
	case reflect.Int64, reflect.Uint64:
		return "whole"
	case reflect.Int, reflect.Int32, reflect.Uint32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64"
		}
		return []any{shapeOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"*": shapeOf(t.Elem())}
	case reflect.Struct:
		return shapeOfStruct(t)
	}
	return "any"
}

func shapeOfStruct(t reflect.Type) any {
	members := map[string]any{}
	for _, f := range strictjson.Fields(t) {
		if f.Type == reflect.TypeFor[*struct{}]() { // never sent: it hides another one
			continue
		}
		name := f.Name
		if f.Optional {
			name += "?"
		}
		members[name] = shapeOf(f.Type)
	}
	return members
}

// topicKeys tells how the values of topics are named, by their members.
var topicKeys = map[string]string{
	"daemon": "", "pools": "name", "funcs": "pool/name", "workers": "pool/id", "calls": "pool/id", "slow": "pool/func/id", "deaths": "number",
	"kinds": "kind", "history": "", "crons": "name", "tasks": "name", "plugins": "name", "clients": "id",
}

// keyOf is what a value should be named by.
func keyOf(t *testing.T, topic string, value any) string {
	text, err := strictjson.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for name := range strings.SplitSeq(topicKeys[topic], "/") {
		parts = append(parts, strings.Trim(string(members[name]), `"`))
	}
	return strings.Join(parts, "/")
}

// full is a daemon that has something to tell of each topic.
func full(t *testing.T) *fake {
	f := newFake()
	f.log = logs.New(logs.Config{Own: slog.New(slog.NewTextHandler(io.Discard, nil))}, logs.Handlers{Wanted: func() bool { return false }})
	f.pools[0].stats.Funcs = []status.FuncStats{{Name: "shrink", Calls: 5}}
	f.pools[0].running = []pool.CallInfo{{Number: 8, Running: true}}
	f.pools[0].slowest = []pool.CallInfo{{Number: 6, Func: "shrink", Kind: pool.OK}}
	f.crons = []Scheduled{{Cron: status.Cron{Name: "every 1s", Spec: "1s"}}}
	if _, ok := f.deaths.Add(status.Death{Pool: "resize", Cause: "exit"}, nil); !ok {
		t.Fatal("no certificate")
	}
	if err := f.plugins.Add(teller{}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i := range 3 {
		f.history.Tick(now.Add(time.Duration(i)*time.Second), caller{Daemon: f}.measured())
	}
	return f
}

// The page's tests run before a daemon that does not exist. It must not tell
// what no real one does: a fault of the page would not be seen. So what a real
// one tells is in a file, which says when one of the two has changed.
func TestShapes(t *testing.T) {
	f := full(t)
	topics := map[string]any{"events": shapeOf(reflect.TypeFor[status.Event]()), "logs": shapeOf(reflect.TypeFor[status.LogRecord]())}
	(&looker{caller: caller{Daemon: f}}).look(func(string) bool { return true }, func(topic, key, _ string, value any) {
		topics[topic] = shapeOf(reflect.TypeOf(value))
		if topicKeys[topic] != "" && key != keyOf(t, topic, value) {
			t.Errorf("%s has %q, and not the members %s", topic, key, topicKeys[topic])
		}
	})
	for _, topic := range status.WatchTopics {
		if topics[topic] == nil {
			t.Errorf("the topic %s has no value here", topic)
		}
	}
	methods := map[string]any{}
	called := calledByPage(t)
	for _, m := range of(f) {
		if !slices.Contains(called, m.Name) && m.Name != "watch" {
			continue
		}
		methods[m.Name] = map[string]any{"role": m.Role, "params": shapeOf(m.In), "result": shapeOf(m.Out)}
	}
	for _, name := range called {
		if methods[name] == nil {
			t.Errorf("the page calls %s, which no daemon has", name)
		}
	}
	bounds := []float64{}
	for _, b := range status.Bounds {
		bounds = append(bounds, b.Seconds())
	}
	now, err := json.MarshalIndent(map[string]any{"topics": topics, "keys": topicKeys, "methods": methods, "bounds": bounds}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	now = append(now, '\n')
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(shapes, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if before, err := os.ReadFile(shapes); err != nil || string(before) != string(now) {
		t.Errorf("what a daemon tells has changed (%v): write it down with\n\tUPDATE=1 go test -run TestShapes ./internal/methods\nthen make page says where its page differs", err)
	}
}

// calledByPage returns the methods that the page names.
func calledByPage(t *testing.T) (names []string) {
	method := regexp.MustCompile(`"([a-z]+\.[a-z]+|call)"`)
	for _, pattern := range []string{"*.ts", "*.tsx"} {
		files, err := filepath.Glob("../../web/ui/src/*/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("there is no page: ", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if !regexp.MustCompile(`\brpc[<(]|\bsimple\(|\buseAnswer<`).MatchString(line) {
					continue
				}
				for _, found := range method.FindAllStringSubmatch(line, -1) {
					names = append(names, found[1])
				}
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) < 20 {
		t.Fatal("these are too few: ", fmt.Sprint(names))
	}
	return names
}
