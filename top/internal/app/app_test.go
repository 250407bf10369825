package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/feed"
	"github.com/legion-go/legion/top/internal/screen"
)

// daemon stands for the connection, and remembers what it was asked.
type daemon struct {
	t       *testing.T
	topics  []string
	methods []string
	params  []any
	answers map[string]any
	fails   error
}

func (d *daemon) Want(topics ...string) { d.topics = topics }

func (d *daemon) Call(_ context.Context, method string, params, result any) error {
	d.methods, d.params = append(d.methods, method), append(d.params, params)
	if a, ok := d.answers[method]; ok && result != nil {
		reflect.ValueOf(result).Elem().Set(reflect.ValueOf(a))
	}
	return d.fails
}

const hostile = "<b>\x1b[2J\x1b]0;owned\x07\u202e\n\tx"

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// started is a model with a daemon that has told everything.
func started(t *testing.T, width, height int, o Options) (*Model, *daemon) {
	t.Helper()
	d := &daemon{t: t, answers: map[string]any{}}
	o.Command, o.Target = "legion", "thumbs"
	m := New(d, o)
	m.Init()
	tell(m, tea.WindowSizeMsg{Width: width, Height: height})
	for _, told := range story() {
		tell(m, told)
	}
	m.now = noon
	return m, d
}

func story() []any {
	at := noon
	pools := map[string]status.PoolStats{}
	workers := map[string]feed.Worker{}
	funcs := map[string]status.FuncStats{}
	for i, name := range []string{"thumb", "mail", hostile, strings.Repeat("long", 30)} {
		pools[name] = status.PoolStats{
			Name: name, Kind: "worker", State: []string{"running", "paused", "failed", "stopping"}[i], Min: 1, Max: 8, Ready: 3, Queued: 4711, Running: 2,
			Calls: 1 << 60, MemoryLimit: 256 << 20, Memory: 80 << 20, WorkerMemoryMax: 40 << 20, DeathsBy: map[string]uint64{"deadline": 3, "exit": 4108},
			Reason: []string{"", "", "10 workers died within 1m0s; the last one was killed", ""}[i],
		}
		funcs[name+"/"+name] = status.FuncStats{Name: name, Calls: 12, Run: status.Times{P50: time.Millisecond, P99: time.Second}}
		for id := uint64(1); id <= 40; id++ {
			workers[fmt.Sprintf("%s/%d", name, id)] = feed.Worker{Pool: name, WorkerStats: status.WorkerStats{
				ID: id, PID: 1000*i + int(id), State: "ready", Call: name, For: time.Second, Age: time.Hour, Calls: id, Memory: id << 20,
			}}
		}
	}
	death := status.Death{
		Number: 7, Time: at.Add(-time.Second), Pool: "thumb", Worker: 3, PID: 99, Cause: "deadline", Kind: "0badcafe",
		Why: "thumb was killed: its call ran 2 s " + hostile, Frame: "main.decode (bomb.go:14)",
	}
	return []any{
		feed.Connected{Hello: status.Hello{Name: "thumbs", PID: 1, Version: "v1"}, Role: "admin"},
		&feed.Update[status.Daemon]{Topic: "daemon", At: at, Full: true, Set: map[string]status.Daemon{"daemon": {Name: "thumbs", PID: 1, State: "running", Healthy: true, Uptime: time.Hour}}},
		&feed.Update[status.PoolStats]{Topic: "pools", At: at, Full: true, Set: pools},
		&feed.Update[status.FuncStats]{Topic: "funcs", At: at, Full: true, Set: funcs},
		&feed.Update[feed.Worker]{Topic: "workers", At: at, Full: true, Set: workers},
		&feed.Update[status.CallInfo]{Topic: "calls", At: at, Full: true, Set: map[string]status.CallInfo{
			"1": {Pool: "thumb", Func: "thumb", Call: 1, State: status.CallRunning, PID: 1, Queued: at.Add(-3 * time.Second), Started: at.Add(-2 * time.Second), Progress: &status.Progress{Done: 1, Of: 4, Note: hostile}},
			"2": {Pool: "thumb", Func: "thumb", Call: 2, State: status.CallQueued, Queued: at.Add(-time.Second)},
		}},
		&feed.Update[status.CallInfo]{Topic: "slow", At: at, Full: true, Set: map[string]status.CallInfo{
			"thumb/thumb/3": {Pool: "thumb", Func: "thumb", Call: 3, State: status.CallDone, Outcome: "ok", Wait: time.Second, Run: 5 * time.Second},
		}},
		&feed.Update[status.Death]{Topic: "deaths", At: at, Full: true, Set: map[string]status.Death{"7": death}},
		&feed.Update[status.DeathKind]{Topic: "kinds", At: at, Full: true, Set: map[string]status.DeathKind{
			"0badcafe": {Kind: "0badcafe", Pool: "thumb", Cause: "deadline", Why: death.Why, Count: 3, Last: at, First: at, Number: 7},
		}},
		&feed.Update[status.Sample]{Topic: "history", At: at, Full: true, Set: map[string]status.Sample{"thumb": {Calls: 120, P99: time.Second}, "thumb/thumb": {Calls: 120}}},
		&feed.Update[status.Cron]{Topic: "crons", At: at, Full: true, Set: map[string]status.Cron{"a": {Name: "cron 0 3 * * *", Runs: 3}}},
		&feed.Update[feed.Record]{Topic: "logs", Add: []feed.Record{{Time: at, Level: "error", Message: hostile, Attrs: json.RawMessage(`{"pool":"thumb","why":"x y"}`)}}, Missed: 12},
		&feed.Update[status.Event]{Topic: "events", Add: []status.Event{{Time: at, Type: "WorkerExited", Data: map[string]any{"how": hostile}}}},
	}
}

// tell gives the model a message, and then what its commands make of it.
func tell(m *Model, msg tea.Msg) {
	_, cmd := m.Update(msg)
	perform(m, cmd)
}

func perform(m *Model, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			perform(m, c)
		}
	default:
		tell(m, msg)
	}
}

// press presses keys, each named as bubbletea names it.
func press(m *Model, keys ...string) {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "down": tea.KeyDown, "up": tea.KeyUp, "tab": tea.KeyTab, "space": tea.KeySpace,
		"pgdown": tea.KeyPgDown, "end": tea.KeyEnd, "f9": tea.KeyF9, "backspace": tea.KeyBackspace,
	}
	for _, k := range keys {
		if code, ok := named[k]; ok {
			tell(m, tea.KeyPressMsg{Code: code})
			continue
		}
		for _, r := range k {
			tell(m, tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// shown is the screen as text, without styles.
func shown(m *Model) string {
	lines, _ := m.draw()
	return ansi.Strip(strings.Join(lines, "\n"))
}

// Every screen fits every size, whatever names and texts come from programs,
// and lets none of them act on the terminal.
func TestScreensFit(t *testing.T) {
	for _, size := range [][2]int{{leastWidth, leastHeight}, {80, 24}, {132, 43}, {200, 60}} {
		for _, chars := range []draw.Charset{draw.Braille, draw.Blocks, draw.ASCII} {
			m, _ := started(t, size[0], size[1], Options{Chars: chars})
			for at := range screen.All {
				press(m, fmt.Sprint(at+1))
				for _, more := range [][]string{nil, {"down", "down", ">"}, {"end"}, {"?"}, {"esc", "/thumb", "enter"}} {
					press(m, more...)
					lines, cursor := m.draw()
					if len(lines) != size[1] {
						t.Errorf("%v, screen %d after %q: %d lines", size, at+1, more, len(lines))
					}
					for _, line := range lines {
						if w := draw.Width(line); w > size[0] {
							t.Errorf("%v, screen %d after %q: %d columns: %q", size, at+1, more, w, line)
						}
						plain := strings.NewReplacer("\x1b[0m", "", "\x1b[m", "").Replace(line)
						for _, style := range []draw.Style{draw.Bold, draw.Dim, draw.Reverse, draw.Red, draw.Green, draw.Yellow, draw.Blue, draw.Cyan} {
							plain = strings.ReplaceAll(plain, "\x1b["+string(style)+"m", "")
						}
						if strings.ContainsAny(plain, "\x1b\x07\n\t\u202e") {
							t.Errorf("%v, screen %d: a program's text acts on the terminal: %q", size, at+1, line)
						}
						if i := strings.IndexFunc(m.options.Chars.Spell(plain), func(r rune) bool { return r > 126 }); chars == draw.ASCII && i >= 0 {
							t.Errorf("screen %d draws %q although only ASCII is asked for", at+1, plain[i:])
						}
					}
					if cursor != nil && (cursor.y < 0 || cursor.y >= size[1] || cursor.x < 0 || cursor.x >= size[0]) {
						t.Errorf("%v: the cursor is at %+v", size, *cursor)
					}
				}
				press(m, "esc", "esc")
			}
		}
	}
	m, _ := started(t, 40, 8, Options{})
	if s := shown(m); !strings.Contains(s, "this terminal has 40 × 8 chara") {
		t.Errorf("in a small terminal:\n%s", s)
	}
}

// Each screen asks for what it shows, and a picture that is held for nothing.
func TestTopicsOfScreens(t *testing.T) {
	m, d := started(t, 80, 24, Options{})
	for at, s := range screen.All {
		press(m, fmt.Sprint(at+1))
		if got := strings.Join(d.topics, " "); got != strings.Join(append([]string{"daemon", "pools"}, s.Topics...), " ") {
			t.Errorf("%s asks for %s", s.Name, got)
		}
	}
	press(m, "z", "2")
	if len(d.topics) != 0 {
		t.Errorf("while it is held it asks for %q", d.topics)
	}
	if press(m, "z"); len(d.topics) == 0 {
		t.Error("it stays held")
	}
}

// What is drawn says what the daemon told.
func TestWhatIsShown(t *testing.T) {
	m, d := started(t, 140, 40, Options{})
	d.answers["death.get"] = status.Death{Number: 7, Kind: "0badcafe", Why: "its call ran 2 s", Stack: "goroutine 1 [running]:\nmain.decode()", Timeline: []status.Moment{{At: noon, What: "SIGKILL"}}}
	d.answers["worker.stack"] = stacks{Stack: "goroutine 5 [running]:"}
	for keys, want := range map[string][]string{
		"1":           {"thumbs  running  pid 1  v1  up 1h00m", "calls/s", "120", "failed", "DEATHS", "4111", "LAST DEATHS", "12:00:00"},
		"2":           {"├─ ", "ready", "died", "80.0M"},
		"3":           {"limit 256M", "4111: 3 deadline, 4108 exit", "RUN P50", "1.00ms"},
		"4":           {"running", "queued", "slow, ok", "25 %", "2.00s"},
		"5":           {"deadline", "0badcafe"[:0], "3 deaths of 1 kind;"},
		"6":           {"error", "why=x y", "12 left out"},
		"7":           {"WorkerExited"},
		"8":           {"cron 0 3 * * *", "0 ticks"},
		"5enter":      {"Certificate", "its call ran 2 s", "SIGKILL", "main.decode()"},
		"2down downS": {"Stacks of pid", "goroutine 5"},
		"1/mailenter": {"mail"},
		"1/nothing":   {`nothing has "nothing" in it`},
		"?":           {"pause a pool"},
	} {
		m.goTo(0)
		m.lists = [8]list{}
		m.utc = true
		script(m, keys)
		for _, w := range want {
			if s := shown(m); !strings.Contains(s, w) {
				t.Errorf("after %q there is no %q:\n%s", keys, w, s)
			}
		}
		press(m, "esc", "esc")
	}
	if s := shown(m); !strings.Contains(s, "! pool ") || !strings.Contains(s, "failed: 10 workers died") {
		t.Errorf("it does not say what is wrong:\n%s", s)
	}
}

// script presses what a string says: names of keys stand for them.
func script(m *Model, s string) {
	for _, k := range []string{"enter", "down", "esc"} {
		s = strings.ReplaceAll(s, k, "\x00"+k+"\x00")
	}
	for i, part := range strings.Split(s, "\x00") {
		if i%2 == 1 {
			press(m, part)
		} else {
			press(m, strings.ReplaceAll(part, " ", ""))
		}
	}
}

// Nothing is changed before its question is answered; the question names what
// it is about, and the command that does the same.
func TestActionsAsk(t *testing.T) {
	for _, c := range []struct {
		keys, asks, command, method string
		params                      string
		answer                      []string
	}{
		{"1/thumbenterp", "pause pool thumb? Its calls wait.", "legion pool pause thumbs thumb", "pool.pause", `{"pool":"thumb"}`, []string{"y"}},
		{"1/mailenterp", "let pool mail go on?", "legion pool resume thumbs mail", "pool.resume", `{"pool":"mail"}`, []string{"y"}},
		{"1/thumbenterr", "recycle the 3 workers of pool thumb?", "legion pool recycle thumbs thumb", "pool.recycle", `{"pool":"thumb"}`, []string{"y"}},
		{"1/thumbentera", "readmit all functions of pool thumb?", "legion pool readmit thumbs thumb", "pool.readmit", `{"pool":"thumb"}`, []string{"y"}},
		{"1R", "reload thumbs?", "legion reload thumbs", "daemon.reload", `null`, []string{"y"}},
		{"1/thumbenters", "scale pool thumb (a worker takes up to 40.0M) to min and max: 1 8", "legion pool scale thumbs thumb MIN MAX", "pool.scale", `{"max":89,"min":1,"pool":"thumb"}`, []string{"9", "enter"}},
	} {
		m, d := started(t, 160, 40, Options{})
		d.methods, d.params = nil, nil
		script(m, c.keys)
		if s := shown(m); !strings.Contains(s, c.asks) || !strings.Contains(s, c.command) || len(d.methods) != 0 {
			t.Errorf("%s: it asks\n%s\nand did %q", c.keys, s, d.methods)
		}
		press(m, c.answer...)
		if params, _ := json.Marshal(d.params); len(d.methods) != 1 || d.methods[0] != c.method || string(params) != "["+c.params+"]" {
			t.Errorf("%s: it did %q with %s", c.keys, d.methods, params)
		}

		m, d = started(t, 160, 40, Options{})
		d.methods = nil
		script(m, c.keys)
		if press(m, "esc"); len(d.methods) != 0 || m.question != nil {
			t.Errorf("%s: although the answer is no it did %q", c.keys, d.methods)
		}
	}
}

// A worker is killed by its number and its pid, tagged ones together.
func TestKill(t *testing.T) {
	m, d := started(t, 160, 60, Options{})
	d.methods, d.params = nil, nil
	script(m, "2/21enter")
	press(m, "end", "x")
	if s := shown(m); !strings.Contains(s, "kill pid") || !strings.Contains(s, "Its call") || !strings.Contains(s, "= legion worker kill thumbs thumb/") {
		t.Fatalf("it asks:\n%s", s)
	}
	press(m, "n", "end", "x", "y")
	params, _ := json.Marshal(d.params)
	if len(d.methods) != 1 || d.methods[0] != "worker.kill" || !strings.Contains(string(params), `"worker":`) {
		t.Errorf("%q with %s", d.methods, params)
	}

	m, d = started(t, 160, 60, Options{})
	d.methods = nil
	press(m, "2", "down", "down", "space", "space", "f9", "y")
	if len(d.methods) != 2 {
		t.Errorf("with two tagged it did %q:\n%s", d.methods, shown(m))
	}
	press(m, "1", "x")
	if !m.failed || len(d.methods) != 2 {
		t.Errorf("on a pool it says %q", m.said)
	}
}

// Who may only look changes nothing, and is told why.
func TestWhoMayNot(t *testing.T) {
	keys := []string{"p", "r", "s", "a", "R"}
	for name, c := range map[string]struct {
		o    Options
		role string
		says string
	}{
		"--read-only": {Options{ReadOnly: true}, "read", "--read-only"},
		"a reader":    {Options{}, "read", "and you have read"},
	} {
		m, d := started(t, 120, 40, c.o)
		tell(m, feed.Connected{Hello: m.state.Hello, Role: c.role})
		d.methods = nil
		for _, k := range keys {
			press(m, "1", k)
			if m.question != nil || len(d.methods) != 0 || !strings.Contains(m.said, c.says) {
				t.Errorf("%s: %s says %q and did %q", name, k, m.said, d.methods)
			}
		}
	}
}

// An error of the daemon is shown in its own words; a daemon that is away, with
// the time from which the figures are, and a new process is followed.
func TestWhatGoesWrong(t *testing.T) {
	m, d := started(t, 120, 40, Options{})
	d.fails = errors.New("the pool is stopping")
	if press(m, "1", "p", "y"); !strings.Contains(shown(m), "! the pool is stopping") {
		t.Errorf("it shows\n%s", shown(m))
	}
	m.utc = true
	tell(m, feed.Lost{Err: errors.New("no daemon thumbs runs"), Again: noon.Add(4 * time.Second)})
	m.now = noon
	if s := shown(m); !strings.Contains(s, "away") || !strings.Contains(s, "as of 12:00:00; next try in 4 s: no daemon thumbs runs") {
		t.Errorf("it shows\n%s", s)
	}
	tell(m, feed.Connected{Hello: status.Hello{Name: "thumbs", PID: 2, Started: noon}, Role: "admin"})
	if press(m, "8"); !strings.Contains(shown(m), "process thumbs goes on") && !strings.Contains(shown(m), "goes on") {
		t.Errorf("it shows\n%s", shown(m))
	}
}

// The selected row stays selected when rows come and go.
func TestSelectionStays(t *testing.T) {
	m, _ := started(t, 120, 40, Options{})
	press(m, "1", "down")
	before := m.selected().Pool
	pools := map[string]status.PoolStats{"aaa": {Name: "aaa", State: "running"}}
	tell(m, &feed.Update[status.PoolStats]{Topic: "pools", At: noon, Set: pools})
	if now := m.selected().Pool; now != before {
		t.Errorf("%q is selected, it was %q", now, before)
	}
}
