package web

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/web/ui"
)

// opened is the answer to POST session.
type opened struct {
	Login    bool   `json:"login"` // the page sends the token itself with each request
	Role     string `json:"role"`
	As       string `json:"as"`
	Daemon   string `json:"daemon"`
	Version  string `json:"version"`
	Commands string `json:"commands"` // what to type before a command
}

// session tells the page which daemon it is and what it may do, or that a token
// is needed.
func session(ctx context.Context, r asked) plugin.Response {
	if r.role == 0 {
		return inJSON(401, map[string]any{"login": true})
	}
	var hello struct {
		Result struct{ Name, Version string } `json:"result"`
	}
	text := r.methods.Call(ctx, []byte(`{"jsonrpc":"2.0","id":1,"method":"daemon.hello"}`))
	if err := json.Unmarshal(text, &hello); err != nil || hello.Result.Name == "" {
		return refuse(502, "the daemon does not say who it is: %s", text)
	}
	return inJSON(200, opened{
		Login: true, Role: r.role.String(), As: as, Daemon: hello.Result.Name, Version: hello.Result.Version,
		Commands: hello.Result.Name,
	})
}

// rpc answers a request of JSON-RPC.
func rpc(ctx context.Context, r asked) plugin.Response {
	body := r.methods.Call(ctx, r.Body)
	if body == nil {
		return answer(204, "", nil)
	}
	return answer(200, "application/json", body)
}

// watch sends what the method watch streams, an item a line. An empty line says
// that the stream lives. The last line says how it ended, unless the connection
// broke; without an error the page opens the next stream at once, at the
// successor after an upgrade.
func (d *dashboard) watch(ctx context.Context, r asked) plugin.Response {
	params := bytes.Clone(r.Body) // which ends with this function
	person, window := legion.CallerOf(ctx).Name, ui.WindowOf(r.Field)
	a := answer(200, "application/x-ndjson", nil, "X-Accel-Buffering", "no")
	a.Beat = []byte("\n")
	a.Stream = func(ctx context.Context, write func([]byte) error) error {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		defer d.places.Take(person, window, end)()
		if err := write([]byte("\n")); err != nil {
			return err
		}
		err := r.methods.Follow(ctx, "watch", params, func(item []byte) error {
			return write(append(item[:len(item):len(item)], '\n'))
		})
		return write(append(ui.LastLine(ctx, err), '\n'))
	}
	return a
}
