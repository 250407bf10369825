package cli

import "time"

// quiet is how long progress waits before it prints its first line, where there
// is no terminal.
const quiet = 2 * time.Second

// progress prints on standard error what a verb waits for: on a terminal each
// second in one line, elsewhere in a line for each new text, the first after a
// while.
type progress struct {
	to    *printer
	name  string // of the program
	begun time.Time
	said  string
	pace  *time.Ticker
	tick  <-chan time.Time // says when to show something
}

func (in *Invocation) progress() *progress {
	p := &progress{to: in.program.stderr, name: in.program.name, begun: time.Now(), pace: time.NewTicker(time.Second)}
	p.tick = p.pace.C
	return p
}

// show sets the text that says what the verb waits for.
func (p *progress) show(text string) {
	text = clean(text)
	lasts := time.Since(p.begun)
	switch {
	case p.to.terminal:
		p.to.over(text + " … " + span(lasts.Truncate(time.Second)))
	case lasts >= quiet && text != p.said:
		p.to.printf("%s: %s …\n", p.name, text)
		p.said = text
	}
}

// again begins to wait for something else.
func (p *progress) again() {
	p.begun = time.Now()
	p.pace.Reset(time.Second)
}

// end removes what a terminal shows.
func (p *progress) end() {
	p.pace.Stop()
	p.to.over("")
}
