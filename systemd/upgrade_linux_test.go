package systemd

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// upgraded is a daemon that SIGUSR2 upgrades.
func upgraded() {
	time.AfterFunc(hangGuard, func() { os.Exit(99) })
	d, _ := newDaemon(Options{})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// A real upgrade, twice: the old process names the new one, which goes on to
// feed the watchdog; systemd gets no message of a start, and one of a stop,
// from the last process.
func TestUpgradesOfADaemon(t *testing.T) {
	slow.Test(t, "upgrades a daemon twice", "3 s")
	legiontest.CheckLeaks(t)
	m := manage(t, false)
	cmd := exec.Command("/bin/sh", "-c", `WATCHDOG_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), programKey+"=upgraded", "WATCHDOG_USEC=500000")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	main := cmd.Process.Pid
	// From the main process alone, as with NotifyAccess=main.
	next := func() notice {
		t.Helper()
		n := m.next()
		if n.pid != main {
			t.Fatalf("process %d says %q, but the main process is %d", n.pid, n.text, main)
		}
		return n
	}
	if n := next(); !n.has("READY=1") {
		t.Errorf("got %q", n.text)
	}
	for range 2 {
		must(t, syscall.Kill(main, syscall.SIGUSR2))
		for {
			n := m.next()
			if n.pid != main && (n.has("READY=1") || n.value("MAINPID") != "") {
				t.Errorf("the new process says %q before it is the main one", n.text)
			}
			if pid, err := strconv.Atoi(n.value("MAINPID")); err == nil && n.pid == main {
				main = pid
				break
			}
		}
		for pings := 0; pings < 3; {
			switch n := next(); {
			case n.has("WATCHDOG=1"):
				pings++
			case n.value("STATUS") == "": // not responsive: the machine is slow
				t.Errorf("got %q", n.text)
			}
		}
	}
	must(t, syscall.Kill(main, syscall.SIGTERM))
	for n := next(); !n.has("STOPPING=1"); n = next() {
		if n.has("READY=1") || n.value("MAINPID") != "" {
			t.Errorf("got %q", n.text)
		}
	}
	if b, err := io.ReadAll(out); len(b) > 0 || err != nil { // to the end of all of them
		t.Errorf("%q, %v", b, err)
	}
	must(t, cmd.Wait())
}
