package doctor

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/status"
)

const look = "DOCTOR_TEST_LOOK"

// With this variable the test binary says what it finds, in one line for each
// finding.
func TestMain(m *testing.M) {
	if os.Getenv(look) == "" {
		os.Exit(m.Run())
	}
	for _, f := range Look() {
		os.Stdout.WriteString(strings.Join([]string{f.Topic, word(f.OK), f.Found, f.Means, f.Advice}, "|") + "\n")
	}
}

func word(ok bool) string {
	if ok {
		return "ok"
	}
	return "not ok"
}

// Every finding is complete: what it is about, what was found, what that means
// for a pool, and what to do if it is bad.
func whole(t *testing.T, findings []status.Finding) {
	t.Helper()
	var topics []string
	for _, f := range findings {
		topics = append(topics, f.Topic)
		if f.Topic == "" || f.Found == "" || f.Means == "" || f.OK != (f.Advice == "") {
			t.Errorf("%+v", f)
		}
	}
	want := []string{"end of the daemon", "waiting for workers", "memory limits", "memory cgroup", "cpu cgroup", "pids cgroup", "workers as other users", "sandbox: system calls", "sandbox: files"}
	for _, topic := range want {
		if !slices.Contains(topics, topic) {
			t.Errorf("nothing about the %s, only %q", topic, topics)
		}
	}
}

// What is found agrees with what package proc can do.
func TestLook(t *testing.T) {
	findings := Look()
	whole(t, findings)
	c := proc.Capabilities()
	for _, f := range findings {
		place, ok := map[string]proc.CgroupPlace{"memory cgroup": c.MemoryCgroup, "cpu cgroup": c.CPUCgroup, "pids cgroup": c.PidsCgroup}[f.Topic]
		switch {
		case ok && place.Version != "" && f.Found != place.Version+" in "+place.Dir:
			t.Errorf("%+v, but it is %+v", f, place)
		case ok && f.OK != (place.Version != ""):
			t.Errorf("%+v, but it is %+v", f, place)
		case f.Topic == "workers as other users" && f.OK != (c.Users == ""):
			t.Errorf("%+v, but it is %q", f, c.Users)
		}
	}
}

// A user without rights is told what is missing, what that means, and how to
// get it.
func TestLookAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	cmd := exec.Command("/proc/self/exe") // the user may not enter the folder of the test binary
	cmd.Env = append(os.Environ(), look+"=yes")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var findings []status.Finding
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		findings = append(findings, status.Finding{Topic: f[0], OK: f[1] == "ok", Found: f[2], Means: f[3], Advice: f[4]})
	}
	whole(t, findings)
	for topic, says := range map[string]string{
		"cpu cgroup":             "a pool with Pool.CPU does not start",
		"pids cgroup":            "a pool with Pool.Threads does not start",
		"memory cgroup":          "not for what it starts",
		"workers as other users": "a pool with Pool.User does not start",
	} {
		i := slices.IndexFunc(findings, func(f status.Finding) bool { return f.Topic == topic })
		if i < 0 || findings[i].OK || !strings.Contains(findings[i].Means, says) {
			t.Errorf("%s: %+v", topic, findings)
		}
	}
}
