package control

import (
	"bytes"
	"encoding/base64"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// Some clients speak what older daemons spoke: they wait for a greeting, of
// which there is none here, or frame each request in base64. Nothing that they
// do is an error of any protocol here, so without a hint nobody finds out.

// greetingPatience is how long a client must have been silent that may have
// waited for a greeting.
const greetingPatience = time.Second

// hintSpan is how often a hint is logged at most.
const hintSpan = time.Minute

const (
	silentHint = "control: a client connected and sent nothing; if it waited for a greeting, there is none here: " +
		"let it send its request at once, as JSON-RPC on a line, over HTTP, or as XML-RPC"
	framedHint = "control: a client sent base64 of what PHP's serialize makes, which is not spoken here: " +
		"let it send JSON-RPC on a line, over HTTP, or XML-RPC"
)

// hint is a line of the log that is written now and then.
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

// hintSilent says that a client has ended, or was given up, without a word.
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
	text: "this is base64 of what PHP's serialize makes: send JSON-RPC on a line, over HTTP, or XML-RPC",
}

// hintFramed says that a client has sent that.
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
