package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/client"
)

// abuserRole begins the role of a process that abuses a control socket; the
// kind of abuse follows.
const abuserRole = "abuse-"

// Peers of the row that others are compared with.
const (
	quiet     = "quiet"
	elsewhere = "floods-elsewhere"
)

// abusePeers lists the kinds of abuse. The abuser always runs as the daemon's
// own user, whom it trusts most; a client that was connected before calls
// daemon.status meanwhile.
func abusePeers(procs int) []Peer {
	var all []Peer
	for _, p := range []abusePeer{
		{name: quiet},
		{name: "crowd", kind: "crowd"},
		{name: "floods", kind: "floods"},
		{name: elsewhere, kind: "floods", elsewhere: true},
		{name: "both", kind: "both"},
	} {
		p.controlPeer = controlPeers(procs)[0].(controlPeer)
		all = append(all, p)
	}
	return all
}

// abusePeer is a daemon and an abuser. An abuser of another daemon, which the
// client does not ask, shows how much of the cost is CPU time.
type abusePeer struct {
	controlPeer
	name      string
	kind      string // "" = none
	elsewhere bool
}

func (p abusePeer) Name() string { return p.name }

// underAbuse measures the latency of daemon.status and the heap of the daemon.
func underAbuse(p Peer, c Config) (_ Sample, err error) {
	peer := p.(abusePeer)
	s, err := peer.open()
	if err != nil {
		return nil, err
	}
	defer closeSession(s, &err)
	call, err := s.method("daemon.status")
	if err != nil {
		return nil, err
	}
	watcher, err := newClient(s.sock)
	if err != nil {
		return nil, err
	}
	defer watcher.Close()
	calls := []Call{call}
	if _, err := closedLoop(s, calls, c.Dur/4); err != nil {
		return nil, err
	}
	before, err := heapOf(watcher, true)
	if err != nil {
		return nil, err
	}
	target := s
	if peer.elsewhere {
		if target, err = peer.open(); err != nil {
			return nil, err
		}
		defer closeSession(target, &err)
		if err := awaitControl(target.sock); err != nil {
			return nil, err
		}
	}
	var abuser *abuser
	if peer.kind != "" {
		if abuser, err = startAbuser(peer.kind, controlSocket(target.sock)); err != nil {
			return nil, err
		}
		defer abuser.stop()
	}
	peak := watchHeap(watcher)
	sample, err := closedLoop(s, calls, 4*c.Dur)
	highest, failed := peak()
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	sample[Floods] = 0
	if abuser != nil {
		if sample[Floods], err = abuser.finish(); err != nil {
			return nil, err
		}
	}
	kept, err := keptHeap(watcher, before)
	sample[HeapPeak] = max(0, highest-before) / 1024
	sample[HeapKept] = kept / 1024
	return sample, err
}

// keptHeap is the heap that is left once the daemon has seen that all abusers
// are gone, which takes it a moment.
func keptHeap(c *client.Client, before float64) (kept float64, err error) {
	kept = math.MaxFloat64
	for range 20 {
		after, err := heapOf(c, true)
		if err != nil {
			return 0, err
		}
		if kept = min(kept, max(0, after-before)); kept < 256<<10 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return kept, nil
}

// heapOf is the daemon's heap in bytes.
func heapOf(c *client.Client, collect bool) (bytes float64, err error) {
	err = c.Call(context.Background(), "bench.heap", heapParams{collect}, &bytes)
	return bytes, err
}

// watchHeap reads the daemon's heap until the caller calls the returned
// function, which returns the highest figure.
func watchHeap(c *client.Client) (peak func() (float64, error)) {
	var highest float64
	var err error
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		look := time.NewTicker(10 * time.Millisecond)
		defer look.Stop()
		for err == nil {
			select {
			case <-stop:
				return
			case <-look.C:
			}
			var now float64
			now, err = heapOf(c, false)
			highest = max(highest, now)
		}
	})
	return func() (float64, error) {
		close(stop)
		done.Wait()
		return highest, err
	}
}

// abuser is the process that abuses.
type abuser struct {
	*child
	in    io.Closer
	out   *bufio.Scanner
	began time.Time
}

// startAbuser returns once the abuse is under way.
func startAbuser(kind, control string) (*abuser, error) {
	cmd, err := workerCommand(abuserRole+kind, 2)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, controlVar+"="+control)
	cmd.Stderr = os.Stderr
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	a := &abuser{child: &child{cmd: cmd}, in: in, out: bufio.NewScanner(out)}
	if err := errors.Join(errIn, errOut, a.run()); err != nil {
		return nil, fmt.Errorf("starting an abuser: %w", err)
	}
	if !a.out.Scan() {
		a.stop()
		return nil, errors.New("the abuser has ended")
	}
	a.began = time.Now()
	return a, nil
}

// finish ends the abuse, and returns how much there was: answered floods per
// second.
func (a *abuser) finish() (floods float64, err error) {
	a.in.Close()
	took := time.Since(a.began)
	if !a.out.Scan() {
		return 0, errors.New("the abuser has ended without a word")
	}
	_, err = fmt.Sscan(a.out.Text(), &floods)
	a.stop()
	return floods / took.Seconds(), err
}

// abuse is the main function of that process. It reports when the abuse is
// under way and, when its input ends, how many floods were answered since. It
// repeats the abuse after any answer.
func abuse(kind string) error {
	control := os.Getenv(controlVar)
	var answered atomic.Int64
	var first sync.WaitGroup
	if kind != "crowd" {
		for _, text := range floods() {
			for range 2 {
				first.Add(1)
				go func() {
					began := sync.OnceFunc(first.Done)
					for {
						if flood(control, text) {
							answered.Add(1)
						}
						began()
					}
				}()
			}
		}
	}
	if kind != "floods" {
		for i := range 2000 {
			first.Add(1)
			go func() {
				began := sync.OnceFunc(first.Done)
				for {
					crowd(control, i, began)
					time.Sleep(time.Second)
				}
			}()
		}
	}
	first.Wait()
	answered.Store(0)
	fmt.Println("under way")
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println(answered.Load())
	os.Exit(0)
	return nil
}

// crowd is a connection that sends nothing, or half of a request, until it is
// closed.
func crowd(control string, i int, began func()) {
	defer began()
	conn, err := net.Dial("unix", control)
	if err != nil {
		return
	}
	defer conn.Close()
	switch i % 3 {
	case 0:
		_, _ = io.WriteString(conn, `{"jsonrpc":"2.0",`)
	case 1:
		_, _ = io.WriteString(conn, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n"+strings.Repeat(" ", 1<<16))
	}
	began()
	_, _ = io.Copy(io.Discard, conn)
}

// floods are requests that are too large or too many, each the last of its
// connection.
func floods() []string {
	deep := strings.Repeat("[", 10<<20)
	batch := "[" + strings.Repeat(`{"jsonrpc":"2.0","id":1,"method":"x"},`, 99_999) + `{"jsonrpc":"2.0","id":1,"method":"x"}]`
	web := func(body string) string {
		return fmt.Sprintf("POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	return []string{deep + "\n", web(deep[:4<<20]), web(batch)}
}

// flood sends text and reports whether it was answered.
func flood(control, text string) bool {
	conn, err := net.Dial("unix", control)
	if err != nil {
		return false
	}
	defer conn.Close()
	go io.WriteString(conn, text)
	b, _ := io.ReadAll(conn)
	return strings.Contains(string(b), `"code"`) && !strings.Contains(string(b), "too many")
}
