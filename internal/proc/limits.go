package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"runtime/debug"
	"syscall"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/sandbox"
)

// Limits of one child. The zero value sets GOMAXPROCS to 1 and limits nothing
// else.
type Limits struct {
	// Memory is how many bytes the child may allocate beyond those that the Go
	// runtime has mapped at its start. 0: no limit, otherwise at least MinMemory.
	// It becomes RLIMIT_DATA (the process ends with the runtime's "out of memory"
	// and a stack), a GOMEMLIMIT of 90 %, and, with 1/16 and 16 MiB more, the limit
	// of a memory cgroup where one can be made: that also counts shared memory, and
	// the child together with its own children. Swap is not used if the cgroup can
	// forbid it. Systems other than Linux have only the GOMEMLIMIT.
	Memory uint64
	// Procs is GOMAXPROCS. Default: 1.
	Procs int
	// Nice is the nice value of all of the child's threads, −20 … 19; a value below
	// the daemon's needs privileges. Default, and 0: the daemon's own.
	Nice int
	// Files is RLIMIT_NOFILE, soft and hard. 0: the daemon's own, otherwise at
	// least MinFiles.
	Files uint64

	// CPU is how much processor time the child and its own children may use
	// together, in CPUs: 0.5 is half a second in each second. 0: no limit,
	// otherwise MinCPU to MaxCPU. It is the quota of a cpu cgroup, for periods of a
	// tenth of a second; without that cgroup Start fails.
	CPU float64
	// Threads is how many tasks the child and its own children may have together:
	// processes, and the threads of each. 0: no limit, otherwise MinThreads to
	// MaxThreads. It is the limit of a pids cgroup; without that cgroup Start
	// fails. A Go program that gets no thread ends with "failed to create new OS
	// thread" and its stacks.
	Threads int
	// FileSize is RLIMIT_FSIZE, soft and hard: the most bytes of a file that the
	// child writes, also of a file in memory. Writing more fails with EFBIG; the
	// signal that comes with it, SIGXFSZ, does nothing in a Go program, but ends
	// most others. 0, or more than that: the daemon's own; otherwise at least
	// MinFileSize.
	FileSize uint64
	// NoCore forbids core dumps of the child and its children, in files and to the
	// program that core_pattern names.
	NoCore bool
	// OOMScore is added to the daemon's oom_score_adj, −1000 … 1000: a process with
	// a larger value is the first that the kernel kills when the machine's memory
	// is full. Default, and 0: the constant OOMScore. A value below 0 needs
	// privileges. Only on Linux; elsewhere a value other than 0 fails.
	OOMScore int
}

// Bounds and defaults of Limits.
const (
	// MinMemory is the least Limits.Memory. The runtime of an idle Go process grows
	// by about 4 MiB at its first allocations; with less than this a worker would
	// die at its start.
	MinMemory = 16 << 20
	// MinFiles is the least Limits.Files.
	MinFiles = 32
	// MinCPU and MaxCPU are the least and the largest Limits.CPU other than 0.
	MinCPU, MaxCPU = sandbox.MinCPU, sandbox.MaxCPU
	// MinThreads and MaxThreads are the least and the largest Limits.Threads other
	// than 0. An idle Go process has five to ten threads, and gets one more for
	// each call into the kernel or C that blocks. The kernel knows no more than
	// MaxThreads.
	MinThreads, MaxThreads = sandbox.MinThreads, sandbox.MaxThreads
	// MinFileSize is the least Limits.FileSize.
	MinFileSize = sandbox.MinFileSize
	// OOMScore is the default of Limits.OOMScore: a worker can be replaced, its
	// daemon cannot.
	OOMScore = 500
	// MaxLimit is the largest limit.
	MaxLimit = 1 << 62
)

// Mistakes yields each field of l that could only fail later, in the child,
// with what is wrong and what to do.
func (l Limits) Mistakes() iter.Seq2[string, string] {
	return func(yield func(field, problem string) bool) {
		for _, m := range []struct {
			wrong   bool
			field   string
			problem string
		}{
			{l.Memory != 0 && l.Memory < MinMemory, "Memory", fmt.Sprintf("is %d bytes; a Go process needs %d to start: use at least that, or 0 for no limit", l.Memory, MinMemory)},
			{l.Memory > MaxLimit, "Memory", fmt.Sprintf("is %d bytes, more than is possible: use 0 for no limit", l.Memory)},
			{l.Procs < 0, "Procs", fmt.Sprintf("is %d; use 1 or more, or 0 for the default of 1", l.Procs)},
			{l.Nice < -20 || l.Nice > 19, "Nice", fmt.Sprintf("is %d; use -20 to 19", l.Nice)},
			{l.Files != 0 && l.Files < MinFiles, "Files", fmt.Sprintf("is %d; a Go process needs at least %d: use that, or 0 for the daemon's limit", l.Files, MinFiles)},
			{l.Files > MaxLimit, "Files", fmt.Sprintf("is %d, more than possible: use 0 for the daemon's limit", l.Files)},
			{l.CPU != 0 && !(l.CPU >= MinCPU && l.CPU <= MaxCPU), "CPU", fmt.Sprintf("is %v; use %v to %d, or 0 for no limit", l.CPU, MinCPU, MaxCPU)}, // also if it is not a number
			{l.Threads != 0 && (l.Threads < MinThreads || l.Threads > MaxThreads), "Threads", fmt.Sprintf("is %d; use %d to %d, or 0 for no limit", l.Threads, MinThreads, MaxThreads)},
			{l.FileSize != 0 && l.FileSize < MinFileSize, "FileSize", fmt.Sprintf("is %d bytes; the report of a crash needs %d: use at least that, or 0 for the daemon's limit", l.FileSize, MinFileSize)},
			{l.FileSize > MaxLimit, "FileSize", fmt.Sprintf("is %d bytes, more than possible: use 0 for the daemon's limit", l.FileSize)},
			{l.OOMScore < -1000 || l.OOMScore > 1000, "OOMScore", fmt.Sprintf("is %d; use -1000 to 1000", l.OOMScore)},
		} {
			if m.wrong && !yield(m.field, m.problem) {
				return
			}
		}
	}
}

// procs returns the GOMAXPROCS of l.
func (l Limits) procs() int {
	if l.Procs == 0 {
		return 1
	}
	return l.Procs
}

// explainHard says what raising a limit above its hard one needs.
func explainHard(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("more than the hard limit of the daemon needs CAP_SYS_RESOURCE, which root has: %w", err)
	}
	return err
}

// apply sets the limits on this process that a process sets itself, but
// OOMScore.
func (l Limits) apply() error {
	if l.Nice != 0 {
		if err := host.ExplainNice(l.Nice, renice(l.Nice)); err != nil {
			return err
		}
	}
	if l.Files != 0 {
		if err := setrlimit(syscall.RLIMIT_NOFILE, l.Files); err != nil {
			return fmt.Errorf("limiting open files to %d (RLIMIT_NOFILE): %w", l.Files, explainHard(err))
		}
	}
	if l.FileSize != 0 {
		if err := lower(syscall.RLIMIT_FSIZE, l.FileSize); err != nil {
			return fmt.Errorf("limiting files to %d bytes (RLIMIT_FSIZE): %w", l.FileSize, err)
		}
	}
	if l.NoCore {
		if err := lower(syscall.RLIMIT_CORE, noCore); err != nil {
			return fmt.Errorf("forbidding core dumps (RLIMIT_CORE): %w", err)
		}
	}
	if l.Memory != 0 {
		if err := limitData(l.Memory); err != nil {
			return fmt.Errorf("limiting memory to %d bytes (RLIMIT_DATA): %w", l.Memory, err)
		}
		// A lower GOMEMLIMIT of the user stays.
		if soft := int64(l.Memory / 10 * 9); soft < debug.SetMemoryLimit(-1) {
			debug.SetMemoryLimit(soft)
		}
	}
	return nil
}
