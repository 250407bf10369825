package legion_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/slow"
)

// webMain is a daemon that answers HTTP with its pid and a worker's. Its
// environment says what becomes of its upgrades.
func webMain() {
	timeout, settle := time.Minute, 50*time.Millisecond
	c := quiet("web")
	if command := os.Getenv("WEB_COMMAND"); command != "" {
		c.Command = strings.Fields(command)
		switch {
		case strings.HasSuffix(command, " dies"): // at once, but on a busy machine that takes its time
			settle = time.Minute
		case strings.HasPrefix(command, "/bin/sleep "): // this is waited for
			timeout = time.Second
		}
	}
	if os.Getenv("WEB_STAYS") != "" {
		c.PID = legion.PIDAuto
	}
	if s, err := time.ParseDuration(os.Getenv("WEB_SETTLE")); err == nil {
		settle = s
	}
	legion.SetUpgradeTimes(timeout, settle)
	c.RestartEvery, _ = time.ParseDuration(os.Getenv("WEB_RESTART"))
	d := legion.New(c)
	pid := legion.Worker(d, "pid", func(context.Context, struct{}) (int, error) { return os.Getpid(), nil }, legion.Pool{Max: 1, Sandbox: box()})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			fmt.Println("slow")
			time.Sleep(50 * time.Millisecond)
		}
		if r.URL.Path == "/upgrades" {
			fmt.Fprintln(w, d.Stats().Changes["upgrade"].OK)
			return
		}
		worker, err := pid.Call(r.Context(), struct{}{})
		if err != nil {
			w.WriteHeader(500)
		}
		fmt.Fprintln(w, os.Getpid(), worker, err)
	})}
	ln := d.Serve("tcp", "127.0.0.1:0", server.Serve, server.Shutdown)
	legion.On(d, func(context.Context, event.Started) error {
		if len(os.Args) > 1 && os.Args[1] == "dies" {
			os.Exit(9)
		}
		fmt.Println("started", os.Getpid(), ln.Addr())
		return nil
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

// get asks a daemon for its pid, over a connection of its own.
func get(client *http.Client, addr string) (pid int, err error) {
	resp, err := client.Get("http://" + addr)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != 200 {
		return 0, fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return strconv.Atoi(strings.Fields(string(body))[0])
}

// Twenty upgrades in a row, while clients ask without pause, each with a new
// connection: not one request fails.
func TestUpgradesUnderLoad(t *testing.T) {
	slow.Test(t, "upgrades a daemon twenty times", "1 s")
	const upgrades = 20
	p := run(t, "web")
	var pid int
	var addr string
	if _, err := fmt.Sscan(p.hear("started"), &pid, &addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	var stop atomic.Bool
	var asked atomic.Int64
	pids := sync.Map{}
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
			for !stop.Load() {
				pid, err := get(client, addr)
				if err != nil {
					t.Error(err)
					return
				}
				asked.Add(1)
				pids.Store(pid, true)
			}
		})
	}
	for range upgrades {
		if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		next, changed := 0, 0
		for next == 0 || changed == 0 { // the two come in any order
			switch line := p.line(); {
			case strings.HasPrefix(line, "started"):
				fmt.Sscan(strings.TrimPrefix(line, "started"), &next)
			case strings.HasPrefix(line, "changed"):
				fmt.Sscan(strings.TrimPrefix(line, "changed"), new(int), &changed)
			case strings.HasPrefix(line, "ended"):
			default:
				t.Fatalf("it says %q", line)
			}
		}
		if next != changed {
			t.Fatalf("%d has started, but %d has taken over", next, changed)
		}
		pid = next
	}
	stop.Store(true)
	clients.Wait()
	served := 0
	pids.Range(func(any, any) bool { served++; return true })
	t.Logf("%d requests, answered by %d processes", asked.Load(), served)
	if served < upgrades/2 {
		t.Errorf("only %d processes have answered", served)
	}
	if n, err := get(http.DefaultClient, addr+"/upgrades"); n != upgrades || err != nil {
		t.Errorf("the last process counts %d upgrades, %v", n, err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	for line := p.line(); line != fmt.Sprint("ended ", pid); line = p.line() {
	}
}

// A new process that fails leaves the old one serving.
func TestFailedUpgrades(t *testing.T) {
	for name, c := range map[string]struct{ command, why string }{
		"fails":            {"/bin/false", "exit status 1"},
		"is missing":       {"/nonexistent/program", "no such file"},
		"hangs":            {"/bin/sleep 1000", "not ready in time"},
		"dies after ready": {os.Args[0] + " dies", "exit status 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("WEB_COMMAND", c.command)
			p := run(t, "web")
			var pid int
			var addr string
			if _, err := fmt.Sscan(p.hear("started"), &pid, &addr); err != nil {
				t.Fatal(err)
			}
			p.signal(syscall.SIGUSR2)
			if why := p.hear("failed"); !strings.Contains(why, c.why) || !strings.Contains(why, "goes on as before") {
				t.Errorf("it says: %s", why)
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for range 20 {
				if got, err := get(client, addr); err != nil || got != pid {
					t.Errorf("pid %d instead of %d, %v", got, pid, err)
				}
			}
			p.signal(syscall.SIGTERM)
			p.hear("ended")
		})
	}
}

// A daemon that restarts itself now and then is another process each time, with
// the same listener.
func TestRestartEveryRestarts(t *testing.T) {
	t.Setenv("WEB_RESTART", "100ms")
	p := run(t, "web")
	var pids []int
	last, first := 0, ""
	for range 3 {
		var pid int
		var addr string
		if _, err := fmt.Sscan(p.hear("started"), &pid, &addr); err != nil {
			t.Fatal(err)
		}
		if pid == last || first != "" && addr != first {
			t.Errorf("process %d at %s after process %d at %s", pid, addr, last, first)
		}
		last, first = pid, addr
		pids = append(pids, pid)
	}
	// A restart may be under way, and if the new process ends, the old one goes on:
	// all processes are told to end, until no process is left.
	end := func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
	}
	for end(); p.out.Scan(); end() {
		if started, ok := strings.CutPrefix(p.out.Text(), "started "); ok {
			pid, _ := strconv.Atoi(strings.Fields(started)[0])
			pids = append(pids, pid)
		}
	}
}
