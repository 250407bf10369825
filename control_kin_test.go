package legion_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/legiontest"
)

const askKey = "LEGION_TEST_ASK"

func init() {
	programs["asker"] = func() { fmt.Print(askAt(context.Background(), os.Getenv(askKey))) }
}

// askAt asks at a control socket what an admin may do, and what one who only
// looks may; it returns what is answered.
func askAt(ctx context.Context, path string) string {
	c, err := client.Dial(ctx, path, client.Options{})
	if err != nil {
		return "dial: " + err.Error()
	}
	defer c.Close()
	var n int
	return fmt.Sprintf("status: %v; signal: %v", c.Call(ctx, "pool.list", nil, nil), c.Call(ctx, "daemon.signal", []any{"no such"}, &n))
}

// askByChild is askAt in another process.
func askByChild(ctx context.Context, path string, apart bool) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), programKey+"=asker", askKey+"="+path)
	if apart {
		cmd.Env = cmd.Env[len(cmd.Env)-2:]
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	out, err := cmd.Output()
	return string(out), err
}

// Workers, and what they start, are not the daemon's user at its control
// socket.
func TestWorkersAreNoOperators(t *testing.T) {
	for name, access := range map[string]map[string]legion.Role{"by default": nil, "readers": {"workers": legion.RoleRead}} {
		t.Run(name, func(t *testing.T) {
			legiontest.CheckLeaks(t)
			c := newControlled(t, func(conf *legion.Config) { conf.Access = access }).start()
			want := "is one of the daemon's workers, or was started by one"
			if access != nil {
				want = "status: <nil>; signal: not allowed: daemon.signal needs the role admin, yours is read"
			}
			ways := []deed{{What: "ask"}, {What: "ask by child"}}
			if runtime.GOOS == "linux" {
				ways = append(ways, deed{What: "ask by child", Size: 1})
			}
			for _, way := range ways {
				way.Path = c.path
				if said := c.must(t, way); !strings.Contains(said, want) {
					t.Errorf("%s %d: %s", way.What, way.Size, said)
				}
			}
			const all = "status: <nil>; signal: signal: there is no signal"
			if said, err := askByChild(t.Context(), c.path, false); !strings.Contains(said, all) || err != nil {
				t.Errorf("a child of the daemon's that is no worker: %s %v", said, err)
			}
			if said := askAt(t.Context(), c.path); !strings.Contains(said, all) {
				t.Errorf("the daemon itself: %s", said)
			}
		})
	}
}
