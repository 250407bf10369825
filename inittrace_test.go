package legion_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Every worker pays for what the packages initialise, in time and in memory: no
// table and no text for the daemon alone is made before it is needed.
func TestPackagesInitialiseLittle(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = []string{"GODEBUG=inittrace=1"} // and nothing else, because package proc reads all of it
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		// init PATH @1.2 ms, 0.003 ms clock, 128 bytes, 2 allocs
		f := strings.Fields(line)
		if len(f) != 11 || f[0] != "init" || !strings.HasPrefix(f[1], "github.com/legion-go/legion") || strings.HasSuffix(f[1], "_test") {
			continue
		}
		seen++
		limit := 640
		if f[1] == "github.com/legion-go/legion" {
			limit = 1536 // with the tests in this package
		}
		if n, err := strconv.Atoi(f[7]); err != nil || n > limit {
			t.Errorf("the package allocates more than %d bytes when it is initialised: %s", limit, line)
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were found:\n%s", seen, out)
	}
}
