package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

func init() {
	// abuse PATH: misbehaves, says as JSON what was answered, and
	// waits with its connections until its input ends.
	parts["abuse"] = func(args []string) {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
			limit.Cur = limit.Max
			_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
		}
		dial := func() net.Conn {
			c, err := net.Dial("unix", args[0])
			for errors.Is(err, syscall.EAGAIN) { // more want in than the kernel keeps waiting
				time.Sleep(time.Millisecond)
				c, err = net.Dial("unix", args[0])
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			_ = c.SetDeadline(time.Now().Add(hang))
			return c
		}
		var kept []net.Conn
		for i := range 2000 {
			c := dial()
			kept = append(kept, c)
			if i%3 == 0 {
				_, _ = io.WriteString(c, `{"jsonrpc":"2.0",`)
			}
			if i%3 == 1 {
				_, _ = io.WriteString(c, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n"+strings.Repeat(" ", 1<<16))
			}
		}
		answers := map[string][]string{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for name, text := range abuses() {
			for range 8 {
				all.Go(func() {
					said := ""
					// Closed without a word, because so many are being refused that there is no
					// time: it asks again, later.
					for end := time.Now().Add(hang); said == "" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
						c := dial()
						go io.WriteString(c, text)
						b, err := io.ReadAll(c)
						if c.Close(); err != nil && len(b) > 0 {
							b = append(b, err.Error()...)
						}
						said = string(b)
					}
					mu.Lock()
					defer mu.Unlock()
					answers[name] = append(answers[name], said)
				})
			}
		}
		all.Wait()
		_ = json.NewEncoder(os.Stdout).Encode(answers)
		_, _ = io.Copy(io.Discard, os.Stdin)
		runtime.KeepAlive(kept)
	}
}

// abuses are what is sent, whole. After each, the connection is ended by the
// server.
func abuses() map[string]string {
	bomb := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`
	for i := range 9 {
		bomb += fmt.Sprintf(`<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}
	bomb += `]><methodCall><methodName>echo</methodName><params><param><value>&j;</value></param></params></methodCall>`
	deep := strings.Repeat("[", 10<<20)
	batch := "[" + strings.Repeat(`{"jsonrpc":"2.0","id":1,"method":"set"},`, 99999) + `{"jsonrpc":"2.0","id":1,"method":"set"}]`
	web := func(media, body string) string {
		return fmt.Sprintf("POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", media, len(body), body)
	}
	return map[string]string{
		"deep line": deep, "deep web": web("application/json", deep), "deep web, allowed size": web("application/json", deep[:4<<20]),
		"deep xml":  "<methodCall>" + strings.Repeat("<value>", 10<<20/7),
		"batch web": web("application/json", batch), "bomb": bomb, "bomb web": web("text/xml", bomb),
		"head": "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 10<<20),
	}
}

// Whatever two users do at the same time, one of them the very same user, each
// is answered properly, memory stays bounded, and a client that behaves is
// answered about as fast as before.
func TestAbuse(t *testing.T) {
	needsRoot(t) // one of the abusers is another user
	f := serve(t, "unix://"+folder(t)+"/c.sock?mode=0666", Options{
		Rules: []Rule{rule(t, "uid", "10001", rpc.Admin)},
		// The answers to the storm are what counts here: not that it is kept out, nor
		// how fast the machine is.
		Limits: Limits{PerSecond: 10000, Large: 1 << 30, FirstByte: hang, Request: hang},
	})
	good := f.dial(t)
	_ = good.SetDeadline(time.Time{})
	good.call("echo", []any{1})
	median := func(again func(n int) bool) time.Duration {
		var all []time.Duration
		for n := 0; again(n); n++ {
			begin := time.Now()
			if got := good.call("echo", []any{1}).result(); got != "1" {
				t.Fatal(got)
			}
			all = append(all, time.Since(begin))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	quiet := median(func(n int) bool { return n < 500 })

	var abusers []*exec.Cmd
	var said []*bytes.Buffer
	var ends []io.Closer
	var finished atomic.Int32
	for _, uid := range []uint32{0, 10001} {
		c := exec.Command("/proc/self/exe", f.path)
		c.Env = append(os.Environ(), partEnv+"=abuse", "GORACE=atexit_sleep_ms=0")
		c.Stderr = os.Stderr
		if uid != 0 {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		}
		in, err := c.StdinPipe()
		must(t, err)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		guard := time.AfterFunc(hang, func() { _ = c.Process.Kill() })
		t.Cleanup(func() { in.Close(); _ = c.Wait(); guard.Stop() })
		b := &bytes.Buffer{}
		abusers, said, ends = append(abusers, c), append(said, b), append(ends, in)
		go func() {
			defer finished.Add(1)
			chunk := make([]byte, 1<<16)
			for !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
				n, err := out.Read(chunk)
				b.Write(chunk[:n])
				if err != nil {
					return
				}
			}
		}()
	}
	var heap, goroutines, connections uint64
	looked := time.Now()
	busy := median(func(n int) bool {
		if time.Since(looked) > 20*time.Millisecond {
			looked = time.Now()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = max(heap, m.HeapAlloc)
			goroutines = max(goroutines, uint64(runtime.NumGoroutine()))
			connections = max(connections, uint64(f.Stats().Connections))
		}
		return n < 500 || int(finished.Load()) < len(abusers)
	})
	t.Logf("a call takes %v in quiet, %v in the storm; at most %d MiB of heap, %d goroutines, %d connections, %+v",
		quiet, busy, heap>>20, goroutines, connections, f.Stats())
	if heap > 400<<20 || connections > 128 || goroutines > 1000 {
		t.Error("that is too much")
	}
	if busy > 300*quiet {
		t.Error("the good client pays for the others")
	}
	for _, b := range said {
		var answers map[string][]string
		if err := json.Unmarshal(b.Bytes(), &answers); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]string{
			"deep line":              {`"code":-32400,"message":"the request is larger than 4194304 bytes"},"id":null}` + "\n"},
			"deep web":               {"HTTP/1.1 413 ", `"code":-32400`},
			"deep web, allowed size": {"HTTP/1.1 200 ", `"code":-32`},
			"deep xml":               {"<fault>", "larger than"},
			"batch web":              {"HTTP/1.1 200 ", `"code":-32400,"message":"a batch has 100 requests at most`},
			"bomb":                   {"<fault>", "DOCTYPE"},
			"bomb web":               {"HTTP/1.1 200 ", "<fault>", "DOCTYPE"},
			"head":                   {"HTTP/1.1 431 ", `"code":-32300`},
		} {
			if len(answers[name]) != 8 {
				t.Errorf("%s: %d answers", name, len(answers[name]))
			}
			for _, got := range answers[name] {
				refused := strings.Contains(got, "too many") || strings.Contains(got, "busy")
				proper := !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(got, w) })
				if !proper && !refused {
					t.Errorf("%s: %q", name, got[:min(len(got), 400)])
					break
				}
			}
		}
	}
	for _, r := range f.records.list() {
		t.Fatalf("executed: %+v", r)
	}
	// They go, and everything is as it was.
	for i, c := range abusers {
		ends[i].Close()
		must(t, c.Wait())
	}
	eventually(t, "are all gone", func() bool { n := f.Stats(); return n.Connections == 1 && n.Memory == 0 })
}
