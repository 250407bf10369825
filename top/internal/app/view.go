package app

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/legion-go/legion/top/internal/draw"
	"github.com/legion-go/legion/top/internal/screen"
)

// The least terminal in which the screens are legible.
const leastWidth, leastHeight = 60, 12

// View is what is shown now.
func (m *Model) View() tea.View {
	lines, cursor := m.draw()
	v := tea.NewView(m.options.Chars.Spell(strings.Join(lines, "\n")))
	v.AltScreen = true
	v.WindowTitle = cmp.Or(m.state.Daemon.Name, m.options.Target) + " – legion top"
	if cursor != nil {
		v.Cursor = tea.NewCursor(cursor.x, cursor.y)
	}
	return v
}

// place is where the cursor is: on the selected row, for those who read the
// screen with their fingers, or where the user types.
type place struct{ x, y int }

func (m *Model) draw() ([]string, *place) {
	if m.width == 0 || m.height == 0 {
		return nil, nil // the terminal has yet to say how large it is
	}
	if m.width < leastWidth || m.height < leastHeight {
		return []string{draw.Cut(fmt.Sprintf("this terminal has %d × %d characters; legion-top needs %d × %d", m.width, m.height, leastWidth, leastHeight), m.width)}, nil
	}
	lines := []string{m.bar(), m.tabs()}
	if strip := m.strip(); strip != "" {
		lines = append(lines, strip)
	}
	height := m.height - len(lines) - 1
	var body []string
	at := -1
	switch {
	case m.text != nil:
		body = m.text.window(m.width, height)
	case m.state.At.IsZero() && !m.state.Connected: // there is nothing to show yet
		body = draw.Wrap(draw.Clean(m.why()), m.width)
	default:
		body, at = m.body(height)
	}
	for len(body) < height {
		body = append(body, "")
	}
	var cursor *place
	if at >= 0 {
		cursor = &place{0, len(lines) + at}
	}
	lines = append(append(lines, body[:height]...), m.foot())
	if m.question != nil || m.filtering {
		cursor = &place{min(draw.Width(m.foot()), m.width-1), m.height - 1}
		if m.filtering {
			cursor.x = min(draw.Width(m.prompt()), m.width-1)
		}
	}
	return lines, cursor
}

// bar is the first line: which daemon, and how it is.
func (m *Model) bar() string {
	d, h := m.state.Daemon, m.state.Hello
	name := draw.Clean(cmp.Or(d.Name, h.Name, m.options.Target))
	live := draw.Green.Paint("live")
	switch {
	case !m.state.Connected:
		live = draw.Red.Paint("away")
	case m.stale:
		live = draw.Yellow.Paint("paused")
	}
	left := fmt.Sprintf("%s  %s  pid %d  %s  up %s", draw.Bold.Paint(name), draw.Clean(d.State), d.PID, draw.Clean(h.Version), draw.Span(d.Uptime))
	role := cmp.Or(m.state.Role, "?")
	if m.options.ReadOnly {
		role = "read only"
	}
	right := fmt.Sprintf("load %.2f  %s  %s  %s", d.Load[0], role, live, m.now.In(m.zone()).Format("15:04:05"))
	if m.utc {
		right += " UTC"
	}
	return draw.Sides(left, right, m.width)
}

// tabs names the screens and their keys.
func (m *Model) tabs() string {
	var b strings.Builder
	for i, s := range screen.All {
		label := fmt.Sprintf(" %d %s ", i+1, s.Name)
		if i == m.at {
			label = draw.Reverse.Paint(label)
		}
		b.WriteString(label)
	}
	return draw.Fit(b.String(), m.width, false)
}

// strip says what is wrong now, and what to do about it.
func (m *Model) strip() string {
	wrong := ""
	switch {
	case !m.state.Connected && m.state.At.IsZero():
		return ""
	case !m.state.Connected:
		wrong = "as of " + m.state.At.In(m.zone()).Format("15:04:05") + "; " + m.why()
	case m.state.Daemon.Changing != "":
		return draw.Yellow.Paint(draw.Cut(draw.Clean(m.state.Daemon.Changing)+" is under way", m.width))
	default:
		for _, name := range m.state.PoolNames() {
			if p := m.state.Pools[name]; p.State == "failed" {
				wrong = fmt.Sprintf("pool %s failed: %s (p lets it go on)", name, p.Reason)
				break
			} else if len(p.Poisoned) > 0 {
				wrong = fmt.Sprintf("pool %s: %s in quarantine, because its calls kill workers (a readmits it)", name, strings.Join(p.Poisoned, ", "))
				break
			}
		}
		if wrong == "" && !m.state.Daemon.Healthy && m.state.Daemon.Unhealthy != "" {
			wrong = m.state.Daemon.Unhealthy
		}
	}
	if wrong == "" {
		return ""
	}
	return draw.Red.Paint(draw.Cut("! "+draw.Clean(wrong), m.width))
}

// body is the present screen, and the line of its selected row, or -1.
func (m *Model) body(height int) (lines []string, at int) {
	p, _ := m.page(height)
	l := m.list()
	l.settle(p.Rows, m.screen().Tail)
	for _, line := range p.Top {
		lines = append(lines, draw.Cut(line, m.width))
	}
	if len(p.Rows) == 0 {
		empty := p.Empty
		if l.filter != "" {
			empty = fmt.Sprintf("nothing has %q in it; Esc ends the filter", l.filter)
		}
		return append(append(lines, draw.Dim.Paint(draw.Cut(empty, m.width))), p.Bottom...), -1
	}
	head, row := p.Table.Head(m.width)
	lines = append(lines, head)
	room := max(height-len(lines)-len(p.Bottom), min(height-len(lines), 3))
	l.scroll(len(p.Rows), room)
	for i := l.top; i < min(l.top+room, len(p.Rows)); i++ {
		if i == l.index {
			at = len(lines)
		}
		lines = append(lines, row(i, i == l.index))
	}
	return append(lines, p.Bottom...), at
}

// scroll moves the window of rows so that the selected one is in it.
func (l *list) scroll(rows, room int) {
	room = max(room, 1)
	l.top = min(l.top, l.index)
	l.top = max(l.top, l.index-room+1)
	l.top = max(0, min(l.top, rows-room))
}

// foot is the last line: a question, the end of an action, or the keys.
func (m *Model) foot() string {
	switch {
	case m.question != nil:
		return draw.Fit(m.question.line(m.width), m.width, false)
	case m.filtering:
		return draw.Fit(m.prompt(), m.width, false)
	case m.said != "" && m.failed:
		return draw.Red.Paint(draw.Cut("! "+draw.Clean(m.said), m.width))
	case m.said != "":
		return draw.Cut(draw.Clean(m.said), m.width)
	}
	return draw.Dim.Paint(draw.Cut(m.hints(), m.width))
}

func (m *Model) prompt() string { return "filter: " + draw.Clean(m.list().filter) }
