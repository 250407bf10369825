package client

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

const (
	maxLine = 64 << 20 // the longest message, in bytes
	keep    = 64 << 10 // a larger buffer is not kept for the next message
)

// wire is a connection: JSON-RPC 2.0, a message a line. One goroutine may read
// while another writes.
type wire struct {
	conn    net.Conn
	pid     int // of the process that listens, 0 if it is not known
	in      *bufio.Reader
	long    []byte // of a line that does not fit in's buffer
	limit   int    // of a line, in bytes
	lastID  uint64 // of the requests written
	written []byte // buffer
}

func newWire(conn net.Conn) *wire {
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 16<<10), limit: maxLine}
}

// message is a message of the daemon: an answer or a notification.
type message struct {
	Version string         `json:"jsonrpc"`
	ID      jsontext.Value `json:"id"`
	Method  string         `json:"method"`
	Params  jsontext.Value `json:"params"`
	Result  jsontext.Value `json:"result"`
	Error   *fault         `json:"error"`
}

type fault struct {
	Code    int            `json:"code"`
	Message string         `json:"message"`
	Data    jsontext.Value `json:"data"`
}

func (f *fault) err() *Error { return &Error{Code: f.Code, Message: f.Message, Data: f.Data} }

// request is the written form of a request, from its method on. A value that is
// neither an object nor an array is the only parameter.
func request(method string, params any) ([]byte, error) {
	b, err := jsontext.AppendQuote([]byte(`,"method":`), method)
	if err != nil {
		return nil, fmt.Errorf("the method's name %q: %w", method, err)
	}
	if params == nil {
		return append(b, '}', '\n'), nil
	}
	p, err := strictjson.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("%s: its parameters, of type %T: %w", method, params, err)
	}
	switch {
	case string(p) == "null":
		return append(b, '}', '\n'), nil
	case p[0] == '{' || p[0] == '[':
		b = append(append(b, `,"params":`...), p...)
	default:
		b = append(append(append(b, `,"params":[`...), p...), ']')
	}
	return append(b, '}', '\n'), nil
}

// write sends a request under the next id.
func (w *wire) write(request []byte) error { return w.writeCall(&call{requests: [][]byte{request}}) }

// writeCall sends a request under the next id, a batch under the next ones, or
// a notification, on one line.
func (w *wire) writeCall(call *call) error {
	b := w.written[:0]
	if call.batch {
		b = append(b, '[')
	}
	for i, request := range call.requests {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"jsonrpc":"2.0"`...)
		if call.sent == nil {
			w.lastID++
			b = strconv.AppendUint(append(b, `,"id":`...), w.lastID, 10)
		}
		b = append(b, bytes.TrimSuffix(request, lineFeed)...)
	}
	if call.batch {
		b = append(b, ']')
	}
	b = append(b, '\n')
	if w.written = b; cap(b) > keep {
		w.written = nil
	}
	_, err := w.conn.Write(b)
	return err
}

var lineFeed = []byte{'\n'}

// readAll returns the next message, or the list of those that answer a batch,
// which is not empty.
func (w *wire) readAll() ([]message, error) {
	line, err := w.line()
	if err != nil {
		return nil, err
	}
	if line[0] != '[' {
		m, err := decode(line)
		return []message{m}, err
	}
	var parts []jsontext.Value
	if err := json.Unmarshal(line, &parts); err != nil || len(parts) == 0 {
		_, err := decode(line) // which it is not
		return nil, err
	}
	all := make([]message, len(parts))
	for i, part := range parts {
		if all[i], err = decode(part); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read returns the next message. The next read does not change it.
func (w *wire) read() (message, error) {
	line, err := w.line()
	if err != nil {
		return message{}, err
	}
	return decode(line)
}

// line returns the next line, valid until the next call.
func (w *wire) line() ([]byte, error) {
	if cap(w.long) > keep {
		w.long = nil
	}
	w.long = w.long[:0]
	for {
		part, err := w.in.ReadSlice('\n')
		if len(w.long)+len(part) > w.limit {
			return nil, fmt.Errorf("the daemon sent a message of more than %d bytes: ask for less", w.limit)
		}
		switch {
		case err == nil && len(w.long) == 0:
			return part, nil
		case err == nil:
			w.long = append(w.long, part...)
			return w.long, nil
		case errors.Is(err, bufio.ErrBufferFull):
			w.long = append(w.long, part...)
		case errors.Is(err, io.EOF) && len(w.long)+len(part) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// decode reads a message.
func decode(line []byte) (message, error) {
	var m message
	err := json.Unmarshal(line, &m)
	switch {
	case err != nil:
	case m.Version != "2.0":
		err = errors.New(`it has not "jsonrpc":"2.0"`)
	case m.Method == "" && m.Error == nil && m.Result == nil:
		err = errors.New("it is neither an answer nor a notification")
	}
	if err != nil {
		return message{}, fmt.Errorf("the answer is not a daemon's: %.60q: check the address, and over TCP whether it needs TLS: %w", bytes.TrimSpace(line), err)
	}
	return m, nil
}

// answers reports whether m answers a request that has an id.
func (m *message) answers() (id uint64, ok bool) {
	if m.Method != "" {
		return 0, false
	}
	id, err := strconv.ParseUint(string(m.ID), 10, 64)
	return id, err == nil
}

// refuses reports whether m is an error about a line that the daemon could not
// read as a request.
func (m *message) refuses() bool {
	return m.Method == "" && m.Error != nil && (m.ID == nil || string(m.ID) == "null")
}

// into stores the result in *v, or returns m's error.
func (m *message) into(method string, v any) error {
	if m.Error != nil {
		return m.Error.err()
	}
	if v == nil {
		return nil
	}
	if err := strictjson.UnmarshalKnown(m.Result, v); err != nil {
		return fmt.Errorf("%s: its result does not fit a %T: %w", method, v, err)
	}
	return nil
}

// lastWords is how long a daemon that reads no more may take to say why.
// Usually its message has arrived already.
const lastWords = 2 * time.Second

// ask sends a request and waits for its answer, while no other goroutine uses
// w.
func (w *wire) ask(request []byte) (message, error) {
	unsent := w.write(request)
	if unsent != nil {
		_ = w.conn.SetReadDeadline(time.Now().Add(lastWords))
	}
	for {
		m, err := w.read()
		if err != nil {
			return message{}, cmp.Or(unsent, err)
		}
		if id, ok := m.answers(); ok && id == w.lastID || m.refuses() {
			return m, nil
		}
	}
}

// call is ask with parameters and a result.
func (w *wire) call(method string, params, result any) error {
	r, err := request(method, params)
	if err != nil {
		return err
	}
	m, err := w.ask(r)
	if err != nil {
		return err
	}
	return m.into(method, result)
}
