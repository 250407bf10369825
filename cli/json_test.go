package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
)

// page is docs/json.md: what each verb prints, and the fields of each value.
type page struct {
	verbs  map[string]string            // type, by verb
	values map[string]map[string]string // type by field, by name; of optional ones with a "?" before it
}

var (
	tableRow = regexp.MustCompile("(?m)^\\| `([^`]+)`( \\?)? \\| ([^|]*?) \\|")
	link     = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
)

func readPage(t *testing.T) *page {
	t.Helper()
	text, err := os.ReadFile("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	p := &page{map[string]string{}, map[string]map[string]string{}}
	head, rest, _ := strings.Cut(string(text), "\n## Values\n")
	for _, row := range tableRow.FindAllStringSubmatch(head, -1) {
		p.verbs[row[1]] = link.ReplaceAllString(row[3], "$1")
	}
	for _, section := range strings.Split(rest, "\n### ")[1:] {
		name, table, _ := strings.Cut(section, "\n")
		p.values[name] = map[string]string{}
		for _, row := range tableRow.FindAllStringSubmatch(table, -1) {
			p.values[name][row[1]] = strings.TrimSpace(row[2]) + link.ReplaceAllString(row[3], "$1")
		}
	}
	return p
}

// check says where a value is not what the page says. A kind may be followed by
// explanations and other values.
func (p *page) check(at, kind string, v any) (wrong []string) {
	is := func(ok bool) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is %v, and should be %s", at, v, kind))
		}
	}
	kind, _, _ = strings.Cut(kind, ":")
	kind, _, _ = strings.Cut(kind, ",")
	kind, _, _ = strings.Cut(kind, ".")
	kind, _, _ = strings.Cut(kind, ";")
	kind = strings.TrimSpace(kind)
	if of, ok := strings.CutPrefix(kind, "list of "); ok {
		list, ok := v.([]any)
		is(ok)
		for i, item := range list {
			wrong = append(wrong, p.check(fmt.Sprintf("%s[%d]", at, i), of, item)...)
		}
		return wrong
	}
	if of, ok := strings.CutPrefix(kind, "table of "); ok {
		table, ok := v.(map[string]any)
		is(ok)
		for name, item := range table {
			wrong = append(wrong, p.check(at+"."+name, of, item)...)
		}
		return wrong
	}
	switch kind {
	case "any":
	case "text":
		_, ok := v.(string)
		is(ok)
	case "time":
		s, _ := v.(string)
		_, err := time.Parse(time.RFC3339, s)
		is(err == nil)
	case "number", "bytes":
		_, ok := v.(float64)
		is(ok)
	case "seconds":
		n, ok := v.(float64)
		is(ok && n < 1e6) // else they are nanoseconds
	case "true or false":
		_, ok := v.(bool)
		is(ok)
	default:
		fields, known := p.values[kind]
		table, ok := v.(map[string]any)
		if !known {
			return append(wrong, fmt.Sprintf("%s: the page has no value %q", at, kind))
		}
		is(ok)
		for name, item := range table {
			of, known := fields[name]
			if !known {
				wrong = append(wrong, fmt.Sprintf("%s: the page does not have the field %q of %s", at, name, kind))
				continue
			}
			wrong = append(wrong, p.check(at+"."+name, strings.TrimPrefix(of, "?"), item)...)
		}
		for name, of := range fields {
			if _, there := table[name]; !there && !strings.HasPrefix(of, "?") {
				wrong = append(wrong, fmt.Sprintf("%s: the field %q of %s is missing", at, name, kind))
			}
		}
	}
	return wrong
}

// Every verb with --json prints what docs/json.md says.
func TestJSONIsAsDocumented(t *testing.T) {
	p, u := readPage(t), newUser(t)
	u.env = []string{"THUMBS_LOCK=1"}
	flags := []string{"-o", "log_file=" + u.dir + "/log"}
	seen := map[string]bool{}
	decoded := func(text string) (v any) {
		t.Helper()
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		if err := d.Decode(&v); err != nil || d.More() {
			t.Errorf("no single JSON value: %v\n%s", err, text)
		}
		return v
	}
	prints := func(kind, line string, more ...string) {
		t.Helper()
		args := strings.Fields(line)
		verb := args[0]
		if _, two := p.verbs[verb]; !two && len(args) > 1 {
			verb += " " + args[1]
		}
		said, documented := p.verbs[verb]
		if !documented {
			t.Errorf("the page does not have the verb %s", verb)
		}
		if kind == "" {
			kind = said
		}
		seen[verb] = true
		r := u.run(append(append(args, "--json"), more...)...)
		waits := strings.HasSuffix(r.stderr, " …\n") && strings.Count(r.stderr, "\n") == 1 // a slow machine: it says what it waits for
		if r.code != ExitOK || r.stderr != "" && verb != "unit" && !waits {
			t.Errorf("%s: code %d, %s", line, r.code, r.stderr)
			return
		}
		for _, wrong := range p.check(line, kind, decoded(r.stdout)) {
			t.Error(wrong)
		}
	}
	fails := func(code int, line string) {
		t.Helper()
		r := u.run(append(strings.Fields(line), "--json")...)
		if r.code != code || r.stdout != "" {
			t.Errorf("%s: code %d, prints %s", line, r.code, r.stdout)
		}
		v := decoded(r.stderr)
		for _, wrong := range p.check(line, "error", v) {
			t.Error(wrong)
		}
		if detail, _ := v.(map[string]any)["error"].(map[string]any); detail["exit"] != float64(code) {
			t.Errorf("%s: %v", line, v)
		}
	}

	fails(ExitNotRunning, "ps")
	fails(ExitUsage, "ps --nope")
	prints("", "stop") // there is none
	prints("", "start", flags...)
	prints("", "start", flags...) // it runs already
	fails(ExitFailed, "task run fail")
	prints("", "status")
	for _, line := range []string{
		"ps", "pool ls", "pool status echo", "pool scale echo 1 2", "pool pause", "pool resume", "pool readmit echo", "pool recycle echo",
		"worker ls", "worker status", "worker pause", "worker resume", "worker stack", "call echo \"x\"", "func ls", "task ls", "task status 1",
		"cron ls", "plugin ls", "lock ls", "rpc ls", "rpc help pool.scale", "rpc call pool.list", "signal USR1", "loglevel", "config show",
		"config check", "events", "logs -n 20", "stats", "metrics", "metrics --openmetrics", "unit", "version", "reload", "upgrade", "restart",
	} {
		prints("", line)
	}
	prints("", "cron run", "every 1h0m0s")
	prints("text", "worker status echo")
	pid := decoded(u.run("worker", "ls", "echo", "--json").stdout).([]any)[0].(map[string]any)["pid"]
	prints("worker of a pool", fmt.Sprint("worker status ", pid))
	prints("stack", fmt.Sprint("worker stack ", pid))
	prints("", fmt.Sprint("worker trace --seconds 0.01 ", pid))
	prints("", fmt.Sprint("worker profile --kind goroutine ", pid))
	prints("", "pool profile echo 10ms")
	pid = decoded(u.run("worker", "ls", "wait", "--json").stdout).([]any)[0].(map[string]any)["pid"]
	prints("", fmt.Sprint("worker kill ", pid))
	for len(decoded(u.run("death", "ls", "--json").stdout).([]any)) == 0 { // it is being reaped
		time.Sleep(time.Millisecond)
	}
	prints("", "death ls wait")
	prints("", "death kinds")
	prints("", "death show 1")
	prints("", "death export 1 -o "+u.dir+"/death")
	fails(ExitFailed, "death replay 1") // its argument is not kept
	fails(ExitFailed, "death trace 1")  // its pool records nothing
	fails(ExitFailed, "death profile 1")
	fails(ExitFailed, "worker end echo/4711")
	number := decoded(u.run("worker", "ls", "echo", "--json").stdout).([]any)[0].(map[string]any)["id"]
	prints("", fmt.Sprint("worker end echo/", number))
	prints("", "pool stop echo")
	prints("", "pool recent echo")
	prints("", "history echo --step 1")
	fails(ExitFailed, "call nobody")
	fails(ExitUsage, "worker kill one")
	prints("", "stop")
	r := u.run("status", "--json")
	for _, wrong := range p.check("status", "absence", decoded(r.stdout)) {
		t.Error(wrong)
	}
	prints("list of setting", "config show --here")

	// Those that this test cannot run as they are.
	for _, verb := range []string{"doctor", "task run", "task cancel", "death replay", "death trace", "death profile", "watch"} {
		seen[verb] = true
	}
	var all []string
	var walk func(prefix string, verbs []*verb)
	walk = func(prefix string, verbs []*verb) {
		for _, v := range verbs {
			switch name := prefix + v.Name; {
			case v.hidden:
			case len(v.verbs) > 0:
				walk(name+" ", v.verbs)
			case !slices.Contains([]string{"run", "completion", "help", "top", "dashboard"}, name): // as the page says
				all = append(all, name)
			}
		}
	}
	program := newProgram(legion.New(legion.Config{Name: "thumbs"}), nil)
	walk("", program.verbs)
	for _, verb := range all {
		if p.verbs[verb] == "" {
			t.Errorf("the page does not say what %s --json prints", verb)
		}
		if !seen[verb] {
			t.Errorf("%s has not been run", verb)
		}
	}
	for _, verb := range slices.Sorted(maps.Keys(p.verbs)) {
		if !slices.Contains(all, verb) {
			t.Errorf("the page has %s, and there is no such verb", verb)
		}
	}
}
