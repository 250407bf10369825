package control

import (
	"bytes"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	for text, want := range map[string]protocol{
		"G": http, "POST /": http, "{": lines, "[": lines, " \r\n\t{": lines, "<": xml, "\n <?xml": xml, "\xEF\xBB\xBF<": xml, "\xFF\xFE<\x00": xml,
		" GET / HTTP/1.1": http, "get /": lines, "\x16\x03\x01": lines, "\x00": lines, "1": lines, "\"": lines,
	} {
		if got, known := sniff([]byte(text)); !known || got != want {
			t.Errorf("%q: %v %v", text, got, known)
		}
	}
	for _, text := range []string{"", " ", "\r\n"} {
		if got, known := sniff([]byte(text)); known {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzSniff: the protocol does not depend on how much has come already, and is
// known soon.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{"GET /", " {", "\n\n<", "\xEF\xBB\xBF", "\x16\x03", strings.Repeat(" ", 64) + "A", "                                                                  {"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first protocol
		found := false
		for n := 0; n <= min(len(data), 2*sniffed); n++ {
			p, known := sniff(data[:n])
			if found && (!known || p != first) {
				t.Fatalf("%q: %v, then %v", data[:n], first, p)
			}
			if known && !found {
				first, found = p, true
			}
			if !known && (n >= sniffed || len(bytes.TrimLeft(data[:n], " \t\r\n")) > 0) {
				t.Fatalf("%q: not known", data[:n])
			}
		}
	})
}
