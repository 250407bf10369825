package proc

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/sandbox"
)

// Child describes a process started by [Start] to itself.
type Child struct {
	Purpose Purpose
	Limits  Limits
	Sandbox *sandbox.Sandbox // nil: none
	// Parent is the process id of the daemon.
	Parent int
	// Files are the inherited Spec.Files; the caller that takes them owns them.
	// Grandchildren do not inherit them.
	Files []*os.File
}

// Self describes this process, or is nil if [Start] did not start it.
func Self() *Child { return self }

var self *Child

// args are the process's arguments before user code can change them
// (subcommands are often cut out in place): each child gets the original ones.
var args = append([]string(nil), os.Args...)

// Args returns the arguments that this process was started with, even if
// os.Args has changed since.
func Args() []string { return append([]string(nil), args...) }

// Descriptors that every child inherits, in this order, after stdin, stdout and
// stderr. The crash file and the cgroups to join follow if the marker says so,
// then Spec.Files.
const (
	lifelineFD = 3
	firstFD    = 4
)

func init() {
	text, ok := os.LookupEnv(markerName)
	if !ok {
		return
	}
	os.Unsetenv(markerName)
	c, err := become(text)
	if err != nil {
		// No log package, no panic: this must be short, and end the process here.
		os.Stderr.WriteString("legion: this worker process cannot start: " + err.Error() + "\n")
		os.Exit(ExitRefused)
	}
	self = c
}

// become makes this process the child that the marker's text describes. The
// order matters: first what needs /proc, then the environment that user code
// sees, then the tie to the daemon's life, then the limits.
func become(text string) (*Child, error) {
	m, err := readMarker(text)
	if err != nil {
		return nil, err
	}
	box, err := unpackSandbox(m.sandbox)
	if err == nil && box != nil {
		err = beforeBirth(&m, box)
	}
	if err != nil {
		return nil, fmt.Errorf("making the sandbox: %w", err)
	}
	if !m.again { // else it is done
		if err := offerToKernel(m.limits.OOMScore); err != nil {
			return nil, err
		}
	}

	ignoreStops()
	if len(os.Args) > 0 {
		os.Args[0], args[0] = m.args0, m.args0
	}
	if m.hasMax {
		err = os.Setenv("GOMAXPROCS", m.goMax)
	} else {
		err = os.Unsetenv("GOMAXPROCS")
	}
	if err != nil {
		return nil, fmt.Errorf("restoring GOMAXPROCS in the environment: %w", err)
	}
	setComm(m.name)

	// Mark all inherited descriptors close-on-exec, so that grandchildren do not
	// get them.
	first := m.firstFile()
	for fd := lifelineFD; fd < first+m.files; fd++ {
		if err := closeOnExec(fd); err != nil {
			return nil, fmt.Errorf("descriptor %d should have been inherited: %w", fd, err)
		}
	}
	if err := armLifeline(lifelineFD); err != nil {
		return nil, fmt.Errorf("tying this process to the daemon's life: %w", err)
	}
	fd := firstFD
	if m.crash {
		if err := redirectCrash(fd); err != nil {
			return nil, fmt.Errorf("redirecting the crash output: %w", err)
		}
		fd++
	}
	for ; fd < first; fd++ {
		if err := joinCgroup(fd); err != nil {
			return nil, fmt.Errorf("joining a cgroup: %w", err)
		}
	}
	if err := m.limits.apply(); err != nil {
		return nil, err
	}
	if box != nil && !m.again {
		if err := confine.Birth(box); err != nil {
			return nil, fmt.Errorf("making the sandbox: %w", err)
		}
	}

	c := &Child{Purpose: m.purpose, Limits: m.limits, Sandbox: box, Parent: m.parent}
	for i := range m.files {
		c.Files = append(c.Files, os.NewFile(uintptr(first+i), "inherited "+strconv.Itoa(i)))
	}
	return c, nil
}

// readMarker reads the marker's text, and makes sure that it is for this
// process.
func readMarker(text string) (marker, error) {
	m, err := decodeMarker(text)
	if err != nil {
		return m, fmt.Errorf("the environment variable %s was not set by a daemon: %w: unset it", markerName, err)
	}
	if parent := os.Getppid(); parent != m.parent {
		return m, fmt.Errorf("the environment variable %s is for a child of process %d, and this process is a child of process %d: "+
			"it was inherited by accident, or the daemon has just ended; unset it", markerName, m.parent, parent)
	}
	return m, nil
}

// redirectCrash makes the runtime write crash reports to fd besides stderr.
func redirectCrash(fd int) error {
	f := os.NewFile(uintptr(fd), "crash")
	defer f.Close() // the runtime then has its own descriptor
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		return err
	}
	// With GOTRACEBACK=none a crash would have no stacks; a higher level than this
	// stays.
	debug.SetTraceback("single")
	return nil
}

// joinCgroup moves this process into the cgroup whose cgroup.procs is open as
// fd.
func joinCgroup(fd int) error {
	f := os.NewFile(uintptr(fd), "cgroup.procs")
	_, err := f.WriteString("0") // 0 means the writing process
	return errors.Join(err, f.Close())
}
