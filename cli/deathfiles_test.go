package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files of a death are for the user alone, in a new folder, and nowhere
// else, whatever the daemon says.
func TestDeathExport(t *testing.T) {
	f := newFake(t, map[string]string{"death.export": `{"files":[{"name":"fuzz.txt","data":"Z28="},{"name":"stack.txt","data":""}],"left_out":["argument.json: no\u001b"]}`})
	dir := filepath.Join(t.TempDir(), "new")
	code, out, errs := f.run(80, false, "death", "export", "thumbs", "17", "-o", dir)
	if code != ExitOK || !strings.Contains(out, filepath.Join(dir, "fuzz.txt")) || !strings.Contains(out, "left out: argument.json") || strings.Contains(out, "\x1b") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, "fuzz.txt"): 0o600, filepath.Join(dir, "stack.txt"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "fuzz.txt")); string(b) != "go" {
		t.Errorf("%q, %v", b, err)
	}
	if code, _, errs := f.run(80, false, "death", "export", "thumbs", "17", "-o", dir); code != ExitFailed || !strings.Contains(errs, "file exists") || !strings.Contains(errs, "-o") {
		t.Errorf("it overwrites: code %d, %s", code, errs)
	}
	for _, name := range []string{"../evil", "/tmp/evil", ".hidden", ".."} {
		f.results["death.export"] = `{"files":[{"name":"` + name + `","data":"Z28="}],"left_out":[]}`
		dir := filepath.Join(t.TempDir(), "folder", "new")
		if err := os.Mkdir(filepath.Dir(dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := f.run(80, false, "death", "export", "thumbs", "17", "-o", dir); code != ExitFailed || !strings.Contains(errs, "is not written") {
			t.Errorf("%s: code %d, %s", name, code, errs)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) > 0 {
			t.Errorf("%s: %q", name, files)
		}
	}
}

func TestDeathReplay(t *testing.T) {
	f := newFake(t, map[string]string{"death.replay": `{"outcome":"crashed","error":"thumb exited with code 3\u001b","result":null,"death":18,"pid":7,"took":1.5}`})
	code, out, errs := f.run(80, false, "death", "replay", "thumbs", "17")
	if code != ExitFailed || !strings.Contains(out, "crashed after 1.5s in process 7") || !strings.Contains(out, "legion death show thumbs 18") || !strings.Contains(errs, "thumb exited with code 3") || strings.Contains(out+errs, "\x1b") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if code, out, errs = f.run(80, false, "death", "replay", "thumbs", "17", "--json"); code != ExitFailed || !strings.Contains(out, `"death": 18`) || errs != "" || strings.Contains(out, `"exit"`) {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	f.results["death.replay"] = `{"outcome":"ok","error":"","result":{"a":1},"death":0,"pid":7,"took":1.5}`
	if code, out, errs = f.run(80, false, "death", "replay", "thumbs", "17"); code != ExitOK || !strings.Contains(out, `"a": 1`) || strings.Contains(out, "certificate") || errs != "" {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}
