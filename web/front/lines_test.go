package front

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion"
)

// A stream comes with gzip to who understands it: each item at once, in a few
// bytes, and whole to the end.
func TestPackedWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		secret := begin(t, l.front, l.token()).Secret
		in, out := io.Pipe()
		size := &counter{out, 0}
		w := &pipeWriter{header: http.Header{}, out: size}
		r := request("POST", "/watch", secret, `{"topics":["workers"]}`)
		r.Header.Set("Accept-Encoding", "gzip, deflate, br")
		go func() {
			l.front.ServeHTTP(w, r)
			_ = out.Close()
		}()
		packed, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(packed)
		lines.Buffer(nil, 1<<20)
		next := func(want string) {
			t.Helper()
			if !lines.Scan() || lines.Text() != want {
				t.Errorf("it says %.200q (%v), want %.200q", lines.Text(), lines.Err(), want)
			}
		}
		next("")
		var item strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&item, `"pool/%d":{"pool":"pool","id":%d,"state":"ready"},`, i, i)
		}
		text := `{"topic":"workers","set":{` + strings.TrimSuffix(item.String(), ",") + "}}"
		for range 3 {
			size.n = 0
			f.items <- text
			next(text)
			synctest.Wait()
			if size.n > len(text)/3 {
				t.Errorf("%d bytes went out for an item of %d", size.n, len(text))
			}
		}
		close(f.items)
		next(`{"end":true,"error":null}`)
		if lines.Scan() || lines.Err() != nil {
			t.Errorf("after the end comes %q, %v", lines.Text(), lines.Err())
		}
		if got := w.header.Get("Content-Encoding") + " " + w.header.Get("Vary"); got != "gzip Accept-Encoding" {
			t.Errorf("its header says %s", got)
		}
	})
}

type counter struct {
	io.Writer
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.Writer.Write(p)
}
