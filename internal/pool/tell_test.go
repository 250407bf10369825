package pool

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/proc"
)

// A death is one record of the log, also the first of its kind, which has the
// kind and the reason besides.
func TestTellOnce(t *testing.T) {
	killed := Death{Exit: proc.Exit{PID: 7, KilledBy: "deadline"}, Expected: true, Number: 3}
	stopped := Death{Exit: proc.Exit{PID: 7, KilledBy: "stop"}, Expected: true, Number: 3}
	first := func(d Death) Death {
		d.NewKind, d.Why = "0123abcd", "it was slow"
		return d
	}
	for _, c := range []struct {
		d    Death
		want string
	}{
		{killed, `WARN worker was killed death=3`},
		{first(killed), `WARN worker was killed death=3 new_kind=0123abcd why=it was slow`},
		{first(Death{Exit: proc.Exit{PID: 7}, Cause: "boot", Number: 3}), `WARN worker died death=3 new_kind=0123abcd`},
		{stopped, ``},
		{first(stopped), `INFO worker ended death=3 new_kind=0123abcd why=it was slow`},
	} {
		var b bytes.Buffer
		c.d.Tell(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "worker" || a.Key == "pid" || a.Key == "how" {
				return slog.Attr{}
			}
			return a
		}})))
		got := strings.NewReplacer("level=", "", "msg=", "", `"`, "", "\n", "").Replace(b.String())
		if got = strings.TrimSuffix(got, "\n"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
