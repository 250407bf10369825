package app

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/screen"
)

// question is asked before anything is changed. It names the object, the
// consequence, and the command that does the same.
type question struct {
	ask     string
	command string
	answer  *string // typed by the user; nil: y or n is enough
	want    string  // what must be typed; "": anything that run takes
	run     func(answer string) (tea.Cmd, error)
	wrong   string
}

func (q *question) line(width int) string {
	line := q.ask
	if q.answer != nil {
		line += " " + *q.answer
	} else {
		line += " y/n"
	}
	if q.wrong != "" {
		line = q.wrong + ". " + line
	}
	if draw.Width(line)+draw.Width(q.command)+6 < width {
		line += "   " + draw.Dim.Paint("= "+q.command)
	}
	return draw.Yellow.Paint("? ") + line
}

// answered takes a key, and reports whether the question is over.
func (q *question) answered(key tea.KeyPressMsg) (over bool, cmd tea.Cmd) {
	switch name := key.String(); {
	case name == "esc", name == "ctrl+c", q.answer == nil && (name == "n" || name == "N" || name == "q"):
		return true, nil
	case q.answer == nil:
		if name != "y" && name != "Y" {
			return false, nil
		}
		cmd, _ = q.run("")
		return true, cmd
	case name == "enter":
		if q.want != "" && *q.answer != q.want {
			q.wrong = fmt.Sprintf("that is not %q", q.want)
			return false, nil
		}
		cmd, err := q.run(*q.answer)
		if err != nil {
			q.wrong = err.Error()
			return false, nil
		}
		return true, cmd
	case name == "backspace":
		if r := []rune(*q.answer); len(r) > 0 {
			*q.answer = string(r[:len(r)-1])
		}
	case key.Text != "":
		*q.answer += key.Text
	}
	return false, nil
}

// ask asks a question, if the user may do what it is about.
func (m *Model) ask(role string, q *question) {
	switch {
	case m.options.ReadOnly:
		m.said, m.failed = "this was started with --read-only: it changes nothing", true
	case !m.state.Connected:
		m.said, m.failed = "the daemon does not answer now", true
	case !m.state.May(role):
		m.said, m.failed = fmt.Sprintf("this needs the role %s, and you have %s: Config.Access gives roles", role, m.state.Role), true
	default:
		m.question, m.said = q, ""
	}
}

// command is what a person types to do the same.
func (m *Model) command(words ...string) string {
	all := []string{m.options.Command, words[0]}
	rest := words[1:]
	if len(rest) > 0 && (words[0] == "pool" || words[0] == "worker") {
		all, rest = append(all, rest[0]), rest[1:]
	}
	if m.options.Target != "" {
		all = append(all, m.options.Target)
	}
	return strings.Join(append(all, rest...), " ")
}

// change is an action on a pool or the daemon with nothing to type.
func (m *Model) change(role, ask, said, method string, params any, command ...string) {
	m.ask(role, &question{ask: ask, command: m.command(command...), run: func(string) (tea.Cmd, error) {
		return m.act(said, method, params), nil
	}})
}

// kill asks whether workers are to be ended.
func (m *Model) kill(rows []screen.Subject) {
	var victims []screen.Subject
	for _, r := range rows {
		if r.PID != 0 && r.Pool != "" {
			victims = append(victims, r)
		}
	}
	switch len(victims) {
	case 0:
		m.said, m.failed = "select a worker, on the screens Tree or Calls", true
		return
	case 1:
		w := victims[0]
		ask := fmt.Sprintf("kill worker %s (pid %d) of pool %s?", number(w.Worker), w.PID, w.Pool)
		if w.Call != "" {
			ask = fmt.Sprintf("kill pid %d of pool %s? Its call %s fails.", w.PID, w.Pool, w.Call)
		}
		m.ask("operate", &question{ask: ask, command: m.command("worker", "kill", named(w)), run: func(string) (tea.Cmd, error) { return m.killing(w), nil }})
		return
	}
	ask := fmt.Sprintf("kill %d workers? Their calls fail.", len(victims))
	m.ask("operate", &question{ask: ask, command: m.command("worker", "kill", "POOL/NO"), run: func(string) (tea.Cmd, error) {
		var all []tea.Cmd
		for _, w := range victims {
			all = append(all, m.killing(w))
		}
		m.list().tagged = nil
		return tea.Batch(all...), nil
	}})
}

// named is how the command line names a worker: by its number, if that is
// known, since pids are used again.
func named(w screen.Subject) string {
	if w.Worker == 0 {
		return strconv.Itoa(w.PID)
	}
	return fmt.Sprintf("%s/%d", w.Pool, w.Worker)
}

func number(worker uint64) string {
	if worker == 0 {
		return ""
	}
	return strconv.FormatUint(worker, 10)
}

func (m *Model) killing(w screen.Subject) tea.Cmd {
	params := map[string]any{"pool": w.Pool, "pid": w.PID}
	if w.Worker != 0 {
		params["worker"] = w.Worker // pids are used again
	}
	return m.act(fmt.Sprintf("killed pid %d", w.PID), "worker.kill", params)
}

// scale asks for the new size of a pool.
func (m *Model) scale(name string) {
	p := m.state.Pools[name]
	answer := fmt.Sprintf("%d %d", p.Min, p.Max)
	ask := fmt.Sprintf("scale pool %s to how many workers, at least and at most?", name)
	if p.WorkerMemoryMax > 0 {
		ask = fmt.Sprintf("scale pool %s (a worker takes up to %s) to min and max:", name, draw.Size(p.WorkerMemoryMax))
	}
	m.ask("operate", &question{ask: ask, command: m.command("pool", "scale", name, "MIN", "MAX"), answer: &answer, run: func(answer string) (tea.Cmd, error) {
		var least, most int
		if n, err := fmt.Sscanf(answer, "%d %d", &least, &most); n != 2 || err != nil {
			return nil, fmt.Errorf("type two numbers, as in %q", "2 8")
		}
		params := map[string]any{"pool": name, "min": least, "max": most}
		return m.act(fmt.Sprintf("pool %s has %d to %d workers now", name, least, most), "pool.scale", params), nil
	}})
}
