//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// cost is what pages took: percent of a processor, and KB a second to one page.
// daemon and front are differences to the time without pages; stream is what a
// profile of the daemon shows in the code that serves pages, without the
// garbage that is collected for it.
type cost struct{ daemon, stream, front, packed, plain float64 }

func medians(all []cost) cost {
	median := func(of func(cost) float64) float64 {
		var values []float64
		for _, c := range all {
			values = append(values, of(c))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return cost{
		median(func(c cost) float64 { return c.daemon }), median(func(c cost) float64 { return c.stream }), median(func(c cost) float64 { return c.front }),
		median(func(c cost) float64 { return c.packed }), median(func(c cost) float64 { return c.plain }),
	}
}

// settled is how long pages are open before they count: first comes everything
// there is.
const settled = 3 * time.Second

// cost opens pages that follow topics, and compares the time with them to the
// same time without, before and after.
func (s *setup) cost(ctx context.Context, topics []string, pages int, each time.Duration) (c cost, err error) {
	before, err := s.taken(ctx, each/2)
	if err != nil {
		return c, err
	}
	var with cost
	var packed, plain atomic.Int64
	err = s.open(ctx, topics, pages, &packed, &plain, func(ctx context.Context) error {
		if err := sleep(ctx, settled); err != nil {
			return err
		}
		end, err := s.profile()
		if err != nil {
			return err
		}
		p, q, began := packed.Load(), plain.Load(), time.Now()
		with, err = s.taken(ctx, each)
		took := time.Since(began)
		scale := took.Seconds() * float64(pages) * 1000
		c.packed, c.plain = float64(packed.Load()-p)/scale, float64(plain.Load()-q)/scale
		serving, failed := end()
		c.stream = 100 * float64(serving) / float64(took)
		return errors.Join(err, failed)
	})
	if err != nil {
		return c, err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return c, err
	}
	after, err := s.taken(ctx, each/2)
	c.daemon = with.daemon - (before.daemon+after.daemon)/2
	c.front = with.front - (before.front+after.front)/2
	return c, err
}

// taken is what both processes take in a time.
func (s *setup) taken(ctx context.Context, each time.Duration) (c cost, err error) {
	at := time.Now()
	d, err1 := used(s.daemon)
	f, err2 := used(s.front)
	if err := errors.Join(err1, err2, sleep(ctx, each)); err != nil {
		return c, err
	}
	took := time.Since(at)
	d2, err1 := used(s.daemon)
	f2, err2 := used(s.front)
	return cost{daemon: 100 * float64(d2-d) / float64(took), front: 100 * float64(f2-f) / float64(took)}, errors.Join(err1, err2)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// open runs do while so many pages are open, and counts their bytes: as they
// come, and unpacked.
func (s *setup) open(ctx context.Context, topics []string, pages int, packed, plain *atomic.Int64, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel(nil)
	for range pages {
		link, err := s.link()
		if err != nil {
			return err
		}
		all.Go(func() {
			if err := page(ctx, link, topics, packed, plain); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	if err := do(ctx); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return nil
}

// page does what the page in a browser does: it exchanges the link for a
// session, and reads a stream.
func page(ctx context.Context, link string, topics []string, packed, plain *atomic.Int64) error {
	root, token, _ := strings.Cut(link, "#token=")
	transport := &http.Transport{DisableCompression: true} // it is unpacked here, so that both are counted
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport}
	post := func(path, secret string, body any) (*http.Response, error) {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r, err := http.NewRequestWithContext(ctx, "POST", root+path, bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("Legion-Browser", token) // each page is a browser of its own
		w, err := browser.Do(r)
		if err == nil && w.StatusCode != http.StatusOK {
			text, _ := io.ReadAll(w.Body)
			_ = w.Body.Close()
			err = fmt.Errorf("POST %s: %s: %s", path, w.Status, text)
		}
		return w, err
	}
	w, err := post("session", "", map[string]string{"token": token})
	if err != nil {
		return err
	}
	var session struct{ Secret string }
	err = json.NewDecoder(w.Body).Decode(&session)
	_ = w.Body.Close()
	if err != nil {
		return err
	}
	w, err = post("watch", session.Secret, map[string]any{"topics": append([]string{"daemon", "pools"}, topics...), "every": 1})
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }()
	if w.Header.Get("Content-Encoding") != "gzip" {
		return errors.New("the stream is not packed")
	}
	z, err := gzip.NewReader(bufio.NewReader(counted{w.Body, packed}))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, counted{z, plain})
	return errors.Join(err, errors.New("the stream has ended"))
}

type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}
