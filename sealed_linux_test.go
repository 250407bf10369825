package legion_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
)

// guarantees are the tests of what is promised of every worker that hold in a
// sandbox, too. (The others start programs in a worker, or change its
// descriptors.)
var guarantees = []string{
	"TestWorkersAreSealed",
	// calls, and what becomes of them
	"TestCall", "TestErrorsOfTheFunction", "TestConcurrentCallers", "TestTask", "TestTransports/socket", "TestTransports/shared_memory", "TestCallersContext", "TestFaults",
	"TestMemoryLimit", "TestRetry", "TestStoppedWorker", "TestCrashLoopInCalls",
	// streams and Buffers
	"TestStream", "TestStreamIsBoundedInBytes", "TestStreamWorkerDies", "TestBuffers/memory", "TestManyBuffers", "TestBuffersOfADeadWorker", "TestRetryWithABuffer",
	// the life of workers
	"TestRecyclingUnderLoad/MaxCalls", "TestRecyclingUnderLoad/MaxMemory", "TestKillStorm/recycling", "TestMinAge", "TestReload", "TestReloadReplacesSpares", "TestSpareOfATask", "TestLoopingWorker", "TestLoopingWorkerThatHangs",
	"TestUpgradesUnderLoad", "TestStopDrains", "TestStopIsBounded", "TestLimits",
}

// The tests of the guarantees hold when the workers are sealed.
func TestGuaranteesHoldSealed(t *testing.T) {
	if os.Getenv(boxKey) != "" {
		return // this is that run
	}
	slow.Test(t, "runs many other tests again", "15 s")
	run := "^" + strings.ReplaceAll(strings.Join(guarantees, "$|^"), "/", "$/^") + "$"
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run, "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), boxKey+"=yes")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range guarantees {
		// The race detector leaves no room for a limit of memory.
		if !strings.Contains(string(out), "--- PASS: "+name+" ") && name != "TestMemoryLimit" {
			t.Errorf("%s did not run", name)
		}
	}
}

// In that run, and only there, workers are sealed.
func TestWorkersAreSealed(t *testing.T) {
	k := newKit(legion.Pool{Max: 1}).start(t)
	for _, p := range k.d.Stats().Pools {
		for _, w := range p.Workers {
			if sealed := os.Getenv(boxKey) != ""; w.Sealed != sealed {
				t.Errorf("a worker of %s is sealed: %v", p.Name, w.Sealed)
			}
		}
	}
}
