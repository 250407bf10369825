// Package app is the program in the terminal: keys, questions, and what is on
// the screen. Its model is that of bubbletea: Update takes what happens, View
// says what is shown.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/feed"
	"github.com/legion-go/legion/top/internal/screen"
	"github.com/legion-go/legion/top/internal/state"
)

// Daemon is what the program needs of the connection: *feed.Feed.
type Daemon interface {
	Want(topics ...string)
	Call(ctx context.Context, method string, params, result any) error
}

// Options say how the program looks.
type Options struct {
	Chars    draw.Charset
	ReadOnly bool
	Command  string // what is typed before a command: "thumbs", "legion"
	Target   string // what is typed after it: "thumbs", or "" for a program's own daemon
}

// Model is the state of the program.
type Model struct {
	options Options
	daemon  Daemon
	state   state.State
	now     time.Time

	width, height int
	at            int // index of the screen
	lists         [8]list
	pool          string
	utc, stale    bool

	filtering bool
	question  *question
	text      *text  // shown instead of the screen: help, a stack, a certificate
	said      string // the end of the last action
	failed    bool   // … which did not work
	asked     map[string]bool
}

// list is what a screen's table remembers.
type list struct {
	key    string // of the selected row
	index  int    // where it was
	top    int    // the first row that is shown
	sort   int
	filter string
	tagged map[string]bool
	loose  bool // a tail that is not followed, since the user looks at something
}

// New makes the model.
func New(d Daemon, o Options) *Model {
	return &Model{daemon: d, options: o, now: time.Now(), asked: map[string]bool{}}
}

type tick time.Time

// Init asks for what the first screen shows.
func (m *Model) Init() tea.Cmd {
	m.want()
	return clock()
}

// clock keeps what grows by itself up to date: ages, a countdown.
func clock() tea.Cmd { return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tick(t) }) }

// want asks for the topics of the present screen.
func (m *Model) want() {
	m.daemon.Want(append([]string{"daemon", "pools"}, m.screen().Topics...)...)
}

func (m *Model) screen() screen.Screen { return screen.All[m.at] }
func (m *Model) list() *list           { return &m.lists[m.at] }

// Update takes what has happened.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		m.now = time.Time(msg)
		return m, clock()
	case tea.KeyPressMsg:
		return m, m.key(msg)
	case tea.PasteMsg:
		m.typed(msg.Content)
	case done:
		m.said, m.failed = msg.said, msg.err != nil
		if msg.err != nil {
			m.said = msg.err.Error()
		}
	case *text:
		m.text, m.said = msg, ""
	case past:
		m.state.Past(msg.key, msg.samples)
	default:
		if m.state.Apply(msg) {
			m.now = time.Now()
			return m, m.history()
		}
	}
	return m, nil
}

// past is what a pool did before the program was started.
type past struct {
	key     string
	samples []status.Sample
}

// history asks for the past of pools that it was not asked for yet.
func (m *Model) history() tea.Cmd {
	var all []tea.Cmd
	for _, name := range m.state.PoolNames() {
		if m.asked[name] || len(all) == 20 {
			continue
		}
		m.asked[name] = true
		all = append(all, func() tea.Msg {
			var h status.History
			params := map[string]any{"pool": name, "step": 1}
			if m.daemon.Call(context.Background(), "history.get", params, &h) != nil {
				return nil // the line begins now
			}
			return past{name, h.Samples}
		})
	}
	return tea.Batch(all...)
}

// page draws the present screen's content.
func (m *Model) page(height int) (screen.Page, *screen.View) {
	l := m.list()
	v := &screen.View{
		State: &m.state, Width: m.width, Height: height, Chars: m.options.Chars, Now: m.now, Zone: m.zone(),
		Filter: l.filter, Sort: l.sort, Pool: m.pool, Tagged: l.tagged,
	}
	return m.screen().Draw(v), v
}

func (m *Model) zone() *time.Location {
	if m.utc {
		return time.UTC
	}
	return time.Local
}

// selected is the row that keys act on; a zero Subject if there is none.
func (m *Model) selected() screen.Subject {
	p, _ := m.page(m.height - 3)
	m.list().settle(p.Rows, m.screen().Tail)
	if i := m.list().index; i < len(p.Rows) {
		return p.Rows[i]
	}
	return screen.Subject{}
}

// settle finds the selected row again among those that there are now.
func (l *list) settle(rows []screen.Subject, tail bool) {
	if tail && !l.loose {
		l.index = len(rows) - 1
	} else {
		for i, r := range rows {
			if r.Key == l.key {
				l.index = i
				break
			}
		}
	}
	l.index = max(0, min(l.index, len(rows)-1))
	l.key = ""
	if l.index < len(rows) {
		l.key = rows[l.index].Key
	}
}

// done is the end of an action.
type done struct {
	said string
	err  error
}

// act calls a method of the daemon in the background.
func (m *Model) act(said, method string, params any) tea.Cmd {
	return func() tea.Msg {
		return done{said, m.daemon.Call(context.Background(), method, params, nil)}
	}
}

// show calls a method and shows the text that format makes of its result.
func show[T any](m *Model, title, method string, params any, format func(T) []string) tea.Cmd {
	return func() tea.Msg {
		var result T
		if err := m.daemon.Call(context.Background(), method, params, &result); err != nil {
			return done{err: err}
		}
		return &text{title: title, lines: format(result)}
	}
}

// why says why the daemon does not answer.
func (m *Model) why() string {
	if m.state.Lost.Err == nil || errors.Is(m.state.Lost.Err, feed.ErrAway) {
		return "connecting"
	}
	wait := max(m.state.Lost.Again.Sub(m.now).Round(time.Second), 0)
	return fmt.Sprintf("next try in %d s: %v", int(wait.Seconds()), m.state.Lost.Err)
}
