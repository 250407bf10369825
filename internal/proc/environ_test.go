package proc

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func init() {
	childParts["environ"] = func(*Child) {
		fmt.Printf("pid=%d\n", os.Getpid())
		inherited, err := os.ReadFile("/proc/self/environ")
		check(err)
		fmt.Printf("environ=%q\n", os.Environ())
		fmt.Printf("inherited=%q\n", inherited)
		forever()
	}
}

func TestEnviron(t *testing.T) {
	daemon := []string{
		"PATH=/bin", "HOME=/root", "LC_ALL=C", "TZ=UTC", "GOGC=50", "GOOGLE_KEY=g", "SECRET=s", "DB_URL=u", "DB_PASSWORD=p", "LEGION_SPOIL=1",
		"_LEGION_CONFIG_x=c", "LEGION_KEY=k",
	}
	base := []string{"PATH=/bin", "HOME=/root", "LC_ALL=C", "TZ=UTC", "GOGC=50", "LEGION_SPOIL=1", "_LEGION_CONFIG_x=c"}
	for _, c := range []struct{ env, want []string }{
		{nil, daemon},
		{[]string{}, base},
		{[]string{"*"}, daemon},
		{[]string{"DB_*"}, append(slices.Clone(base), "DB_URL=u", "DB_PASSWORD=p")},
		{[]string{"DB_URL", "NONE"}, append(slices.Clone(base), "DB_URL=u")},
		{[]string{"DB"}, base},
		{[]string{"SECRET=", "A=b=c", "PATH=/usr/bin"}, append([]string{"SECRET=", "A=b=c", "PATH=/usr/bin"}, base[1:]...)},
		{[]string{"*", "SECRET=x"}, append([]string{"SECRET=x"}, slices.DeleteFunc(slices.Clone(daemon), func(e string) bool { return e == "SECRET=s" })...)},
	} {
		got := (&Spec{Env: c.env}).environ(daemon, nil)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, not %q", c.env, got, c.want)
		}
	}
}

func TestEnvThatSaysNothing(t *testing.T) {
	for env, says := range map[string]string{"": "does not name", "=x": "does not name", "A\x00B": "zero byte", "*_URL": "a *", "A**": "a *", "A*=b": "a *"} {
		_, err := Start(Spec{Env: []string{env}})
		if err == nil || !strings.Contains(err.Error(), "env: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", env, err)
		}
	}
	if err := CheckEnv([]string{"A", "A*", "*", "A=", "A=*", "B=C=D"}); err != nil {
		t.Error(err)
	}
}

// A variable that is not kept is in no memory of the child.
func TestSecretStaysInTheDaemon(t *testing.T) {
	t.Setenv("A_SECRET", "hunter2")
	t.Setenv("GOMAXPROCS", "3")
	p, o := begin(t, "environ", func(s *Spec) { s.Env = []string{"GREETING=hello", "PROC_TEST_*"} })
	env := o.value(t, p, "environ")
	for _, e := range []string{env, o.value(t, p, "inherited")} {
		if strings.Contains(e, "hunter2") || strings.Contains(e, "A_SECRET") {
			t.Errorf("it has %s", e)
		}
		if !strings.Contains(e, "GREETING=hello") || !strings.Contains(e, "PATH=") || !strings.Contains(e, cookieName) {
			t.Errorf("it has only %s", e)
		}
	}
	if !strings.Contains(env, `"GOMAXPROCS=3"`) || strings.Contains(env, markerName) {
		t.Errorf("it has %s", env)
	}
}
