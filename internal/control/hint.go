package control

import (
	"bytes"
	"encoding/base64"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// Some clients speak the protocol of older daemons: they wait for a greeting,
// which this server does not send, or frame each request in base64. Neither is
// an error in any protocol here, so without a hint the operator cannot find the
// cause.

// greetingPatience is how long a client must be silent to count as waiting for
// a greeting.
const greetingPatience = time.Second

// hintSpan is the least time between two logs of a hint.
const hintSpan = time.Minute

const (
	silentHint = "control: a client connected and sent nothing; if it waited for a greeting, none is sent here: " +
		"let it send its request at once, as JSON-RPC on a line, over HTTP, or as XML-RPC"
	framedHint = "control: a client sent base64 of a value that PHP serialized, which is not supported here: " +
		"let it send JSON-RPC on a line, over HTTP, or XML-RPC"
)

// hint is a line of the log that is written at most once in hintSpan.
type hint struct {
	mu   sync.Mutex
	said time.Time
}

func (h *hint) due() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.said.IsZero() && time.Since(h.said) < hintSpan {
		return false
	}
	h.said = time.Now()
	return true
}

// hintSilent logs that a client ended, or was given up, without sending
// anything.
func (c *conn) hintSilent(since time.Time) {
	s := c.server
	s.mu.Lock()
	ending := c.ending != nil
	s.mu.Unlock()
	if ending || c.in.Buffered() > 0 || time.Since(since) < greetingPatience || !s.silent.due() {
		return
	}
	s.options.Log.Warn(silentHint, "who", c.peer.name(), "address", c.address.String(), "silent", time.Since(since).Round(time.Millisecond))
}

// errFramed refuses what [framed] recognises.
var errFramed = &refusal{
	status: 400, code: rpc.CodeParse,
	text: "this is base64 of a value that PHP serialized: send JSON-RPC on a line, over HTTP, or XML-RPC",
}

// hintFramed logs that a client sent such a line.
func (c *conn) hintFramed() {
	if c.server.framed.due() {
		c.server.options.Log.Warn(framedHint, "who", c.peer.name(), "address", c.address.String())
	}
}

// framed reports whether a line is base64 of a serialized value of PHP:
// s:5:"hello"; for instance.
func framed(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) < 8 || len(line)%4 != 0 {
		return false
	}
	var first [6]byte
	if n, err := base64.StdEncoding.Decode(first[:], line[:8]); err != nil || n < 4 {
		return false
	}
	if !bytes.ContainsAny(first[:1], "aObidsC") || first[1] != ':' {
		return false
	}
	return bytes.IndexFunc(bytes.TrimRight(line, "="), notBase64) < 0
}

func notBase64(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/')
}
