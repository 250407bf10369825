package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type pair struct{ name, value string }

// parse is written from the protocol's description alone: lines "NAME=value",
// or "NAME", then the length as 64 bits little-endian, that many bytes, and a
// newline.
func parse(entry []byte) (fields []pair, err error) {
	for len(entry) > 0 {
		end := bytes.IndexByte(entry, '\n')
		if end < 0 {
			return nil, fmt.Errorf("no newline after %q", entry)
		}
		head, rest := string(entry[:end]), entry[end+1:]
		if name, value, ok := strings.Cut(head, "="); ok {
			fields = append(fields, pair{name, value})
			entry = rest
			continue
		}
		if len(rest) < 8 {
			return nil, fmt.Errorf("no length after %q", head)
		}
		size := binary.LittleEndian.Uint64(rest)
		rest = rest[8:]
		if uint64(len(rest)) < size+1 || rest[size] != '\n' {
			return nil, fmt.Errorf("%q claims %d bytes, %d are there", head, size, len(rest))
		}
		fields = append(fields, pair{head, string(rest[:size])})
		entry = rest[size+1:]
	}
	return fields, nil
}

var takenByJournald = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

func TestAppendField(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"MESSAGE", "hello", "MESSAGE=hello\n"},
		{"MESSAGE", "", "MESSAGE=\n"},
		{"MESSAGE", "a=b", "MESSAGE=a=b\n"},
		{"MESSAGE", "a\nb", "MESSAGE\n\x03\x00\x00\x00\x00\x00\x00\x00a\nb\n"},
		{"MESSAGE", "\n", "MESSAGE\n\x01\x00\x00\x00\x00\x00\x00\x00\n\n"},
		{"BINARY", "\x00\xff\x80", "BINARY=\x00\xff\x80\n"},
		{"call.id", "7", "CALL_ID=7\n"},
		{"_PID", "1", "X_PID=1\n"},
		{"2nd", "1", "X2ND=1\n"},
		{"", "1", "X=1\n"},
		{"é", "1", "X__=1\n"},
		{"A=B\nPRIORITY", "1", "A_B_PRIORITY=1\n"},
	} {
		if got := string(AppendField(nil, c.name, c.value)); got != c.want {
			t.Errorf("%q=%q: got %q, want %q", c.name, c.value, got, c.want)
		}
		if got := string(AppendField([]byte("X=\n"), c.name, []byte(c.value))); got != "X=\n"+c.want {
			t.Errorf("%q=%q after another: got %q", c.name, c.value, got)
		}
	}
	if got, want := Name(strings.Repeat("aé", 50)), strings.Repeat("A__", 22)[:64]; got != want {
		t.Errorf("a long name: %q, want %q", got, want)
	}
	if got := Name(strings.Repeat("_", 100)); !takenByJournald.MatchString(got) {
		t.Errorf("underscores: %q", got)
	}
}

func TestAppendFieldAllocatesNothing(t *testing.T) {
	entry := make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(100, func() {
		entry = AppendField(entry[:0], "call id", "7")
		entry = AppendField(entry, "MESSAGE", "two\nlines")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever name and value are, one field comes out, under a name that journald
// takes, and the next one is not harmed.
func FuzzAppendField(f *testing.F) {
	f.Add("MESSAGE", "hello")
	f.Add("message", "two\nlines")
	f.Add("_UID", "0\nPRIORITY=0")
	f.Add("A=B\nC", "\x00\x00\x00\x00\x00\x00\x00\x00\n")
	f.Fuzz(func(t *testing.T, name, value string) {
		entry := AppendField(AppendField(nil, name, value), "NEXT", "1")
		got, err := parse(entry)
		if want := []pair{{Name(name), value}, {"NEXT", "1"}}; err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
		if !takenByJournald.MatchString(got[0].name) {
			t.Fatalf("journald does not take the name %q", got[0].name)
		}
	})
}
