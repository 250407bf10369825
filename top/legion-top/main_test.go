package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// asKey makes the test binary legion-top itself, in a terminal of a test.
const asKey = "LEGION_TOP_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(asKey) {
	case "":
		legiontest.Main(m, func() *legion.Daemon { return newTrial("none").Daemon })
	case "panics":
		wrap = func(m tea.Model) tea.Model { return panics{m} }
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// panics is a model that panics when the user presses P.
type panics struct{ tea.Model }

func (p panics) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "P" {
		panic("as the test asks")
	}
	m, cmd := p.Model.Update(msg)
	return panics{m}, cmd
}

// trial is a daemon to look at.
type trial struct {
	*legion.Daemon
	nap *legion.Func[time.Duration, int]
}

func newTrial(control string) *trial {
	t := &trial{Daemon: legion.New(legion.Config{Name: "trial", Version: "v1.2.3", Control: control, PID: legion.PIDMayChange, StopTimeout: 30 * time.Second})}
	t.nap = legion.Worker(t.Daemon, "nap", func(_ context.Context, d time.Duration) (int, error) {
		time.Sleep(d)
		return os.Getpid(), nil
	}, legion.Pool{Min: 2, Max: 4, KillGrace: 10 * time.Millisecond})
	legion.Worker(t.Daemon, "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil }, legion.Pool{Max: 1})
	return t
}

// begin starts it, and returns the address of its control socket.
func begin(t *testing.T) (*trial, string) {
	t.Helper()
	address := "unix://" + filepath.Join(t.TempDir(), "control.sock")
	d := newTrial(address)
	legiontest.Start(t, d.Daemon)
	return d, address
}

// Wrong usage and places without a terminal get an error that says what to do.
func TestUsage(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, wrongUsage, "give one daemon"},
		{[]string{"a", "b"}, wrongUsage, "give one daemon"},
		{[]string{"--every", "1ms", "a"}, wrongUsage, "use 250ms to 1m"},
		{[]string{"--fast", "a"}, wrongUsage, "-fast"},
		{[]string{"--help"}, ok, "usage: legion-top"},
		{[]string{"trial"}, failed, "this needs a terminal"},
	} {
		var errs bytes.Buffer
		if code := run(c.args, null, null, &errs); code != c.code || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%q: code %d, %s", c.args, code, errs.String())
		}
	}
}

// What commands are shown as depends on who started the program.
func TestNamesInCommands(t *testing.T) {
	for _, c := range []struct {
		args          []string
		command, name string
	}{
		{[]string{"thumbs"}, "legion", "thumbs"},
		{[]string{"--name", "thumbs", "unix:///x"}, "legion", "thumbs"},
		{[]string{"--command", "thumbs", "unix:///x"}, "thumbs", ""},
	} {
		if s, err := parse(c.args, new(bytes.Buffer)); err != nil || s.command != c.command || s.name != c.name {
			t.Errorf("%q: %+v, %v", c.args, s, err)
		}
	}
	if _, err := parse([]string{"a", "b"}, new(bytes.Buffer)); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("two daemons: %v", err)
	}
}
