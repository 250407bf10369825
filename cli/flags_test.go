package cli

import (
	"bytes"
	"flag"
	"testing"

	"github.com/legion-go/legion"
)

// The long names of the ancestors are understood where they cannot be the
// program's own flags.
func TestLongFlags(t *testing.T) {
	for _, line := range [][]string{{"--daemon", "--verbose", "--hardstart", "--foreground"}, {"run", "--daemon", "--verbose", "--hardstart", "--foreground"}} {
		p := newProgram(legion.New(legion.Config{Name: "thumbs"}), nil)
		var out bytes.Buffer
		p.stderr = &printer{w: &out}
		if code := p.main(t.Context(), line); code != ExitUsage || !p.flags.background || !p.flags.foreground || !p.flags.verbose || !p.flags.hard {
			t.Errorf("%v: code %d, %+v, %s", line, code, p.flags, out.String()) // -d and -f exclude each other
		}
	}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	Flags(fs)
	fs.Bool("verbose", false, "its own") // panics if the name is taken
	fs.Bool("version", false, "its own")
}

// Without flags of its own a program says its version at --version, too.
func TestVersionFlag(t *testing.T) {
	p := newProgram(legion.New(legion.Config{Name: "thumbs"}), nil)
	var out bytes.Buffer
	p.stdout = &printer{w: &out}
	if code := p.main(t.Context(), []string{"--version"}); code != ExitOK || !bytes.Contains(out.Bytes(), []byte("(legion ")) {
		t.Errorf("code %d: %s", code, out.String())
	}
}
