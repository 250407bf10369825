package app

import (
	"fmt"

	"github.com/legion-go/legion/top/internal/draw"
)

// text is shown instead of a screen: a stack, a certificate, the help.
type text struct {
	title string
	lines []string
	top   int
	death uint64 // the number of the certificate that it is
	kind  string
}

// window is the part that is shown.
func (t *text) window(width, height int) []string {
	t.top = max(0, min(t.top, len(t.lines)-height+2))
	title := t.title
	if more := len(t.lines) - (height - 2); more > 0 {
		title = fmt.Sprintf("%s (line %d of %d)", t.title, t.top+1, len(t.lines))
	}
	shown := []string{draw.Reverse.Paint(draw.Fit(" "+title, width, false)), ""}
	for _, line := range t.lines[t.top:min(t.top+max(height-2, 0), len(t.lines))] {
		shown = append(shown, draw.Cut(line, width))
	}
	return shown
}

// scroll moves it by a key, and reports whether the key is one of those.
func (t *text) scroll(key string, height int) bool {
	switch key {
	case "down", "j":
		t.top++
	case "up", "k":
		t.top--
	case "pgdown", "space":
		t.top += height
	case "pgup":
		t.top -= height
	case "home", "g":
		t.top = 0
	case "end", "G":
		t.top = len(t.lines)
	default:
		return false
	}
	t.top = max(t.top, 0)
	return true
}
