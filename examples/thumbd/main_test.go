package main

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/examples/thumbd/internal/evil"
	"github.com/legion-go/legion/examples/thumbd/internal/sample"
)

// These tests run the program itself, with its worker processes.

var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "thumbd-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "thumbd")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic("building thumbd: " + string(out))
	}
	return m.Run()
}

// thumbd prepares a run; it is killed if it hangs.
func thumbd(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "XDG_RUNTIME_DIR="+t.TempDir(), "HOME=") // workers in a sandbox have neither
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func TestOnceOverTheSamples(t *testing.T) {
	out := t.TempDir()
	cmd, stdout, stderr := thumbd(t, "-once", "-out", out, "-size", "64") // no -in: it makes the samples
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	t.Log(stdout)

	for _, f := range sample.Good() {
		file, err := os.Open(filepath.Join(out, f.Name+".png"))
		if err != nil {
			t.Error(err)
			continue
		}
		thumb, format, err := image.DecodeConfig(file)
		file.Close()
		if err != nil || format != "png" || max(thumb.Width, thumb.Height) > 64 {
			t.Errorf("%s: its thumbnail is a %s of %d×%d, %v", f.Name, format, thumb.Width, thumb.Height, err)
		}
	}
	want := map[string]outcome{
		"bomb": outOfMemory, "panic": panicked, "endless": timedOut, "diary": notPicture, "empty": notPicture,
		"truncated": corrupt, "flipped": corrupt, "static": corrupt, "exfil": forbidden,
	}
	for _, f := range sample.Hostile() {
		if _, err := os.Stat(filepath.Join(out, f.Name+".png")); err == nil {
			t.Errorf("%s has a thumbnail", f.Name)
		}
		kind := want[f.Name[:strings.IndexAny(f.Name, " .")]]
		told := func(kind outcome) bool {
			for line := range strings.Lines(stdout.String()) {
				if strings.Contains(line, "  "+kind.String()+" ") && strings.Contains(line, "  "+f.Name+" ") {
					return true
				}
			}
			return false
		}
		switch {
		case told(kind):
		case strings.HasPrefix(f.Name, "bomb") && strings.HasSuffix(f.Name, ".webp") && (told(timedOut) || told(crashed)):
			// Its memory is taken at once, but filled bit by bit: another limit may be met
			// before that on memory.
		default:
			t.Errorf("%s: no line says %q", f.Name, kind)
		}
	}
	if left, _ := os.ReadDir(out); len(left) != len(sample.Good()) {
		t.Errorf("%d files in the folder of thumbnails, want %d", len(left), len(sample.Good()))
	}
}

// A picture that has taken its decoder over gets nothing and nowhere, and the
// line says what it tried. Without the sandbox it does.
func TestTakenOver(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "forbidden *exfil.webp *called socket, in evil.\\(\\*decoder\\).init"},
		{[]string{"-unsealed"}, "corrupt *exfil.webp *the picture had [1-9][0-9]* bytes of passwords, and a socket to send them"},
	} {
		in := t.TempDir()
		put(t, in, "exfil.webp", evil.Magic, 0)
		cmd, stdout, stderr := thumbd(t, append(c.args, "-once", "-in", in, "-out", t.TempDir())...)
		if err := cmd.Run(); err != nil {
			t.Errorf("%v\n%s\n%s", err, stdout, stderr)
		}
		if !regexp.MustCompile(c.want).MatchString(stdout.String()) {
			t.Errorf("no line matches %q:\n%s", c.want, stdout)
		}
	}
}

func TestMistakesAreToldOnce(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"no folder":      {"-in", filepath.Join(dir, "none")},
		"not writable":   {"-in", dir, "-out", "/dev/null/thumbs"},
		"bad size":       {"-size", "0"},
		"stray argument": {"-once", dir},
	} {
		cmd, stdout, stderr := thumbd(t, args...)
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 2 {
			t.Errorf("%s: exit code %d (%v), want 2", name, code, err)
		}
		if n := strings.Count(stderr.String(), "thumbd: "); n != 1 || stdout.Len() > 0 {
			t.Errorf("%s: told %d times:\n%s%s", name, n, stdout, stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	cmd, stdout, stderr := thumbd(t, "-h") // no verb, and no pictures either
	if err := cmd.Run(); err != nil || !strings.Contains(stdout.String(), "Starting and stopping") {
		t.Errorf("%v:\n%s%s", err, stdout, stderr)
	}
}

func TestWatch(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	cmd, _, stderr := thumbd(t, "-in", in, "-out", out)
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(pipe)
	await := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("it ended without a line that says %q; stderr: %s", text, stderr)
	}

	await("pictures in " + in)
	good := sample.Good()[0]
	put(t, in, "new.bmp", string(good.Bytes()), 0)
	await("new.bmp")
	thumb := filepath.Join(out, "new.bmp.png")
	if _, err := os.Stat(thumb); err != nil {
		t.Error(err)
	}
	put(t, in, "new.bmp", "spoilt", 1)
	await("not a picture")
	if _, err := os.Stat(thumb); err == nil {
		t.Error("the thumbnail of what the file was before is still there")
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	await("thumbnails are in " + out)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, stderr)
	}
}

func TestStoppedEarly(t *testing.T) {
	in := t.TempDir()
	for _, f := range sample.Hostile() {
		if strings.HasPrefix(f.Name, "endless") {
			put(t, in, f.Name, string(f.Bytes()), 0)
		}
	}
	cmd, _, stderr := thumbd(t, "-once", "-in", in, "-out", t.TempDir(), "-timeout", "1h")
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	first := bufio.NewReader(pipe)
	if _, err := first.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, first); err != nil {
		t.Error(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1: a file was left over\n%s", code, stderr)
	}
}
