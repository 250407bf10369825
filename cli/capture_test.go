package cli

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A profile is written to a new file, which only its owner can read, and the
// next command is shown; a file that is there stays as it is.
func TestCapture(t *testing.T) {
	answer := func(name, kind string) string {
		return `{"pool":"thumb","pid":17,"kind":"` + kind + `","name":"` + name + `","bytes":"` + base64.StdEncoding.EncodeToString([]byte(kind)) + `"}`
	}
	f := newFake(t, map[string]string{
		"worker.profile": answer("cpu.pb.gz", "cpu"),
		"worker.trace":   answer("trace.out", "trace"),
		"pool.profile":   `{"pool":"thumb","workers":[{"pid":17,"worker":1,"error":"it is gone"}],"kind":"cpu","name":"cpu.pb.gz","bytes":"YQ=="}`,
		"death.blob":     `{"name":"trace.out","bytes":"YmxvYg=="}`,
	})
	dir := t.TempDir()
	t.Chdir(dir)
	for _, c := range []struct{ line, file, says string }{
		{"worker profile thumbs 17", "thumb-17-cpu.pb.gz", "go tool pprof -http=: thumb-17-cpu.pb.gz"},
		{"worker trace thumbs 17 -o t.out --seconds 1", "t.out", "go tool trace t.out"},
		{"pool profile thumbs thumb 10s -o p.pb.gz", "p.pb.gz", "go tool pprof -http=: p.pb.gz"},
		{"death trace thumbs 3", "death-3-trace.out", "go tool trace death-3-trace.out"},
		{"death profile thumbs 3 -o 'q.pb.gz", "'q.pb.gz", `go tool pprof -http=: "'q.pb.gz"`},
	} {
		code, out, errs := f.run(100, false, strings.Fields(c.line)...)
		info, err := os.Stat(filepath.Join(dir, c.file))
		if code != ExitOK || err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 || !strings.Contains(out, c.says) {
			t.Errorf("%s: %v\n%s%s", c.line, err, out, errs)
		}
		if err := os.WriteFile(c.file, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := f.run(100, false, strings.Fields(c.line)...); code != ExitUsage || !strings.Contains(errs, "is not overwritten") {
			t.Errorf("%s, again: %d %s", c.line, code, errs)
		}
		if b, err := os.ReadFile(c.file); err != nil || string(b) != "mine" {
			t.Errorf("%s: %v, the file has become %q", c.line, err, b)
		}
	}
}
