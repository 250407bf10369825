// Upgrade replaces itself by a new process, again and again, while a client
// posts to it over HTTP on a kept-alive connection. No request fails.
//
//	go run ./examples/upgrade
//
// The program is three things: the daemon, its workers, and the client that
// asks, which runs when it is started with no arguments.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/httpserve"
)

var (
	serve = flag.Bool("serve", false, "be the daemon")
	times = flag.Int("times", 5, "how often to upgrade")
)

func main() {
	flag.Parse()
	var err error
	if *serve {
		err = daemon()
	} else {
		err = client()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// daemon answers each request with its own pid and that of a worker.
func daemon() error {
	d := legion.New(legion.Config{Name: "upgrade", PID: legion.PIDMayChange, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	pid := legion.Worker(d, "pid", func(context.Context, struct{}) (int, error) { return os.Getpid(), nil }, legion.Pool{Max: 1})

	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		worker, err := pid.Call(r.Context(), struct{}{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, os.Getpid(), worker)
	})}
	ln := httpserve.Serve(d, "tcp", "127.0.0.1:0", server, httpserve.Options{}) // the next process goes on with it
	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("started", os.Getpid(), ln.Addr())
		return nil
	})
	err := d.Run(context.Background())
	fmt.Println("ended", os.Getpid())
	return err
}

// client starts the daemon, sends requests all the time, and upgrades it now
// and then.
func client() error {
	cmd := exec.Command(os.Args[0], "-serve")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	lines := bufio.NewScanner(out)
	var pid int
	var addr string
	listen := func(until string) error { // reads the output of the daemon's processes
		for lines.Scan() {
			word, rest, _ := strings.Cut(lines.Text(), " ")
			if word == "started" {
				if _, err := fmt.Sscan(rest, &pid, &addr); err != nil {
					return err
				}
			}
			if word == until {
				return nil
			}
		}
		return cmp.Or(lines.Err(), errors.New("the daemon has gone"))
	}
	if err := listen("started"); err != nil {
		return err
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGTERM) }()

	ask := make(chan struct{})
	result := make(chan error)
	answers := 0
	web := &http.Client{Timeout: 10 * time.Second}
	go func() {
		for {
			select {
			case <-ask:
				result <- nil
				return
			default:
			}
			if err := post(web, addr); err != nil {
				result <- fmt.Errorf("request %d: %w", answers, err)
				return
			}
			answers++
		}
	}()
	for n := range *times {
		time.Sleep(200 * time.Millisecond) // some traffic between two upgrades
		old := pid
		if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
			return err
		}
		if err := listen("ended"); err != nil { // the old one; the new one has started before
			return err
		}
		fmt.Printf("upgrade %d: process %d has taken over from %d\n", n+1, pid, old)
	}
	close(ask)
	if err := <-result; err != nil {
		return err
	}
	fmt.Printf("%d requests, on connections that were kept alive: all were answered\n", answers)
	return nil
}

// post sends a request to the daemon. net/http does not repeat a POST whose
// connection breaks.
func post(c *http.Client, addr string) error {
	resp, err := c.Post("http://"+addr, "text/plain", strings.NewReader("who are you?"))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if _, err := strconv.Atoi(strings.Fields(string(body))[0]); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, body)
	}
	return nil
}
