package legion_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/host"
)

func init() { programs["nice"] = niceMain }

// niceMain tells how nice it is, and its worker, and where they are. Its
// argument is a path relative to where it was started, which must be there for
// the worker too.
func niceMain() {
	c := quiet("nice")
	c.Nice, c.WorkDir = 5, "/"
	d := legion.New(c)
	if _, err := os.Stat(os.Getenv("RELATIVE")); err != nil {
		fmt.Println("in main:", err)
		os.Exit(1)
	}
	tell := func(context.Context, struct{}) (string, error) {
		stat, err := os.ReadFile("/proc/self/stat")
		if err != nil {
			return "", err
		}
		wd, err := os.Getwd()
		return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[16] + " " + wd, err
	}
	w := legion.Worker(d, "tell", tell, legion.Pool{Max: 1, Nice: 2})
	legion.On(d, func(ctx context.Context, _ event.Started) error {
		here, err := tell(ctx, struct{}{})
		there, err2 := w.Call(ctx, struct{}{})
		fmt.Println("daemon", here, err)
		fmt.Println("worker", there, err2)
		return d.Stop(ctx)
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
	}
}

func TestNiceAndWorkDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("RELATIVE", "file")
	p := run(t, "nice")
	if got, want := p.line(), fmt.Sprintf("daemon %d / <nil>", nicer(5)); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got, want := p.line(), fmt.Sprintf("worker %d / <nil>", nicer(7)); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// nicer is what a process is that is nicer than this one, which may run niced.
func nicer(by int) int { return min(host.Niceness()+by, 19) }
