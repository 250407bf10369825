package takeover

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// ExitRefused is the exit code of a process whose environment says that it is a
// successor, but which cannot be one. It prints the reason to stderr.
const ExitRefused = 125

var inherited *Inheritance

// Inherited returns what was handed to this process, or nil if it was not
// started by [Start].
func Inherited() *Inheritance { return inherited }

func init() {
	text, ok := os.LookupEnv(markerName)
	os.Unsetenv(markerName)
	become := inherit
	if !ok {
		if text, ok = os.LookupEnv(inPlaceName); !ok {
			return
		}
		become = inheritInPlace
	}
	os.Unsetenv(inPlaceName)
	h, err := become(text)
	if err != nil {
		// No log package, no panic: this must be short, and end the process here.
		os.Stderr.WriteString("legion: this process cannot take over from another one: " + err.Error() + "\n")
		os.Exit(ExitRefused)
	}
	inherited = h
}

// inherit makes this process the successor that the marker's text describes.
func inherit(text string) (*Inheritance, error) {
	m, err := decodeMarker(text)
	if err != nil {
		return nil, fmt.Errorf("the environment variable %s: %w", markerName, err)
	}
	if parent := os.Getppid(); parent != m.predecessor {
		return nil, fmt.Errorf("the environment variable %s is for a child of process %d, and this process was started by process %d: "+
			"the first has just ended, or a script stands between them and must start the daemon with exec, "+
			"or the variable was inherited by accident: unset it", markerName, m.predecessor, parent)
	}
	for fd := channelFD; fd < firstFD+m.files; fd++ {
		if err := closeOnExec(fd); err != nil {
			return nil, fmt.Errorf("descriptor %d should have been inherited: %w", fd, err)
		}
	}
	r, err := receiveRecord(channelFD, m.files)
	if err != nil {
		return nil, fmt.Errorf("reading the handover from process %d: %w", m.predecessor, err)
	}
	if err := syscall.SetNonblock(channelFD, true); err != nil {
		return nil, err
	}
	h := &Inheritance{
		Kind: r.kind, Predecessor: m.predecessor, Data: r.data,
		files:    make(map[string]int, m.files),
		channel:  os.NewFile(channelFD, "predecessor"),
		capture:  os.NewFile(captureFD, "stderr pipe"),
		final:    os.NewFile(stderrFD, "stderr"),
		accepted: make(chan struct{}), settled: make(chan struct{}), gone: make(chan struct{}),
	}
	for i, name := range r.names {
		h.files[name] = firstFD + i
	}
	h.telling = h.File(toldName)
	if err := syscall.Fstat(2, &h.stderr); err != nil {
		return nil, fmt.Errorf("checking stderr: %w", err)
	}
	go h.follow()
	return h, nil
}

// receiveRecord reads the record from a descriptor that blocks.
func receiveRecord(fd, files int) (record, error) {
	var header [recordHeader]byte
	if err := readFull(fd, header[:]); err != nil {
		return record{}, err
	}
	n, err := recordLength(header)
	if err != nil {
		return record{}, err
	}
	b := make([]byte, n)
	if err := readFull(fd, b); err != nil {
		return record{}, err
	}
	return decodeRecord(b, files)
}

func readFull(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Read(fd, b)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			return errors.Join(errors.New("the process has ended"), io.ErrUnexpectedEOF)
		default:
			b = b[n:]
		}
	}
	return nil
}
