package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	stdhttp "net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// browse is net/http's client: what it understands, others do too.
func (f *fixture) browse(t *testing.T) *stdhttp.Client {
	t.Helper()
	transport := &stdhttp.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, f.addr.Network(), f.addr.String())
		},
		DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &stdhttp.Client{Transport: transport, Timeout: hang, CheckRedirect: func(*stdhttp.Request, []*stdhttp.Request) error { return stdhttp.ErrUseLastResponse }}
}

type reply struct {
	*stdhttp.Response
	body   string
	reused bool // its connection had served before
}

func do(t *testing.T, c *stdhttp.Client, method, path string, body io.Reader, fields ...string) reply {
	t.Helper()
	return doAt(t, c, "http", method, path, body, fields...)
}

func doAt(t *testing.T, c *stdhttp.Client, scheme, method, path string, body io.Reader, fields ...string) reply {
	t.Helper()
	var got reply
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { got.reused = i.Reused }})
	q, err := stdhttp.NewRequestWithContext(ctx, method, scheme+"://localhost"+path, body)
	must(t, err)
	for i := 0; i < len(fields); i += 2 {
		q.Header.Set(fields[i], fields[i+1])
	}
	if got.Response, err = c.Do(q); err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	got.body = string(b)
	return got
}

const asJSON, asXML = "application/json", "text/xml"

func TestHTTP(t *testing.T) {
	f := serve(t, "", Options{Hello: func() any { return map[string]any{"name": "x", "protocol": 1} }})
	c := f.browse(t)
	echo := `{"jsonrpc":"2.0","id":1,"method":"echo","params":["é"]}`
	for _, path := range []string{"/rpc", "/", "/RPC2"} {
		got := do(t, c, "POST", path, strings.NewReader(echo), "Content-Type", "application/json; charset=utf-8")
		if got.StatusCode != 200 || got.body != `{"jsonrpc":"2.0","result":"é","id":1}` || got.Header.Get("Content-Type") != asJSON {
			t.Error(got)
		}
	}
	// In chunks, as net/http sends what it does not know the length of.
	got := do(t, c, "POST", "/rpc", io.MultiReader(strings.NewReader(echo[:10]), strings.NewReader(echo[10:])), "Content-Type", asJSON)
	if got.body != `{"jsonrpc":"2.0","result":"é","id":1}` || !got.reused {
		t.Error(got)
	}
	// A notification has no answer.
	got = do(t, c, "POST", "/rpc", strings.NewReader(`{"jsonrpc":"2.0","method":"echo","params":[1]}`), "Content-Type", asJSON)
	if got.StatusCode != 204 || got.body != "" || !got.reused {
		t.Error(got)
	}
	got = do(t, c, "POST", "/rpc", strings.NewReader(`<?xml version="1.0"?><methodCall><methodName>echo</methodName><params><param><value><int>7</int></value></param></params></methodCall>`), "Content-Type", "application/xml")
	if got.StatusCode != 200 || !strings.Contains(got.body, ">7</") || !strings.HasPrefix(got.Header.Get("Content-Type"), asXML) {
		t.Error(got)
	}
	// What HTTP says of the encoding counts.
	for charset, want := range map[string]string{`"iso-8859-1"`: "é", "koi8-r": "-32701"} {
		call := "<methodCall><methodName>echo</methodName><params><param><value>\xe9</value></param></params></methodCall>"
		if got := do(t, c, "POST", "/rpc", strings.NewReader(call), "Content-Type", "text/xml; Charset="+charset); !strings.Contains(got.body, want) {
			t.Error(charset, got)
		}
	}
	got = do(t, c, "GET", "/", nil)
	if got.StatusCode != 200 || got.body != `{"name":"x","protocol":1}` || got.Header.Get("Date") == "" || !got.reused {
		t.Error(got)
	}
	head := do(t, c, "HEAD", "/", nil)
	if head.StatusCode != 200 || head.body != "" || head.ContentLength != int64(len(got.body)) {
		t.Error(head)
	}
	if got = do(t, c, "GET", "/healthz", nil); got.StatusCode != 200 || got.body != `{"status":"alive"}` || !got.reused {
		t.Error("after HEAD:", got)
	}
	for path, want := range map[string][2]any{
		"GET /rpc": {405, "POST"}, "DELETE /": {405, "GET, HEAD, POST"}, "POST /healthz": {405, "GET, HEAD"}, "GET /nothing": {404, ""}, "POST /stream/x": {405, "GET"},
	} {
		method, path, _ := strings.Cut(path, " ")
		got := do(t, c, method, path, nil)
		if got.StatusCode != want[0] || got.Header.Get("Allow") != want[1] {
			t.Error(path, got)
		}
		read(t, got.body).fails(t, rpc.CodeTransport, "")
	}
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		if got := do(t, c, "POST", "/rpc", strings.NewReader(echo), "Content-Type", media); got.StatusCode != 415 || !strings.Contains(got.body, asJSON) {
			t.Error(media, got)
		}
	}
}

func TestHTTPReady(t *testing.T) {
	var mu sync.Mutex
	why := errors.New(`starting "x"`)
	f := serve(t, "", Options{Ready: func() error {
		mu.Lock()
		defer mu.Unlock()
		return why
	}})
	c := f.browse(t)
	if got := do(t, c, "GET", "/readyz", nil); got.StatusCode != 503 || got.body != `{"reason":"starting \"x\"","status":"not ready"}` {
		t.Error(got)
	}
	mu.Lock()
	why = nil
	mu.Unlock()
	if got := do(t, c, "GET", "/readyz", nil); got.StatusCode != 200 || got.body != `{"status":"ready"}` {
		t.Error(got)
	}
}

// A client that asks first is told to go on, or that it need not.
func TestHTTPExpect(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.browse(t)
	body := `{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}`
	if got := do(t, c, "POST", "/rpc", strings.NewReader(body), "Content-Type", asJSON, "Expect", "100-continue"); got.StatusCode != 200 {
		t.Error(got)
	}
	raw := f.dial(t)
	raw.send("POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-Continue\r\nContent-Length: 53\r\n\r\n")
	if got := raw.line(); got != "HTTP/1.1 100 Continue\r" {
		t.Error(got)
	}
	raw.line()
	raw.send(body)
	if got := raw.line(); got != "HTTP/1.1 200 OK\r" {
		t.Error(got)
	}
	for field, status := range map[string]string{"Content-Type: text/plain": "415", "Content-Length: 5000000": "413", "Expect: miracles": "417"} {
		raw := f.dial(t)
		head := "POST /rpc HTTP/1.1\r\nHost: x\r\n" + field + "\r\n"
		for _, f := range []string{"Content-Type: application/json", "Content-Length: 53", "Expect: 100-continue"} {
			if name, _, _ := strings.Cut(field, ":"); !strings.HasPrefix(f, name) {
				head += f + "\r\n"
			}
		}
		raw.send(head + "\r\n")
		if got := raw.rest(); !strings.HasPrefix(got, "HTTP/1.1 "+status) || strings.Contains(got, "100 Continue") {
			t.Error(field, got)
		}
	}
}

// Several requests may be sent at once; they are answered in order.
func TestHTTPPipelined(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	var all strings.Builder
	for i := range 100 {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"echo","params":[%q]}`, i, strings.Repeat("z", i*40))
		if i%2 == 0 {
			fmt.Fprintf(&all, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		} else {
			fmt.Fprintf(&all, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", body[:3], len(body)-3, body[3:])
		}
	}
	all.WriteString("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Close\r\n\r\n")
	go c.Write([]byte(all.String()))
	for i := range 100 {
		r, err := stdhttp.ReadResponse(c.in, nil)
		must(t, err)
		b, err := io.ReadAll(r.Body)
		must(t, err)
		if a := read(t, string(b)); a.ID != float64(i) || len(a.Result) != i*40+2 {
			t.Fatal(i, string(b))
		}
	}
	if got := c.rest(); !strings.Contains(got, "\r\nConnection: close\r\n") || !strings.HasSuffix(got, `{"status":"alive"}`) {
		t.Error(got)
	}
}

func TestHTTP10(t *testing.T) {
	f := serve(t, "", Options{})
	c := f.dial(t)
	c.send("GET /healthz HTTP/1.0\r\n\r\n")
	if got := c.rest(); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, `{"status":"alive"}`) {
		t.Error(got)
	}
}

// Each request that two readers might understand differently, or that is too
// large, is refused with a proper answer, and nothing that follows it is looked
// at.
func TestHTTPRefused(t *testing.T) {
	f := serve(t, "", Options{})
	call := `{"jsonrpc":"2.0","id":1,"method":"set","params":[1]}`
	post := "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"both lengths":           {post + "Content-Length: 51\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + call, 400},
		"both, the other way":    {post + "Transfer-Encoding: chunked\r\nContent-Length: 51\r\n\r\n0\r\n\r\n" + call, 400},
		"two lengths":            {post + "Content-Length: 51\r\nContent-Length: 5\r\n\r\n" + call, 400},
		"twice the same length":  {post + "Content-Length: 51\r\ncontent-length: 51\r\n\r\n" + call, 400},
		"a list of lengths":      {post + "Content-Length: 51, 51\r\n\r\n" + call, 400},
		"a length with a sign":   {post + "Content-Length: +51\r\n\r\n" + call, 400},
		"a negative length":      {post + "Content-Length: -51\r\n\r\n" + call, 400},
		"a length in hex":        {post + "Content-Length: 0x33\r\n\r\n" + call, 400},
		"no length":              {post + "Content-Length: \r\n\r\n" + call, 400},
		"a huge length":          {post + "Content-Length: 99999999999999999999\r\n\r\n" + call, 413},
		"a large length":         {post + "Content-Length: 4194305\r\n\r\n" + call, 413},
		"an unknown coding":      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
		"a hidden coding":        {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
		"two codings":            {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400},
		"a coding in 1.0":        {"POST /rpc HTTP/1.0\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"a space in a name":      {post + "Content-Length : 51\r\n\r\n" + call, 400},
		"a continued line":       {post + "X: a\r\n b\r\nContent-Length: 51\r\n\r\n" + call, 400},
		"a continued first line": {"POST /rpc HTTP/1.1\r\n Host: x\r\n\r\n", 400},
		"a bare line feed":       {post + "X: a\nContent-Length: 51\r\n\r\n" + call, 400},
		"only line feeds":        {"GET /healthz HTTP/1.1\nHost: x\n\n", 400},
		"a bare carriage return": {post + "X: a\rContent-Length: 5\r\nContent-Length: 51\r\n\r\n" + call, 400},
		"a zero byte":            {post + "X: a\x00b\r\n\r\n", 400},
		"no name":                {post + ": a\r\n\r\n", 400},
		"no colon":               {post + "X\r\n\r\n", 400},
		"no host":                {"GET /healthz HTTP/1.1\r\n\r\n", 400},
		"two hosts":              {"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
		"a strange host":         {"GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
		"two content types":      {post + "Content-Type: text/xml\r\n\r\n", 400},
		"two authorizations":     {post + "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
		"a compressed body":      {post + "Content-Encoding: gzip\r\n\r\n", 415},
		"trailers announced":     {post + "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\nX: y\r\n\r\n", 400},
		"trailers":               {post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", 400},
		"a chunk without size":   {post + "Transfer-Encoding: chunked\r\n\r\n\r\n\r\n", 400},
		"a chunk with a sign":    {post + "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", 400},
		"a chunk with 0x":        {post + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400},
		"a chunk with a space":   {post + "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", 400},
		"a huge chunk":           {post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello\r\n0\r\n\r\n", 400},
		"a large chunk":          {post + "Transfer-Encoding: chunked\r\n\r\n400001\r\nhello", 413},
		"a chunk too long":       {post + "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", 400},
		"a chunk extension":      {post + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n", 400},
		"a chunk with LF":        {post + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", 400},
		"HTTP/2":                 {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		"HTTP/0.9":               {"GET /healthz\r\n\r\n", 400},
		"a small http":           {"GET /healthz http/1.1\r\nHost: x\r\n\r\n", 400},
		"two spaces":             {"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a whole URL":            {"GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"an asterisk":            {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"CONNECT":                {"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a fragment":             {"GET /healthz#x HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a bad escape":           {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a zero in the path":     {"GET /healthz%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"dots":                   {"GET /a/%2e%2e/healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a bad query":            {"GET /?a;b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a method with a slash":  {"GE/T /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a long target":          {"GET /" + strings.Repeat("x", 9000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
		"a long line":            {"GET /" + strings.Repeat("x", 17000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
		"a long field":           {post + "X: " + strings.Repeat("x", 17000) + "\r\n\r\n", 431},
		"an endless field":       {post + "X: " + strings.Repeat("x", 1<<20), 431},
		"many fields":            {post + strings.Repeat("X: y\r\n", 99) + "\r\n", 431},
		"nothing but a verb":     {"GARBAGE\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			raw := f.dial(t)
			go raw.Write([]byte(c.request + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
			r, err := stdhttp.ReadResponse(raw.in, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			b, err := io.ReadAll(r.Body)
			if r.StatusCode != c.status || !r.Close || err != nil {
				t.Errorf("%v %v %q", r, err, b)
			}
			if a := read(t, string(b)); a.Error == nil || a.Error.Message == "" {
				t.Errorf("%q", b)
			} else if want := ": " + phrase(a.Error.Message); !strings.HasSuffix(r.Status, want) {
				t.Errorf("the status line is %q, without %q", r.Status, want)
			}
			if more := raw.rest(); more != "" {
				t.Errorf("more: %q", more)
			}
		})
	}
	if all := f.records.list(); len(all) > 0 {
		t.Error("executed:", all)
	}
}

// Whatever a refusal has in it, the status line stays a line, and a short one.
func TestPhrase(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"not allowed: \"uid:1\"":   "not allowed: \"uid:1\"",
		"a\r\nSet-Cookie: b\t\x00": "a??Set-Cookie: b??",
		"é\x7f":                    "???",
		strings.Repeat("x", 256):   strings.Repeat("x", 256),
		strings.Repeat("x", 257):   strings.Repeat("x", 253) + "...",
	} {
		if got := phrase(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// As with other servers, a client of HTTP that ends its half has gone, and with
// it what it asked for.
func TestHTTPClientGone(t *testing.T) {
	for _, address := range []string{"", "tcp://127.0.0.1:0?anyone=admin"} {
		f := serve(t, address, Options{})
		c := f.dial(t)
		c.send(strings.Replace(httpCall(`{"jsonrpc":"2.0","id":1,"method":"block","params":["web"]}`, ""), "Host: x", "Host: localhost", 1))
		within(t, f.entered)
		c.halfClose()
		if err := within(t, f.ended); err != errGone {
			t.Error(err)
		}
	}
}
