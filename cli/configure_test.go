package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// keys is a plugin that has keys.
type keys struct {
	set   assignments
	wrong error
}

func (*keys) Name() string   { return "keys" }
func (*keys) Keys() []string { return []string{"db.host", "log_level"} }
func (*keys) Show() []status.Setting {
	return []status.Setting{{Key: "db.host", Value: "here", Source: "a file"}}
}
func (k *keys) Load() error { return k.wrong }
func (k *keys) Set(key, value string) error {
	if value == "" {
		return errors.New("it needs a value")
	}
	k.set = append(k.set, assignment{key, value})
	return nil
}

// -o reaches legion.Config and plugins, by the names that config show prints.
func TestConfigure(t *testing.T) {
	configure := func(args ...string) (legion.Config, *keys, error) {
		k := &keys{}
		d := legion.New(legion.Config{Name: "thumbs"})
		d.Use(k)
		p := newProgram(d, nil)
		for _, a := range args {
			if err := p.flags.set.Set(a); err != nil {
				t.Fatal(err)
			}
		}
		err := p.configure()
		return d.Config(), k, err
	}
	c, k, err := configure("log_level=debug", "stop_timeout=1m", "log_file=/tmp/x", "log_rotation.size=0x100", "log_rotation.age=24h",
		"nice=-5", "hard_start=true", "command=a b", "db.host=h=1", "control=none", "stop_timeout=2m")
	if err != nil {
		t.Fatal(err)
	}
	if c.LogLevel != slog.LevelDebug || c.StopTimeout != 2*time.Minute || c.LogFile != "/tmp/x" || c.LogRotation.Size != 256 || c.LogRotation.Age != 24*time.Hour ||
		c.Nice != -5 || !c.HardStart || !slices.Equal(c.Command, []string{"a", "b"}) || c.Control != "none" {
		t.Errorf("%+v", c)
	}
	if !slices.Equal(k.set, assignments{{"db.host", "h=1"}}) {
		t.Errorf("the plugin got %v", k.set)
	}
	for given, want := range map[string]string{
		"db.host=":         "-o db.host=: it needs a value",
		"db.hots=x":        "did you mean db.host?",
		"logger=x":         "there is no such key",
		"nice=high":        `"high" is not a whole number`,
		"hard_start=maybe": "neither true nor false",
		"log_level=loud":   `"loud" is not a level: use debug, info, warn or error`,
	} {
		if _, _, err := configure(given); err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitUsage {
			t.Errorf("%s: %v, want %q", given, err, want)
		}
	}
	if all := configFields(reflect.TypeFor[legion.Config](), ""); !slices.Contains(all, "runtime_dir") || slices.Contains(all, "logger") || slices.Contains(all, "name") {
		t.Errorf("the keys are %q", all)
	}
}

// config check fails if a plugin's configuration is wrong; config show shows
// it.
func TestCheck(t *testing.T) {
	k := &keys{}
	d := legion.New(legion.Config{Name: "thumbs", Control: "none"})
	d.Use(k)
	p := newProgram(d, nil)
	var out, errs strings.Builder
	p.stdout, p.stderr = &printer{w: &out}, &printer{w: &errs}
	if code := p.main(t.Context(), []string{"config", "check"}); code != ExitOK {
		t.Errorf("code %d: %s", code, errs.String())
	}
	if code := p.main(t.Context(), []string{"config", "show", "-o", "umask=18"}); code != ExitOK ||
		!strings.Contains(out.String(), "db.host") || !strings.Contains(out.String(), "flag -o") {
		t.Errorf("code %d: %s%s", code, out.String(), errs.String())
	}
	k.wrong = errors.New("db.host: nobody is there")
	if code := p.main(t.Context(), []string{"config", "check"}); code != ExitNotConfigured || !strings.HasSuffix(errs.String(), ": db.host: nobody is there\n") {
		t.Errorf("code %d: %q", code, errs.String())
	}
}

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, ExitOK},
		{errors.New("x"), ExitFailed},
		{usage("x"), ExitUsage},
		{&client.NotRunningError{}, ExitNotRunning},
		{&client.PermissionError{Err: os.ErrPermission}, ExitNotAllowed},
		{&client.Error{Code: client.CodeNotAllowed}, ExitNotAllowed},
		{&client.Error{Code: client.CodeParams}, ExitFailed},
		{&ExitError{Code: StatusStopped}, StatusStopped},
	} {
		if code := ExitCode(c.err); code != c.code {
			t.Errorf("%v: %d, want %d", c.err, code, c.code)
		}
	}
}

// A program's own command replaces a built-in one.
func TestCommands(t *testing.T) {
	d := legion.New(legion.Config{Name: "thumbs", Control: "none"})
	ran := ""
	p := newProgram(d, []Option{Command{Name: "stats", Args: "A [B]", Short: "mine", Run: func(_ context.Context, in *Invocation) error {
		ran = strings.Join(in.Args, " ")
		return &ExitError{Code: 42}
	}}})
	var errs strings.Builder
	p.stdout, p.stderr = &printer{w: &strings.Builder{}}, &printer{w: &errs}
	if code := p.main(t.Context(), []string{"stats", "1", "2"}); code != 42 || ran != "1 2" || errs.Len() > 0 {
		t.Errorf("code %d, ran %q, %s", code, ran, errs.String())
	}
	if code := p.main(t.Context(), []string{"stats", "1", "2", "3"}); code != ExitUsage {
		t.Errorf("code %d", code)
	}
	for _, bad := range []Command{{}, {Name: "x"}, {Name: "a b", Run: Command{}.Run}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken", bad)
				}
			}()
			newProgram(d, []Option{bad})
		}()
	}
}

// The unit is written completely, and replaces another one only if the user
// asks for it.
func TestInstall(t *testing.T) {
	before := unitFolder
	defer func() { unitFolder = before }()
	unitFolder = t.TempDir()
	in := &Invocation{program: &program{stdout: &printer{w: &strings.Builder{}}}}
	path := filepath.Join(unitFolder, "thumbs.service")
	for _, step := range []struct {
		text    string
		replace bool
		code    int
		then    string
	}{
		{"one", false, ExitOK, "one"},
		{"two", false, ExitFailed, "one"},
		{"three", true, ExitOK, "three"},
	} {
		o := unitOptions{replace: step.replace}
		err := o.write(in, "thumbs", step.text)
		b, _ := os.ReadFile(path)
		if ExitCode(err) != step.code || string(b) != step.then {
			t.Errorf("writing %s: %v; there is %q", step.text, err, b)
		}
	}
	if left, _ := os.ReadDir(unitFolder); len(left) != 1 {
		t.Errorf("%d files are there", len(left))
	}
	unitFolder = filepath.Join(unitFolder, "nowhere")
	if err := (&unitOptions{}).write(in, "thumbs", ""); ExitCode(err) != ExitNotInstalled {
		t.Error(err)
	}
}

// stop gives up after --timeout, and says which process is still there.
func TestStopTimeout(t *testing.T) {
	f := newFake(t, map[string]string{
		"daemon.hello": `{"name":"thumbs","pid":` + count(os.Getpid()) + `}`, "daemon.stop": "true",
	})
	code, _, errs := f.run(0, false, "stop", "thumbs", "--timeout", "1ms")
	if code != ExitFailed || !strings.Contains(errs, "has not ended within 1ms") || !strings.Contains(errs, "thumbs, pid "+count(os.Getpid())) || !strings.Contains(errs, "legion stop --force thumbs") {
		t.Errorf("code %d: %s", code, errs)
	}
}
