package pool

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/legion-go/legion/internal/link"
)

// What is remembered of processes is bounded, whatever they say at their end.
func TestLongLastWords(t *testing.T) {
	words := errors.New(strings.Repeat("é", 1<<20))
	p := New(Config{Name: "talkers", Min: 1, Max: 1, Concurrency: 1, Queue: 1, BackoffMin: time.Hour, BackoffMax: time.Hour, MaxBootFails: 8}, nil,
		func(uint64) (Process, link.Conn, error) { return nil, nil, words }, Hooks{})
	if err := p.Start(context.Background()); err == nil || len(err.Error()) < 1<<20 {
		t.Errorf("it starts, or does not say why not: %.200v", err)
	}
	_, gone := p.Recent()
	if len(gone) != 1 || !strings.HasPrefix(gone[0].How, "it could not be started: é") || len(gone[0].How) > mostHow+3 || !utf8.ValidString(gone[0].How) {
		t.Fatalf("%d processes have ended; the first: %.200q, of %d bytes", len(gone), gone[0].How, len(gone[0].How))
	}
}
