package legion_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// sweptMain is a daemon that sends its pid to every client of its socket. It
// starts when there is a file at SWEPT_GATE.
func sweptMain() {
	legion.SetUpgradeTimes(time.Minute, 50*time.Millisecond)
	folder := os.Getenv("SWEPT_FOLDER")
	d := legion.New(quiet("swept"))
	d.Serve("unix", filepath.Join(folder, "own.sock"), func(l net.Listener) error {
		for {
			conn, err := l.Accept()
			if err != nil {
				return err
			}
			fmt.Fprintln(conn, os.Getpid())
			_ = conn.Close()
		}
	}, func(context.Context) error { return nil })
	fmt.Println("starting", os.Getpid())
	for _, err := os.Stat(os.Getenv("SWEPT_GATE")); err != nil; _, err = os.Stat(os.Getenv("SWEPT_GATE")) {
		time.Sleep(5 * time.Millisecond)
	}
	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("started", os.Getpid())
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ended", os.Getpid())
}

// A socket that is removed while an upgrade is under way leads to the new
// process afterwards.
func TestSocketSweptDuringUpgrade(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("SWEPT_FOLDER", folder)
	gate, socket := filepath.Join(t.TempDir(), "gate"), filepath.Join(folder, "own.sock")
	t.Setenv("SWEPT_GATE", gate)
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := run(t, "swept")
	p.hear("started")
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGUSR2)
	var pid int
	if _, err := fmt.Sscan(p.hear("starting"), &pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	for range 20 { // it would lead to the old process alone
		if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it is put back before the new process counts")
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.hear("ended")
	await(t, func() bool {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		defer conn.Close()
		var who int
		_, err = fmt.Fscan(conn, &who)
		return err == nil && who == pid
	})
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	p.hear("ended")
}
