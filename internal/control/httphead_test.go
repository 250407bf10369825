package control

import (
	"bufio"
	"bytes"
	"io"
	stdhttp "net/http"
	"strings"
	"testing"
)

// FuzzHTTP compares with net/http: what we accept it must read in the same way,
// and what follows the request must begin at the same place. We may refuse
// more.
func FuzzHTTP(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /a%20b?x=1&y=%22 HTTP/1.0\r\n\r\nmore",
		"POST /rpc HTTP/1.1\r\nHost: [::1]:80\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n",
		"POST /rpc HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: Chunked\r\nConnection: a, close\r\n\r\n5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\nmore",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"POST / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
		"POST / HTTP/1.1\nHost: x\n\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET //x/y HTTP/1.1\r\nHost:\t x \t\r\nX-Y: \xff\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\nX: y\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	limits := Limits{}.filled()
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bufio.NewReader(bytes.NewReader(data))
		memory := &share{total: 1 << 20, each: 1 << 20}
		body := gather{room: &room{share: memory}, limit: 1 << 16}
		h, err := readHead(in, limits)
		if err == nil {
			err = h.readBody(in, &body)
		}
		if err != nil {
			if why, ok := err.(*refusal); ok && (why.status < 400 || why.status > 599 || why.text == "") {
				t.Errorf("%+v", why)
			}
			return
		}
		theirs := bufio.NewReader(bytes.NewReader(data))
		q, err := stdhttp.ReadRequest(theirs)
		if err != nil {
			t.Fatalf("we accept what net/http does not: %v: %q", err, data)
		}
		b, err := io.ReadAll(q.Body)
		if err != nil {
			t.Fatalf("we accept what net/http does not: %v: %q", err, data)
		}
		if !bytes.Equal(b, body.bytes) || q.Method != h.method || q.URL.Path != h.path || q.Host != h.get("host") {
			t.Fatalf("%q: %q %q %q %q, net/http says %q %q %q %q", data, h.method, h.path, h.get("host"), body.bytes, q.Method, q.URL.Path, q.Host, b)
		}
		if h.length != chunked && q.ContentLength != int64(h.length) || h.length == chunked && q.ContentLength != -1 {
			t.Fatalf("%q: length %d, net/http says %d", data, h.length, q.ContentLength)
		}
		if q.Close && !h.last {
			t.Fatalf("%q: net/http closes", data)
		}
		for name, values := range q.URL.Query() {
			if strings.Join(h.query[name], "\x00") != strings.Join(values, "\x00") {
				t.Fatalf("%q: query %v, net/http says %v", data, h.query, q.URL.Query())
			}
		}
		for _, one := range h.fields {
			if one.name == "host" || one.name == "transfer-encoding" {
				continue
			}
			if got := q.Header.Values(one.name); len(got) != h.count(one.name) || got[0] != h.get(one.name) {
				t.Fatalf("%q: %s is %q, net/http says %q", data, one.name, h.get(one.name), got)
			}
		}
		ours, _ := io.ReadAll(in)
		after, _ := io.ReadAll(theirs)
		if !bytes.Equal(ours, after) {
			t.Fatalf("%q: the next request begins at %q, net/http says %q", data, ours, after)
		}
		body.room.free()
		if memory.taken() != 0 {
			t.Fatal("memory is not given back")
		}
	})
}

func TestLocalHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost:70": true, "127.0.0.1": true, "127.0.0.1:7070": true, "[::1]:7070": true, "[::1]": true, "": true,
		"example.org": false, "localhost.example.org": false, "127.0.0.1.example.org:80": false, "evil:localhost": false, "[localhost]x": false,
	} {
		h := &head{fields: []field{{"host", host}}}
		if h.local() != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}
