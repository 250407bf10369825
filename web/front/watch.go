package front

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/web/ui"
)

const (
	heartbeat   = 10 * time.Second // of a stream that has nothing to say
	writeWithin = 10 * time.Second // for a piece of a stream, until the reader has gone
	streamLife  = 10 * time.Minute // after it the page opens the next one
)

// watch is POST watch: what the method watch streams, an item a line. An empty
// line says that the stream lives. The last line says how it ended, unless the
// connection broke.
func (f *front) watch(w http.ResponseWriter, r *http.Request) error {
	s, err := f.enter(r)
	if err != nil {
		return err
	}
	defer f.sessions.leave(s)
	body, err := read(w, r)
	if err != nil {
		return err
	}
	var params map[string]json.RawMessage
	if err := decode(body, &params); err != nil || params == nil {
		return refuse(http.StatusBadRequest, "the body must be an object: the parameters of the method watch")
	}
	c, err := s.connect(r.Context())
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	if r.ProtoMajor < 2 {
		defer f.places.Take(s.person(), ui.WindowOf(r.Header.Get), end)()
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("X-Accel-Buffering", "no") // proxies would keep items back
	out := newLines(w, r)
	defer out.end()
	w.WriteHeader(http.StatusOK)
	if out.write(nil) != nil {
		return nil
	}
	return out.follow(ctx, c, json.RawMessage(body))
}

// follow writes what the daemon streams, until that ends, the reader goes, or
// its time is over.
func (l *lines) follow(ctx context.Context, c *client.Client, params json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, streamLife)
	items, ended := make(chan json.RawMessage), make(chan error, 1)
	go func() { // ends before follow returns
		ended <- pump(ctx, c, params, items)
	}()
	idle := time.NewTicker(heartbeat)
	defer idle.Stop()
	for {
		var err error
		select {
		case item := <-items:
			idle.Reset(heartbeat)
			err = l.write(item)
		case <-idle.C:
			err = l.write(nil)
		case end := <-ended:
			cancel()
			l.last(ctx, end)
			return nil
		}
		if err != nil { // the reader has gone
			cancel()
			<-ended
			return nil
		}
	}
}

// pump passes the items on, until ctx ends.
func pump(ctx context.Context, c *client.Client, params json.RawMessage, items chan<- json.RawMessage) error {
	for item, err := range client.Stream[json.RawMessage](ctx, c, "watch", params) {
		if err != nil {
			return err
		}
		select {
		case items <- item:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// last writes how a stream ended.
func (l *lines) last(ctx context.Context, err error) {
	if errors.Is(err, context.DeadlineExceeded) { // of streamLife
		err = nil
	}
	_ = l.write(ui.LastLine(ctx, err))
}
