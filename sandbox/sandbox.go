package sandbox

// Sandbox confines the workers of a pool. Its zero value is the strictest:
// functions compute on their arguments and do nothing else. Each field down to
// Env opens something.
//
// It holds from the end of the worker's setup, before its first call. Until
// then main and the function given to NewWorkers may open what Setup, Read and
// Write name, and connect anywhere. If the system cannot do what is asked,
// Start fails and says what is missing.
//
// It contains what hostile input makes a function do, not hostile code:
// whatever is compiled into the program runs in the daemon as well.
type Sandbox struct {
	// Read and Write name files and folders that functions may read, and also
	// write and make. They are absolute paths, and must exist at the start of a
	// worker. A folder stands for everything below it. With an entry, functions can
	// also see that other files exist, how large they are, and where links lead.
	// They can never change modes, owners and times.
	Read, Write []string
	// Setup names what only the worker's setup may read: a model, a certificate.
	// Before Linux 7.0, a program with C in it (cgo) can have it only if Read and
	// Write are empty and Network is not AnyNetwork.
	Setup []string
	// Network is what functions may open. Connections made by setup stay open.
	// Default NoNetwork.
	Network Network
	// Exec lets functions start programs found in Read, which must also name their
	// libraries. They are confined alike. It includes JIT, which loading a program
	// needs. It needs Linux 6.12.
	Exec bool
	// JIT lets functions make memory executable: wazero's compiler, dlopen.
	JIT bool
	// Env names the variables a worker keeps beside PATH, HOME, LANG, LC_*, TZ,
	// TMPDIR and those of the Go runtime, as Pool.Env does: "LC_*", "NAME=value".
	// "*" keeps all.
	Env []string
	// User is whom the workers become, as Pool.User; the daemon must be root.
	// Default: the daemon's.
	User string
	// CPU bounds a worker in CPUs, 0.05 or more; it needs a cgroup. Default 0:
	// none.
	CPU float64
	// FileSize bounds each file that is written, in bytes; at least 256 KiB.
	// Default 1 MiB.
	FileSize uint64
	// Threads bounds the worker's tasks, by a pids cgroup; at least 16. Default 0:
	// none.
	Threads int
	// Strict ends a worker with ErrForbidden, and its stack, at any forbidden
	// system call. Without, libraries that probe get an error and go on; only calls
	// that no function has a reason for (ptrace, mount, bpf, another ABI) end it.
	Strict bool
	// BestEffort lets workers serve without what this system cannot do. Each
	// missing part is a warning at Start, in PoolStats.Sandbox and in doctor.
	BestEffort bool
}
