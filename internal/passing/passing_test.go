package passing

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// What a memory passes on reaches the next process whole; one that fails does
// not keep the others from theirs, and is named in the log.
func TestPassing(t *testing.T) {
	var took []string
	memory := func(name string, most int64, pass string, failure error) Memory {
		return Memory{
			Name: name, What: "what " + name + " knows", Most: most,
			Pass: func() ([]byte, error) { return []byte(pass), failure },
			Take: func(b []byte) error {
				took = append(took, name+"="+string(b))
				if pass == "bad" {
					return errors.New("nonsense")
				}
				return nil
			},
		}
	}
	all := []Memory{
		memory("first", 3, "abc", nil), memory("none", 3, "", nil), memory("failing", 3, "", errors.New("out of order")),
		memory("long", 3, "abcd", nil), memory("bad", 3, "bad", nil), memory("last", 3, "z", nil),
	}
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	files := map[string]*os.File{}
	if made := Files(all, files, log); len(made) != 4 || len(files) != 4 {
		t.Fatalf("made %d files: %v", len(made), files)
	}
	Inherit(all, func(name string) *os.File { return files[name] }, log)
	if got := strings.Join(took, " "); got != "first=abc bad=bad last=z" {
		t.Errorf("taken: %s", got)
	}
	for name, f := range files {
		if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file of %s is open: %v", name, err)
		}
	}
	for _, want := range []string{
		"what failing knows cannot be passed on to the next process\" err=\"out of order",
		"passed on what long knows, which cannot be read and is left out\" err=\"more than 3 bytes",
		"passed on what bad knows, which cannot be read and is left out\" err=nonsense",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the log does not have %q:\n%s", want, text.String())
		}
	}
	if n := strings.Count(text.String(), "\n"); n != 3 {
		t.Errorf("%d lines in the log:\n%s", n, text.String())
	}
}
