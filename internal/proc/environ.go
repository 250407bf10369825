package proc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/legion-go/legion/internal/host"
)

// keptEnv are the variables that a child keeps in any case: where programs and
// temporary files are, the language and the time zone, what the Go runtime
// reads, and Legion's own.
var keptEnv = []string{
	"PATH", "HOME", "LANG", "LC_*", "TZ", "TMPDIR",
	"GOCOVERDIR", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GORACE", "GOTRACEBACK",
	"_LEGION_*", "LEGION_FAILPOINTS", "LEGION_SPOIL", "LEGION_TEST_*",
}

// CheckEnv refuses a Spec.Env that says nothing.
func CheckEnv(env []string) error {
	for _, e := range env {
		name, _, sets := strings.Cut(e, "=")
		star := strings.IndexByte(name, '*')
		switch {
		case name == "":
			return fmt.Errorf("%q does not name a variable", e)
		case strings.IndexByte(e, 0) >= 0:
			return fmt.Errorf("%q has a zero byte in it", e)
		case star >= 0 && (sets || star != len(name)-1):
			return fmt.Errorf("%q has a * in it: a * may only end a name, as in LC_*", e)
		}
	}
	return nil
}

// environ returns the daemon's environment as the child gets it.
func (s *Spec) environ(daemon []string, user *host.Identity) []string {
	if user != nil {
		daemon = host.PersonalEnv(daemon, *user)
	}
	if s.Env == nil {
		return daemon
	}
	var env []string
	set := map[string]bool{}
	for _, e := range s.Env {
		if name, _, sets := strings.Cut(e, "="); sets {
			env = append(env, e)
			set[name] = true
		}
	}
	for _, e := range daemon {
		name, _, _ := strings.Cut(e, "=")
		if !set[name] && (keeps(keptEnv, name) || keeps(s.Env, name)) {
			env = append(env, e)
		}
	}
	return env
}

// keeps reports whether the name of a variable is in the list, where a * at the
// end of a name stands for anything.
func keeps(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		beginning, any := strings.CutSuffix(l, "*")
		return l == name || any && strings.HasPrefix(name, beginning)
	})
}

// childEnv returns environ with the marker and the cookie, and with the child's
// GOMAXPROCS instead of the one in environ: the runtime reads it before any of
// our code runs, and then starts smaller. The child restores both.
func childEnv(m marker, cookie string, environ []string) ([]string, error) {
	procs := "GOMAXPROCS=" + strconv.Itoa(m.limits.procs())
	env := make([]string, 0, len(environ)+2)
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		switch name {
		case markerName, cookieName:
			continue
		case "GOMAXPROCS":
			m.hasMax, m.goMax = true, value
			kv = procs
		}
		env = append(env, kv)
	}
	if !m.hasMax {
		env = append(env, procs)
	}
	text, err := m.encode()
	if err != nil {
		return nil, err
	}
	if cookie != "" {
		env = append(env, cookieName+"="+cookie)
	}
	return append(env, markerName+"="+text), nil
}
