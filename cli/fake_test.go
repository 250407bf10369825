package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/legiontest"
)

// fake is a daemon that always gives the same answers.
type fake struct {
	t       *testing.T
	address string
	results map[string]string // JSON, by method
	errors  map[string]string // error objects
	items   map[string][]string
	ends    func() bool // says after each answer whether the daemon ends; nil: never
}

func newFake(t *testing.T, results map[string]string) *fake {
	t.Helper()
	legiontest.CheckLeaks(t)
	dir, err := os.MkdirTemp("", "cli")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, address: "unix://" + l.Addr().String(), results: results, errors: map[string]string{}, items: map[string][]string{}}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-over
		_ = os.RemoveAll(dir)
	})
	return f
}

// serve answers a client, until the client hangs up.
func (f *fake) serve(c net.Conn) {
	go func() {
		defer c.Close()
		in := bufio.NewScanner(c)
		for in.Scan() {
			var r struct {
				ID     json.RawMessage `json:"id"`
				Method string          `json:"method"`
			}
			if err := json.Unmarshal(in.Bytes(), &r); err != nil {
				f.t.Errorf("request %q: %v", in.Bytes(), err)
				return
			}
			if items, ok := f.items[r.Method]; ok {
				fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"result":{"stream":1}}`+"\n", r.ID)
				for _, item := range items {
					fmt.Fprintf(c, `{"jsonrpc":"2.0","method":%q,"params":{"stream":1,"item":%s}}`+"\n", r.Method, item)
				}
				fmt.Fprintf(c, `{"jsonrpc":"2.0","method":%q,"params":{"stream":1,"end":true}}`+"\n", r.Method)
				continue
			}
			answer := `"error":{"code":-32601,"message":"Method not found"}`
			if result, ok := f.results[r.Method]; ok {
				answer = `"result":` + result
			}
			if failure, ok := f.errors[r.Method]; ok {
				answer = `"error":` + failure
			}
			fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,%s}`+"\n", r.ID, strings.ReplaceAll(answer, "\n", " "))
			if f.ends != nil && r.Method != "daemon.hello" && f.ends() {
				return
			}
		}
		if errors.Is(in.Err(), bufio.ErrTooLong) { // a connection may break
			f.t.Error("a request is too long for the fake")
		}
	}()
}

// run runs a command line of a tool; the daemon is called "thumbs".
func (f *fake) run(width int, colour bool, args ...string) (code int, stdout, stderr string) {
	f.t.Helper()
	p := newProgram(nil, nil)
	p.name = "legion"
	p.tool = &Tool{
		Find: func(string) (string, error) { return f.address, nil },
		List: func() []string { return []string{"thumbs", "tiles"} },
	}
	var out, errs bytes.Buffer
	p.stdout = &printer{w: &out, width: width, terminal: colour, colour: colour}
	p.stderr = &printer{w: &errs}
	code = p.main(context.Background(), args)
	return code, out.String(), errs.String()
}

// golden compares text with a file in testdata; with UPDATE=1 in the
// environment it writes that.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is now:\n%s\ninstead of:\n%s", path, text, want)
	}
}
