package text

import (
	"testing"
	"time"
)

// A text that is too long is cut between two characters.
func TestShorten(t *testing.T) {
	for limit, want := range map[int]string{-1: "…", 0: "…", 1: "a…", 2: "a…", 3: "aä…", 4: "aä…", 6: "aä…", 7: "aä😀…", 8: "aä😀b"} {
		if got := Shorten("aä😀b", limit); got != want {
			t.Errorf("with %d bytes it is %q, not %q", limit, got, want)
		}
	}
}

// What is not UTF-8 is replaced, and what was cut shares no memory.
func TestShortenIsValid(t *testing.T) {
	if got := Shorten("a\xffb", 3); got != "a\uFFFDb" {
		t.Errorf("%q", got)
	}
}

func TestEncodable(t *testing.T) {
	for year, want := range map[int]bool{-5: false, 1: true, 2026: true, 9999: true, 20000: false} {
		if got := Encodable(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("the year %d: %v", year, got)
		}
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Name": "name", "LogLevel": "log_level", "PID": "pid", "HTTPPort": "http_port", "WorkerPID": "worker_pid", "Sha256Sum": "sha256_sum", "X": "x", "": "",
	} {
		if got := Snake(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}
