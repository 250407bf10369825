package main

import (
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"
)

// guard ends the program in order after a panic of its model, so that the
// terminal is as it was. What bubbletea does with a panic closes the terminal's
// input while it is being read.
type guard struct {
	tea.Model
	panicked *string
}

func (g guard) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	if *g.panicked != "" {
		return g, tea.Quit
	}
	defer func() {
		if v := recover(); v != nil {
			g.note(v)
			next, cmd = g, tea.Quit
		}
	}()
	model, cmd := g.Model.Update(msg)
	return guard{model, g.panicked}, cmd
}

// View shows nothing after a panic: the next message ends the program.
func (g guard) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			g.note(r)
		}
	}()
	if *g.panicked != "" {
		return v
	}
	return g.Model.View()
}

func (g guard) note(v any) { *g.panicked = fmt.Sprintf("panic: %v\n\n%s", v, debug.Stack()) }
