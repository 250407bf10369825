package promtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/meter"
	"github.com/legion-go/legion/metrics"
)

var (
	made  = meter.NewCounter("test_made_total", "What was made.", "what")
	level = meter.NewGauge("test_level_ratio", "Up and down.")
	sizes = meter.NewHistogram("test_size_bytes", "Sizes.", []float64{1, 1024})
)

// TestMain also plays the worker processes. An environment variable tells how
// many functions a daemon has: workers must declare the same.
func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { return declare(legion.Config{}).d })
}

const token = "token-of-this-test"

// scraped is a daemon that Prometheus scrapes.
type scraped struct {
	d        *legion.Daemon
	work     *legion.Func[string, string]
	many     *legion.Func[string, string]
	endpoint *metrics.Endpoint
}

func declare(c legion.Config) *scraped {
	c.Name, c.Logger, c.StopTimeout = "scraped", slog.New(slog.DiscardHandler), 20*time.Second
	if c.Control == "" {
		c.Control = "none"
	}
	s := &scraped{d: legion.New(c), endpoint: &metrics.Endpoint{RunSeconds: true}}
	s.work = legion.Worker(s.d, "work", do, legion.Pool{Min: 3, Max: 3, MaxCalls: 3, Queue: 1000})
	w := legion.NewWorkers(s.d, "many", func(context.Context) (*struct{}, error) { return new(struct{}), nil }, legion.Pool{Min: 1, Max: 1})
	for i := range functions - 2 {
		f := legion.Handle(w, "function"+string(rune('a'+i/26))+string(rune('a'+i%26)), func(_ *struct{}, ctx context.Context, what string) (string, error) { return do(ctx, what) })
		if s.many == nil {
			s.many = f
		}
	}
	legion.Task(s.d, "job", do, legion.TaskOptions{})
	s.d.Cron("0 0 1 1 *", func(context.Context) error { return nil })
	s.d.Use(s.endpoint)
	return s
}

// functions is how many the daemon has, in three pools.
const functions = 50

func do(_ context.Context, what string) (string, error) {
	made.With(what).Inc()
	sizes.Observe(float64(len(what)))
	level.Set(1)
	switch what {
	case "fail":
		return "", errors.New("as asked")
	case "die":
		os.Exit(3)
	}
	return what, nil
}

// start starts a daemon, on TCP and on a Unix socket.
func start(t testing.TB) (s *scraped, tcp, unix string) {
	t.Helper()
	unix = filepath.Join(t.TempDir(), "c.sock")
	s = declare(legion.Config{
		Control: "unix://" + unix + " tcp://127.0.0.1:0",
		Access:  map[string]legion.Role{"token:prometheus:" + token: legion.RoleRead},
	})
	legiontest.Start(t, s.d)
	all, err := s.d.ControlAddresses()
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	return s, strings.TrimPrefix(all[1], "tcp://"), unix
}

func (s *scraped) text(t testing.TB, f metrics.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.endpoint.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tool runs promtool, which must succeed, and returns what it prints.
func tool(t *testing.T, stdin []byte, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "promtool", args...)
	c.Stdin = bytes.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v (.ci/install installs it)\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fetch scrapes a daemon over TCP, in the text format.
func fetch(t *testing.T, tcp string) []byte {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+tcp+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatal(r.Status, err)
	}
	return text
}
