package legion_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/httpserve"
	"github.com/legion-go/legion/internal/slow"
)

func init() { programs["site"] = siteMain }

// siteMain is a daemon that serves HTTP/1.1 and HTTP/2, without TLS and with
// it, by package httpserve. It answers with the body of the request, and the
// pid of a worker.
func siteMain() {
	legion.SetUpgradeTimes(10*time.Second, 50*time.Millisecond)
	d := legion.New(quiet("site"))
	pid := legion.Worker(d, "pid", func(context.Context, struct{}) (int, error) { return os.Getpid(), nil }, legion.Pool{Max: 1})
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = pid.Call(r.Context(), struct{}{})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s from %d", body, os.Getpid())
	})
	plain := &http.Server{Handler: answer, Protocols: new(http.Protocols)}
	plain.Protocols.SetHTTP1(true)
	plain.Protocols.SetUnencryptedHTTP2(true)
	secure := &http.Server{Handler: answer, TLSConfig: &tls.Config{}}
	d.Init(func(context.Context) (err error) {
		secure.TLSConfig.Certificates = make([]tls.Certificate, 1)
		secure.TLSConfig.Certificates[0], err = selfSigned()
		return err
	})
	a := httpserve.Serve(d, "tcp", "127.0.0.1:0", plain, httpserve.Options{})
	b := httpserve.Serve(d, "tcp", "127.0.0.1:0", secure, httpserve.Options{})
	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("started", os.Getpid(), a.Addr(), b.Addr())
		return nil
	})
	legion.On(d, func(_ context.Context, s event.Signal) error {
		if s.Signal != syscall.SIGALRM {
			return nil
		}
		return d.Restart()
	})
	legion.On(d, func(_ context.Context, e event.Failure) error {
		fmt.Println("failed", strings.ReplaceAll(e.Err.Error(), "\n", " "))
		return nil
	})
	legion.On(d, func(_ context.Context, e event.PIDChanged) error {
		fmt.Println("changed", e.Old, e.New)
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ended", os.Getpid())
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// patron is a client of a site that keeps its connection alive, and forgives
// nothing: no request is sent a second time.
type patron interface {
	// ask sends one request. errRefused means that no connection was to be had.
	ask(method, body string) (answer string, err error)
	leave()
}

var errRefused = errors.New("no connection")

func trusting() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

// oldPatron speaks HTTP/1.1 over one connection, until it is told to go.
type oldPatron struct {
	addr   string
	secure bool
	conn   net.Conn
	in     *bufio.Reader
}

func (p *oldPatron) ask(method, body string) (string, error) {
	if p.conn == nil {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			return "", errors.Join(errRefused, err)
		}
		p.conn = conn
		if p.secure {
			p.conn = tls.Client(conn, trusting())
		}
		p.in = bufio.NewReader(p.conn)
	}
	_ = p.conn.SetDeadline(time.Now().Add(time.Minute))
	req, err := http.NewRequest(method, "http://site/", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := req.Write(&out); err != nil {
		return "", err
	}
	if _, err := p.conn.Write(out.Bytes()); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(p.in, req)
	if err != nil {
		return "", err
	}
	answer, err := answerOf(resp)
	if resp.Close {
		p.leave()
	}
	return answer, err
}

func (p *oldPatron) leave() {
	if p.conn != nil {
		_ = p.conn.Close()
		p.conn = nil
	}
}

// newPatron speaks HTTP/2 over one connection. net/http asks again on a new one
// what the server says that it has not begun, if it may; here it may not.
type newPatron struct {
	url    string
	client *http.Client
}

func newNewPatron(addr string, secure bool) *newPatron {
	t := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: trusting()}
	p := &newPatron{url: "http://" + addr, client: &http.Client{Transport: t, Timeout: time.Minute}}
	if secure {
		p.url = "https://" + addr
	}
	t.Protocols.SetHTTP2(secure)
	t.Protocols.SetUnencryptedHTTP2(!secure)
	return p
}

func (p *newPatron) ask(method, body string) (string, error) {
	sent := 0
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{WroteHeaders: func() { sent++ }})
	req, err := http.NewRequestWithContext(ctx, method, p.url, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return "", err
	}
	req.ContentLength = int64(len(body))
	if body == "" {
		req.Body = nil
	}
	resp, err := p.client.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "", errors.Join(errRefused, err)
	}
	if err != nil {
		return "", err
	}
	answer, err := answerOf(resp)
	if err == nil && (sent != 1 || resp.ProtoMajor != 2) {
		err = fmt.Errorf("sent %d times, by %s", sent, resp.Proto)
	}
	return answer, err
}

func (p *newPatron) leave() { p.client.CloseIdleConnections() }

func answerOf(resp *http.Response) (string, error) {
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return string(answer), err
}

// site is a running siteMain with its patrons: each version of HTTP, with TLS
// and without, GET and POST.
type site struct {
	p             *program
	pid           int
	plain, secure string
	stop          atomic.Bool
	refused       atomic.Bool // whether patrons may find no server
	answers       [8]atomic.Int64
	patrons       sync.WaitGroup
}

func newSite(t *testing.T, each int) *site {
	s := &site{p: run(t, "site")}
	if _, err := fmt.Sscan(s.p.hear("started"), &s.pid, &s.plain, &s.secure); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(s.pid, syscall.SIGKILL) })
	t.Cleanup(func() { s.stop.Store(true); s.patrons.Wait() })
	for kind := range s.answers {
		for range each {
			s.patrons.Go(func() { s.visit(t, kind) })
		}
	}
	return s
}

// visit asks again and again, with pauses as between the clicks of a user.
func (s *site) visit(t *testing.T, kind int) {
	addr, secure, method, body := s.plain, kind&1 != 0, "GET", ""
	if secure {
		addr = s.secure
	}
	if kind&2 != 0 {
		method, body = "POST", "a body"
	}
	var p patron = &oldPatron{addr: addr, secure: secure}
	if kind&4 != 0 {
		p = newNewPatron(addr, secure)
	}
	defer p.leave()
	for !s.stop.Load() {
		switch answer, err := p.ask(method, body); {
		case errors.Is(err, errRefused) && s.refused.Load():
			return
		case err != nil || !strings.HasPrefix(answer, body+" from "):
			t.Errorf("%T, TLS %v, %s after %d answers: %q, %v", p, secure, method, s.answers[kind].Load(), answer, err)
			return
		}
		s.answers[kind].Add(1)
		time.Sleep(mathrand.N(10 * time.Millisecond))
	}
}

// more waits until patrons of each kind have had more answers.
func (s *site) more(t *testing.T) {
	t.Helper()
	for kind := range s.answers {
		for was := s.answers[kind].Load(); s.answers[kind].Load() < was+10; time.Sleep(time.Millisecond) {
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

func (s *site) sum() (n int64) {
	for kind := range s.answers {
		n += s.answers[kind].Load()
	}
	return n
}

// Upgrades, and a restart, while clients keep their connections alive: not one
// request fails.
func TestUpgradesKeepRequestsOfKeptConnections(t *testing.T) {
	slow.Test(t, "upgrades a daemon under load", "2 s")
	upgrades, each := 2, 1
	if os.Getenv("SOAK") != "" {
		upgrades, each = 20, 4
	}
	s := newSite(t, each)
	for range upgrades {
		s.more(t)
		old := s.pid
		if err := syscall.Kill(old, syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		for line := ""; line != fmt.Sprint("ended ", old); {
			line = s.p.line()
			if rest, is := strings.CutPrefix(line, "started"); is {
				fmt.Sscan(rest, &s.pid)
			} else if strings.HasPrefix(line, "failed") {
				t.Fatal(line)
			}
		}
	}
	s.more(t)
	if err := syscall.Kill(s.pid, syscall.SIGALRM); err != nil { // a restart in place
		t.Fatal(err)
	}
	s.p.hear("started")
	s.more(t)
	s.stop.Store(true)
	s.patrons.Wait()
	t.Logf("%d requests in %d upgrades and a restart", s.sum(), upgrades)
	if err := syscall.Kill(s.pid, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	s.p.hear(fmt.Sprint("ended ", s.pid))
}

// A stop answers what comes on connections that are there, and tells clients to
// go.
func TestStopKeepsRequestsOfKeptConnections(t *testing.T) {
	s := newSite(t, 1)
	s.more(t)
	s.refused.Store(true)
	if err := syscall.Kill(s.pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.p.hear("ended")
	s.patrons.Wait() // each has found no server
	t.Logf("%d requests", s.sum())
}
