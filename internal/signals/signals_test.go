package signals

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "SIGHUP": syscall.SIGHUP, "sigusr1": syscall.SIGUSR1, "usr2": syscall.SIGUSR2, "15": syscall.SIGTERM, "Quit": syscall.SIGQUIT,
	} {
		if got, err := Parse(text); got != want || err != nil {
			t.Errorf("%q is %v (%v), not %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":        `there is no signal ""`,
		"FOO":     `there is no signal "FOO"`,
		"0":       `there is no signal "0"`,
		"-1":      `there is no signal "-1"`,
		"999":     `there is no signal "999"`,
		"9":       "SIGKILL cannot be taken: the system lets no program",
		"stop":    "SIGSTOP cannot be taken: the system lets no program",
		"SIGSEGV": "it reports a fault of the program",
		"prof":    "profiler",
		"URG":     "use kill",
	} {
		if got, err := Parse(text); got != 0 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v: %v, not %q", text, got, err, want)
		}
	}
}

// What a daemon promises to take can be taken, and no signal is in two lists.
func TestListsCanBeTaken(t *testing.T) {
	seen := map[syscall.Signal]bool{}
	for _, list := range [][]syscall.Signal{BuiltIn, EventsOnly} {
		for _, s := range list {
			if why := Untakeable(s); why != "" || Never(s) || seen[s] {
				t.Errorf("%s: %q, twice: %v", unix.SignalName(s), why, seen[s])
			}
			seen[s] = true
		}
	}
	if seen[syscall.SIGQUIT] {
		t.Error("SIGQUIT no longer ends the program with its stacks")
	}
}

// No number is taken for a signal that a program can take, and what no program
// decides is untakeable.
func TestUntakeable(t *testing.T) {
	for _, s := range []syscall.Signal{-1, 0, 65, 1 << 20, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP} {
		if Untakeable(s) == "" {
			t.Errorf("%d can be taken", s)
		}
	}
	if !Never(syscall.SIGKILL) || !Never(syscall.SIGSTOP) || Never(syscall.SIGSEGV) || Never(syscall.SIGTERM) {
		t.Error("it is wrong about who decides")
	}
}
