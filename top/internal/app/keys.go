package app

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/screen"
)

// help is what ? shows.
var help = []string{
	"1 to 8, Tab      the screens",
	"j k, arrows      the next row, the one before; PgUp, PgDn, g, G",
	"Enter            open: a pool, a certificate",
	"Esc              back; ends a filter",
	"/                show only rows with a text",
	"< >              sort by another column",
	"Space            tag a worker",
	"f                follow the log and the events, or stay",
	"z                hold the picture; again: go on",
	"T                times in UTC, or here",
	"S                the stack of a worker",
	"x, F9            kill a worker, or those that are tagged",
	"p                pause a pool, or let it go on",
	"r                recycle a pool's workers, one by one",
	"s                scale a pool",
	"a                readmit functions in quarantine",
	"R                reload the daemon",
	"o                on a certificate: the one of its kind before it",
	"?, F1            this help",
	"q, Ctrl-C        quit",
	"",
	"Nothing is changed without a question, which shows the command that",
	"does the same.",
}

// hints are the keys of the present screen.
func (m *Model) hints() string {
	if m.text != nil {
		return "j k scroll  Esc back  q quit"
	}
	switch m.screen().Name {
	case "Overview", "Pool":
		return "Enter open  p pause  r recycle  s scale  / filter  < > sort  ? help  q quit"
	case "Tree", "Calls":
		return "Enter open  S stack  x kill  Space tag  / filter  < > sort  ? help  q quit"
	case "Logs", "Events":
		return "f follow  / filter  z hold  T UTC  ? help  q quit"
	}
	return "Enter open  / filter  < > sort  T UTC  ? help  q quit"
}

// key does what a key says.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	name := msg.String()
	if m.question != nil {
		over, cmd := m.question.answered(msg)
		if over {
			m.question = nil
		}
		return cmd
	}
	if m.filtering {
		m.filter(msg)
		return nil
	}
	m.said = ""
	switch name {
	case "q", "ctrl+c":
		return tea.Quit
	case "?", "f1":
		m.text = &text{title: "Keys", lines: help}
		return nil
	case "T":
		m.utc = !m.utc
		return nil
	case "z":
		m.hold()
		return nil
	case "ctrl+z":
		return tea.Suspend
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(screen.All) {
		m.goTo(n - 1)
		return nil
	}
	if m.text != nil {
		return m.readText(name)
	}
	return m.onScreen(name)
}

// hold stops the flow, or lets it go on.
func (m *Model) hold() {
	if m.stale = !m.stale; m.stale {
		m.daemon.Want()
		return
	}
	m.want()
}

// goTo shows another screen.
func (m *Model) goTo(at int) {
	m.at, m.text = at, nil
	if !m.stale {
		m.want()
	}
}

// readText is a key on a text.
func (m *Model) readText(name string) tea.Cmd {
	switch {
	case m.text.scroll(name, m.height-5):
	case name == "esc" || name == "enter" || name == "backspace":
		m.text = nil
	case name == "o" && m.text.death > 0:
		_, v := m.page(m.height)
		n := screen.Older(v, m.text.kind, m.text.death)
		if n == 0 {
			m.said = "no older certificate of this kind is kept"
			return nil
		}
		return m.certificate(n)
	}
	return nil
}

// onScreen is a key on a screen.
func (m *Model) onScreen(name string) tea.Cmd {
	l := m.list()
	if m.move(name) {
		return nil
	}
	switch name {
	case "tab":
		m.goTo((m.at + 1) % len(screen.All))
	case "shift+tab":
		m.goTo((m.at + len(screen.All) - 1) % len(screen.All))
	case "f5":
		m.goTo(1)
	case "/":
		m.filtering = true
	case "esc":
		l.filter, l.tagged = "", nil
	case ">", ".":
		if m.screen().Sorts {
			l.sort++
		}
	case "<", ",":
		l.sort = max(l.sort-1, 0)
	case "f":
		l.loose = !l.loose
	case "enter":
		return m.open(m.selected())
	default:
		return m.acts(name, m.selected())
	}
	return nil
}

// move moves the selection, and reports whether the key is one that does.
func (m *Model) move(name string) bool {
	p, _ := m.page(m.height - 3)
	l := m.list()
	l.settle(p.Rows, m.screen().Tail)
	to := l.index
	switch name {
	case "down", "j":
		to++
	case "up", "k":
		to--
	case "pgdown":
		to += m.height - 6
	case "pgup":
		to -= m.height - 6
	case "home", "g":
		to = 0
	case "end", "G":
		to = len(p.Rows) - 1
	case "space":
		if to < len(p.Rows) && p.Rows[to].PID != 0 {
			if l.tagged == nil {
				l.tagged = map[string]bool{}
			}
			key := p.Rows[to].Key
			if l.tagged[key] = !l.tagged[key]; !l.tagged[key] {
				delete(l.tagged, key)
			}
		}
		to++
	default:
		return false
	}
	l.index = max(0, min(to, len(p.Rows)-1))
	l.key = ""
	if l.index < len(p.Rows) {
		l.key = p.Rows[l.index].Key
	}
	l.loose = m.screen().Tail && l.index < len(p.Rows)-1
	return true
}

// open shows what a row is about.
func (m *Model) open(s screen.Subject) tea.Cmd {
	switch {
	case s.Death > 0:
		return m.certificate(s.Death)
	case s.Kind != "":
		m.said = "its certificates were replaced by newer ones: the last 32 are kept"
	case s.PID != 0:
		return m.stack(s)
	case s.Pool != "":
		m.pool = s.Pool
		m.goTo(2)
	}
	return nil
}

func (m *Model) certificate(n uint64) tea.Cmd {
	width, zone := m.width, m.zone()
	return func() tea.Msg {
		cmd := show(m, "Certificate", "death.get", map[string]any{"number": n}, func(d status.Death) []string {
			return screen.Certificate(&d, width, zone)
		})
		msg := cmd()
		if t, ok := msg.(*text); ok {
			t.death = n
			t.kind = m.state.Deaths[strconv.FormatUint(n, 10)].Kind
		}
		return msg
	}
}

func (m *Model) stack(s screen.Subject) tea.Cmd {
	if s.PID == 0 || s.Pool == "" {
		m.said, m.failed = "select a worker, on the screens Tree or Calls", true
		return nil
	}
	params := map[string]any{"pool": s.Pool, "pid": s.PID}
	return show(m, fmt.Sprintf("Stacks of pid %d", s.PID), "worker.stack", params, stackLines)
}

// acts are the keys for what is selected. Those that change something ask
// first.
func (m *Model) acts(name string, s screen.Subject) tea.Cmd {
	pool := s.Pool
	if m.screen().Name == "Pool" {
		_, v := m.page(m.height)
		pool = v.Chosen()
	}
	switch name {
	case "S":
		return m.stack(s)
	case "x", "f9":
		p, _ := m.page(m.height)
		var rows []screen.Subject
		for _, r := range p.Rows {
			if m.list().tagged[r.Key] {
				rows = append(rows, r)
			}
		}
		if len(rows) == 0 {
			rows = []screen.Subject{s}
		}
		m.kill(rows)
	case "R":
		m.change("admin", fmt.Sprintf("reload %s? All workers are replaced, one by one.", m.state.Daemon.Name), "reloaded", "daemon.reload", nil, "reload")
	case "p", "r", "s", "a":
		if pool == "" {
			m.said, m.failed = "select a pool", true
			return nil
		}
		m.onPool(name, pool)
	}
	return nil
}

func (m *Model) onPool(name, pool string) {
	params := map[string]any{"pool": pool}
	one := m.state.Pools[pool]
	switch name {
	case "p":
		if one.State == "paused" || one.State == "failed" {
			m.change("operate", fmt.Sprintf("let pool %s go on?", pool), "pool "+pool+" goes on", "pool.resume", params, "pool", "resume", pool)
			return
		}
		m.change("operate", fmt.Sprintf("pause pool %s? Its calls wait.", pool), "pool "+pool+" is paused", "pool.pause", params, "pool", "pause", pool)
	case "r":
		m.change("operate", fmt.Sprintf("recycle the %d workers of pool %s? No call is lost.", one.Ready, pool), "pool "+pool+" is being recycled", "pool.recycle", params, "pool", "recycle", pool)
	case "s":
		m.scale(pool)
	case "a":
		m.change("operate", fmt.Sprintf("readmit all functions of pool %s?", pool), "readmitted", "pool.readmit", params, "pool", "readmit", pool)
	}
}

// filter is a key while the user types a filter.
func (m *Model) filter(msg tea.KeyPressMsg) {
	l := m.list()
	switch name := msg.String(); {
	case name == "enter":
		m.filtering = false
	case name == "esc", name == "ctrl+c":
		m.filtering, l.filter = false, ""
	case name == "backspace":
		if r := []rune(l.filter); len(r) > 0 {
			l.filter = string(r[:len(r)-1])
		}
	default:
		l.filter += msg.Text
	}
}

// typed is a paste.
func (m *Model) typed(s string) {
	s = draw.Clean(s)
	switch {
	case m.filtering:
		m.list().filter += s
	case m.question != nil && m.question.answer != nil:
		*m.question.answer += s
	}
}
