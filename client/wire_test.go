package client

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// script is a connection that sends a text, and reads everything.
type script struct {
	net.Conn
	io.Reader
}

func (s script) Read(p []byte) (int, error)  { return s.Reader.Read(p) }
func (s script) Write(p []byte) (int, error) { return len(p), nil }
func (s script) Close() error                { return nil }

func TestReadLongLines(t *testing.T) {
	text := strings.Repeat("x", 5<<20)
	line := `{"jsonrpc":"2.0","id":1,"result":"` + text + "\"}\n"
	for _, in := range []io.Reader{strings.NewReader(line + line), iotest.HalfReader(strings.NewReader(line + line))} {
		w := newWire(script{Reader: in})
		for range 2 {
			m, err := w.read()
			if err != nil || len(m.Result) != len(text)+2 {
				t.Fatalf("%d bytes, %v", len(m.Result), err)
			}
		}
		if _, err := w.read(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %v", err)
		}
		if w.long != nil {
			t.Errorf("a buffer of %d bytes is kept", cap(w.long))
		}
	}
}

// endless is a line without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return copy(p, bytes.Repeat([]byte("["), len(p))), nil
}

func TestReadIsBounded(t *testing.T) {
	in := &endless{}
	w := newWire(script{Reader: in})
	w.limit = 1 << 20
	if _, err := w.read(); err == nil || !strings.Contains(err.Error(), "1048576 bytes") {
		t.Errorf("got %v", err)
	}
	if in.read > 2<<20 {
		t.Errorf("%d bytes were read", in.read)
	}
	if maxLine != 64<<20 {
		t.Error("the package's documentation says 64 MiB")
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}\n", `{"jsonrpc":"2.0","id":1,"result":{"a":[1,2.5,"x"]}}` + "\n",
		`{"jsonrpc":"2.0","id":1,"result":null}` + "\n" + `{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}` + "\n",
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error","data":[]}}` + "\n",
		`{"jsonrpc":"2.0","method":"log.follow","params":{"stream":1,"item":{"message":"x"}}}` + "\n",
		`{"jsonrpc":"2.0","method":"log.follow","params":{"stream":1,"end":true,"error":{"code":1}}}` + "\r\n",
		`{"jsonrpc":"2.0","id":18446744073709551616,"result":1}` + "\n", "[[[[\n", strings.Repeat("[", 20000) + "\n",
		`{"jsonrpc":"2.0","id":1,"result":"` + strings.Repeat("x", 70000) + "\"}\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, said []byte, slowly bool) {
		var in io.Reader = bytes.NewReader(said)
		if slowly {
			in = iotest.OneByteReader(in)
		}
		w := newWire(script{Reader: in})
		w.limit = 1 << 16
		messages := 0
		for {
			m, err := w.read()
			if err != nil {
				if len(err.Error()) > 2000 {
					t.Errorf("an error of %d bytes: %.100s", len(err.Error()), err)
				}
				break
			}
			messages++
			if m.Version != "2.0" || m.Method == "" && m.Error == nil && m.Result == nil {
				t.Errorf("taken for a message: %+v", m)
			}
			if _, ok := m.answers(); ok && m.refuses() {
				t.Errorf("%+v answers a request and none", m)
			}
			var into struct {
				Uptime time.Duration `json:"uptime"`
			}
			_ = m.into("m", &into)
		}
		if lines := bytes.Count(said, []byte("\n")); messages > lines {
			t.Errorf("%d messages in %d lines", messages, lines)
		}
	})
}
