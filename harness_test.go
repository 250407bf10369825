package legion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

// The tests of another module, without legiontest.Main: the message says what
// to do, and the test binary does not start itself over and over. In process
// they still work.
func TestForgottenMain(t *testing.T) {
	slow.Test(t, "compiles and links the tests of a module", "2 s")
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	needs := string(mod)[strings.Index(string(mod), "\ngo "):]
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.sum": string(sum),
		"go.mod": "module example.org/forgetful\n" + needs +
			"\nrequire github.com/legion-go/legion v0.0.0\nreplace github.com/legion-go/legion => " + root + "\n",
		"forgetful_test.go": `package forgetful

import (
	"context"
	"fmt"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

func declare() (*legion.Daemon, *legion.Func[string, string]) {
	d := legion.New(legion.Config{Name: "forgetful"})
	return d, legion.Worker(d, "echo", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Max: 1})
}

func TestProcesses(t *testing.T) {
	fmt.Println("a test binary runs")
	d, _ := declare()
	legiontest.Start(t, d)
}

func TestInProcess(t *testing.T) {
	legiontest.CheckLeaks(t)
	d, echo := declare()
	d.InProcess()
	legiontest.Start(t, d)
	if out, err := echo.Call(t.Context(), "x"); err != nil || out != "x" {
		t.Errorf("%q, %v", out, err)
	}
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "-count=1", "-timeout=60s", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	b, err := cmd.CombinedOutput()
	out := string(b)
	if err == nil || !strings.Contains(out, "func TestMain(m *testing.M) { legiontest.Main(m, yourDaemon) }") || !strings.Contains(out, "--- FAIL: TestProcesses") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := strings.Count(out, "a test binary runs"); n != 1 {
		t.Errorf("%d test binaries ran\n%s", n, out)
	}
	if !strings.Contains(out, "--- PASS: TestInProcess") {
		t.Errorf("in process it does not work\n%s", out)
	}
}
