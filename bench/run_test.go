package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// The whole benchmark, in short: every peer measures every column of every row
// that is for it, and nothing is left.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	binary, file, temp := filepath.Join(dir, "bench"), filepath.Join(dir, "r.json"), filepath.Join(dir, "t")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	cmd := exec.Command(binary, "-smoke", "-json", file)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("running: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	rows := allRows()
	if len(report.Results) != len(rows) {
		t.Fatalf("%d rows, want %d", len(report.Results), len(rows))
	}
	for i, res := range report.Results {
		var names []string
		for _, pr := range res.Peers {
			names = append(names, pr.Name)
			if (pr.Absent != "") != isAbsent(pr.Name, res.Name) && pr.Name != pythonName {
				t.Errorf("%s, %s: absent: %q", res.Name, pr.Name, pr.Absent)
			}
			if pr.Absent != "" {
				continue
			}
			for _, m := range rows[i].Columns {
				if _, ok := pr.Median[m]; !ok && runtime.GOOS == "linux" && !(limit(pr.Name) && (m == CPU || m == WorkerCPU)) {
					t.Errorf("%s, %s: %s was not measured", res.Name, pr.Name, m)
				}
			}
		}
		if want := peerNames(rows[i].peers(1)); !slices.Equal(names, want) {
			t.Errorf("%s: peers %q, want %q", res.Name, names, want)
		}
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// limit says whether the peer has no worker whose CPU time could be measured.
func limit(peer string) bool { return peer == copiesName || peer == touchesName }

// isAbsent says which rows are not for which peer.
func isAbsent(peer, row string) bool {
	switch peer {
	case rawName, shmipcName:
		return row == "struct x1" || row == "struct x64"
	case smallSubject:
		return row != "spawn" && row != "idle"
	}
	return false
}
