package legion_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// lastDeath returns the newest certificate.
func lastDeath(t *testing.T, d *legion.Daemon) status.Death {
	t.Helper()
	all := d.Deaths()
	if len(all) == 0 {
		t.Fatal("there is no certificate")
	}
	return all[len(all)-1]
}

// Each death has its certificate as soon as its caller learns of it, with the
// cause, a sentence, and the function of the program.
func TestCertificates(t *testing.T) {
	k := newKit(legion.Pool{Max: 1, KillGrace: 50 * time.Millisecond}).start(t)
	const tool = "legion_test.(*tool)."
	for i, c := range []struct {
		deed     deed
		timeout  time.Duration
		cause    string
		why      string // a regular expression
		frame    string // its beginning
		expected bool
	}{
		{deed{What: "exit"}, 0, "exit", `^main exited with code 7$`, "", false},
		{deed{What: "nil map"}, 0, "", ``, "", false}, // a panic is an error
		{deed{What: "stack"}, 0, "exit", `goroutine stack exceeds .*; it was in legion_test\.overflow`, "legion_test.overflow (main_test.go:", false},
		{deed{What: "SIGKILL"}, 0, "signal", `^main was ended by SIGKILL$`, "", false},
		{deed{What: "loop"}, 100 * time.Millisecond, "deadline", `^main was killed: its call of do (waited \S+ \S+ and )?ran \S+ m?s, its limit is \S+ ms; it was in legion_test\.\(\*tool\)\.do \(main_test\.go:\d+\)$`, tool + "do (main_test.go:", true},
	} {
		before := len(k.d.Deaths())
		var err error
		for again := true; again; again = c.timeout > 0 && len(k.d.Deaths()) == before { // its time was over before it began
			ctx, cancel := context.Background(), context.CancelFunc(func() {})
			if c.timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
			}
			_, err = k.do.Call(ctx, c.deed)
			cancel()
		}
		if err == nil {
			t.Fatalf("%s: it lives", c.deed.What)
		}
		if c.cause == "" {
			if n := len(k.d.Deaths()); n != before {
				t.Errorf("%s: %d more deaths", c.deed.What, n-before)
			}
			continue
		}
		d := lastDeath(t, k.d)
		if len(k.d.Deaths()) != before+1 || d.Number != uint64(before+1) {
			t.Fatalf("%d: %s: there are %d deaths, the last one %d", i, c.deed.What, len(k.d.Deaths()), d.Number)
		}
		if d.Cause != c.cause || !regexp.MustCompile(c.why).MatchString(d.Why) || !strings.HasPrefix(d.Frame, c.frame) || d.Expected != c.expected {
			t.Errorf("%s: %s (expected %v), in %q: %s\n%s", c.deed.What, d.Cause, d.Expected, d.Frame, d.Why, d.Stack)
		}
		if d.Pool != "main" || d.PID == 0 || d.Worker == 0 || d.Age <= 0 || d.Call == nil || d.Call.Func != "do" || d.Call.Arg == 0 || d.Call.Run <= 0 || len(d.Kind) != 8 {
			t.Errorf("%s: %+v, call %+v", c.deed.What, d, d.Call)
		}
		var line []string
		for n, m := range d.Timeline {
			if line = append(line, m.What); n > 0 && m.At.Before(d.Timeline[n-1].At) {
				t.Errorf("%s: the timeline goes back: %v", c.deed.What, d.Timeline)
			}
		}
		want := []string{"spawned", "ready", "submitted", "started", "reaped"}
		if c.cause == "deadline" {
			want = []string{"spawned", "ready", "submitted", "started", "deadline", "grace", "SIGABRT", "reaped"}
		}
		slices.Sort(line) // a call may be made before its worker is ready
		slices.Sort(want)
		if !slices.Equal(line, want) {
			t.Errorf("%s: timeline %q, not %q", c.deed.What, line, want)
		}
	}
}

// An end that was planned has no certificate; one that a person brought about
// has.
func TestPlannedEnds(t *testing.T) {
	k := newKit(legion.Pool{Max: 1}).start(t)
	if _, err := k.task.Call(t.Context(), deed{What: "pid"}); err != nil {
		t.Fatal(err)
	}
	pool, err := k.d.Pool("main")
	if err != nil {
		t.Fatal(err)
	}
	pid := pool.Stats().Workers[0].PID
	if err := pool.End(t.Context(), pid); err != nil {
		t.Fatal(err)
	}
	if all := k.d.Deaths(); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	begun := filepath.Join(t.TempDir(), "begun")
	future := k.do.Go(t.Context(), deed{What: "loop", Path: begun})
	await(t, func() bool { _, err := os.Stat(begun); return err == nil })
	if err := pool.Kill(future.PID()); err != nil {
		t.Fatal(err)
	}
	_, _ = future.Result()
	if d := lastDeath(t, k.d); d.Cause != "kill" || !d.Expected || d.Why != "main was killed by hand while its call of do ran" || d.Signal != "SIGKILL" {
		t.Errorf("%+v", d)
	}
}

// A worker that does not get ready has a certificate, too.
func TestDeathBeforeReady(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("unborn"))
	legion.NewWorkers(d, "unborn", func(context.Context) (*int, error) { return nil, fmt.Errorf("no luck today") }, legion.Pool{Max: 1})
	d.InProcess()
	if err := d.Start(t.Context()); err == nil {
		t.Fatal("it starts")
	}
	all := d.Deaths()
	if len(all) == 0 || all[0].Cause != "boot" || !strings.HasPrefix(all[0].Why, "unborn did not get ready: it exited with code 1: ") || !strings.Contains(all[0].Why, "no luck today") || all[0].Call != nil {
		t.Errorf("%+v", all)
	}
}

func init() { programs["mortal"] = mortalMain }

// mortalMain is a daemon whose workers die, with a control socket.
func mortalMain() {
	legion.SetUpgradeTimes(20*time.Second, 50*time.Millisecond)
	there := func(name string) bool {
		_, err := os.Stat(filepath.Join(os.Getenv("MORTAL_DIR"), name))
		return err == nil
	}
	if there("broken") && !legion.IsWorker() {
		os.Exit(1)
	}
	c := quiet("mortal")
	c.Control = "unix://" + filepath.Join(os.Getenv("MORTAL_DIR"), "mortal.sock")
	d := legion.New(c)
	legion.Worker(d, "die", func(_ context.Context, how string) (string, error) {
		for how == "later" && !there("later") {
			time.Sleep(time.Millisecond)
		}
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}, legion.Pool{Max: 1})
	legion.On(d, func(_ context.Context, e event.WorkerExited) error {
		if !e.Expected {
			fmt.Println("died", e.Death)
		}
		return nil
	})
	legion.On(d, func(context.Context, event.Started) error {
		fmt.Println("started", syscall.Getpid())
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
	}
}

// The certificates, the kinds and the numbers go on in the process after an
// upgrade, and in the program after a restart.
func TestDeathsArePassedOn(t *testing.T) {
	dir, err := os.MkdirTemp("", "mortal") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("MORTAL_DIR", dir)
	p := run(t, "mortal")
	address := "unix://" + filepath.Join(dir, "mortal.sock")
	pid := 0
	started := func() *client.Client {
		was := pid
		if _, err := fmt.Sscan(p.hear("started"), &pid); err != nil || pid == 0 {
			t.Fatal(was, err)
		}
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
		return dial(t, address)
	}
	cl := started()
	die := func() {
		t.Helper()
		if err := cl.Call(t.Context(), "call", map[string]any{"name": "die", "arg": "secret argument"}, nil); err == nil {
			t.Fatal("it lives")
		}
	}
	want := 0 // deaths
	heard := func(number int) {
		t.Helper()
		if got := p.hear("died"); got != fmt.Sprint(number) {
			t.Errorf("the death has number %s, not %d", got, number)
		}
	}
	for range 3 {
		die()
		want++
		heard(want)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if cl.Call(t.Context(), "daemon.upgrade", nil, nil) == nil {
		t.Fatal("an upgrade to a program that ends succeeds")
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	die()
	want++
	heard(want)
	first := ask[status.Death](t, cl, "death.get", map[string]any{"number": 2})
	died := func() (n int) { // in the samples of what was
		t.Helper()
		for _, s := range ask[status.History](t, cl, "history.get", map[string]any{"pool": "die", "step": 1}).Samples {
			n += s.Deaths
		}
		return n
	}
	await(t, func() bool { return died() == want })
	for _, how := range []string{"daemon.upgrade", "daemon.restart"} {
		before := ask[[]status.Death](t, cl, "death.list", nil)
		was := pid
		late := make(chan error, 1)
		if how == "daemon.upgrade" { // a call that the old process finishes
			another := dial(t, address) // one call at a time runs on a connection
			go func() {
				late <- another.Call(t.Context(), "call", map[string]any{"name": "die", "arg": "later"}, nil)
			}()
			await(t, func() bool { return ask[status.Daemon](t, cl, "daemon.status", nil).Pools[0].Running == 1 })
		}
		_ = cl.Call(t.Context(), how, nil, nil)
		cl = started()
		if same := pid == was; same != (how == "daemon.restart") {
			t.Errorf("%s: process %d, was %d", how, pid, was)
		}
		after := ask[[]status.Death](t, cl, "death.list", nil)
		if len(after) != len(before) || after[0].Number != before[0].Number || after[0].Why != before[0].Why {
			t.Fatalf("%s: %+v\nnot\n%+v", how, after, before)
		}
		if again := ask[status.Death](t, cl, "death.get", map[string]any{"number": 2}); fmt.Sprintf("%+v", again.Timeline) != fmt.Sprintf("%+v", first.Timeline) || again.PID != first.PID || again.Call.Wait != first.Call.Wait {
			t.Errorf("%s: %+v\nnot\n%+v", how, again, first)
		}
		if n := died(); n < 3 {
			t.Errorf("%s: the next process remembers %d deaths of 3 or more", how, n)
		}
		if how == "daemon.upgrade" {
			if err := os.WriteFile(filepath.Join(dir, "later"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			<-late
			heard(0)
		}
		die()
		want++
		heard(want)
		kinds := ask[[]status.DeathKind](t, cl, "death.kinds", nil)
		if n := before[0].Number + 1; len(kinds) != 1 || kinds[0].Count != n || kinds[0].Number != n {
			t.Errorf("%s: %+v, not %d deaths", how, kinds, n)
		}
	}
	_ = cl.Call(t.Context(), "daemon.stop", nil, nil)
}

// bombed is a daemon whose function dies of some arguments.
type bombed struct {
	d    *legion.Daemon
	data *legion.Func[[]byte, int]
	text *legion.Func[string, string]
}

func newBombed() *bombed {
	d := legion.New(quiet("bombed"))
	x := &bombed{d: d}
	x.data = legion.Worker(d, "data", func(_ context.Context, b []byte) (int, error) {
		if bytes.HasPrefix(b, []byte("bomb")) {
			os.Exit(3)
		}
		if bytes.HasPrefix(b, []byte("once")) { // dies in one process only
			path := string(b[4:])
			if os.Remove(path) == nil {
				os.Exit(3)
			}
		}
		return os.Getpid(), nil
	}, legion.Pool{Max: 1, KeepArgument: 1 << 10, Sandbox: box()})
	x.text = legion.Task(d, "text", func(_ context.Context, s string) (string, error) {
		for range s {
			time.Sleep(time.Hour)
		}
		return "", errors.New("it is empty")
	}, legion.TaskOptions{KeepArgument: 1 << 10, Timeout: 500 * time.Millisecond, KillGrace: 10 * time.Millisecond, Sandbox: box()})
	return x
}

func init() { unlike = append(unlike, func() *legion.Daemon { return newBombed().d }) }

// The call of which a worker died runs again in a process of its own, with the
// same limits: it dies again, or it does not.
func TestReplay(t *testing.T) {
	legiontest.CheckLeaks(t)
	x := newBombed()
	path := filepath.Join(t.TempDir(), "control.sock")
	if err := x.d.Configure(func(c *legion.Config) error { c.Control = "unix://" + path; return nil }); err != nil {
		t.Fatal(err)
	}
	legiontest.Start(t, x.d)
	cl := dial(t, path)
	type outcome struct {
		Outcome string `json:"outcome"`
		Error   string `json:"error"`
		Result  any    `json:"result"`
		Death   uint64 `json:"death"`
		PID     int    `json:"pid"`
	}
	replay := func(number uint64) outcome {
		t.Helper()
		return ask[outcome](t, cl, "death.replay", map[string]any{"number": number})
	}

	once := filepath.Join(t.TempDir(), "once")
	if err := os.WriteFile(once, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"bomb\x00secret", "once" + once, "bomb" + strings.Repeat("x", 1<<10)} {
		if _, err := x.data.Call(t.Context(), []byte(arg)); !errors.Is(err, legion.ErrCrashed) || strings.Contains(err.Error(), "secret") {
			t.Fatal(err)
		}
	}
	if r := replay(1); r.Outcome != "crashed" || r.Death != 4 || r.Error != "data exited with code 3" {
		t.Errorf("%+v", r)
	}
	d := lastDeath(t, x.d)
	if d.Number != 4 || !d.Argument || d.Call.Arg != len("bomb\x00secret") {
		t.Errorf("%+v", d)
	}
	if r := replay(4); r.Death != 5 { // again and again
		t.Errorf("%+v", r)
	}
	pool := x.data.Pool()
	if r := replay(2); r.Outcome != "ok" || r.Death != 0 || r.Error != "" || fmt.Sprint(r.Result) != fmt.Sprint(r.PID) || r.PID == pool.Stats().Workers[0].PID {
		t.Errorf("%+v", r)
	}
	refused(t, cl, "death.replay", map[string]any{"number": 3}, -32500, "death 3 has no argument: it has 1028 bytes, and Pool.KeepArgument is 1024")
	if s := pool.Stats(); s.Calls != 3 || s.Restarts != 3 {
		t.Errorf("replays count as %d calls and %d restarts", s.Calls-3, s.Restarts-3)
	}

	// The limit of a call counts from the call on: on a busy machine it may be over
	// before a process is ready, and then nothing has died of it. That of a replay
	// begins when its process is ready.
	for before := len(x.d.Deaths()); len(x.d.Deaths()) == before; {
		if _, err := x.text.Call(t.Context(), "x"); !errors.Is(err, legion.ErrTimeout) {
			t.Fatal(err)
		}
	}
	number := lastDeath(t, x.d).Number
	r := replay(number)
	if r.Outcome != "timeout" || r.Death != number+1 || !strings.Contains(r.Error, "its limit is 500 ms") {
		t.Errorf("%+v", r)
	}

	type exported struct {
		Files []struct {
			Name string `json:"name"`
			Data []byte `json:"data"`
		} `json:"files"`
	}
	var fuzz []string
	for _, n := range []uint64{1, number} {
		for _, f := range ask[exported](t, cl, "death.export", map[string]any{"number": n}).Files {
			if f.Name == "fuzz.txt" {
				fuzz = append(fuzz, string(f.Data))
			}
		}
	}
	if want := []string{"go test fuzz v1\n[]byte(\"bomb\\x00secret\")\n", "go test fuzz v1\nstring(\"x\")\n"}; !slices.Equal(fuzz, want) {
		t.Errorf("%q, not %q", fuzz, want)
	}
}
