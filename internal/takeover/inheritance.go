package takeover

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
)

// Inheritance is what a predecessor handed to this process.
type Inheritance struct {
	Kind        string // Spec.Kind
	Predecessor int    // its process id
	Data        []byte // Spec.Data

	channel  *os.File       // nil in place
	telling  *os.File       // takes the text of Tell; nil if the predecessor does not listen
	capture  *os.File       // the reading end of the pipe that is stderr until settled
	final    *os.File       // the file that stderr becomes then
	stderr   syscall.Stat_t // the pipe, to see whether stderr is still that pipe
	accepted chan struct{}
	settled  chan struct{}
	gone     chan struct{} // closed when the predecessor has ended, after Ready; for tests

	mu     sync.Mutex
	files  map[string]int // descriptors that were not taken yet, by name
	ready  bool           // Ready was called
	failed bool           // Fail was called
}

// File takes the file that was handed over under this name; it belongs to the
// caller. It is nil if no file has this name, or if it was taken already.
// Children do not inherit it.
func (h *Inheritance) File(name string) *os.File {
	h.mu.Lock()
	defer h.mu.Unlock()
	fd, ok := h.files[name]
	if !ok {
		return nil
	}
	delete(h.files, name)
	return os.NewFile(uintptr(fd), name)
}

// Names returns the names of the files that were not taken yet, in order.
func (h *Inheritance) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.files))
}

// Tell sends the predecessor a text about this process, which [Successor.Told]
// and [Try] return; at most MaxTold bytes, once, before Ready. It does nothing
// if the predecessor does not listen.
func (h *Inheritance) Tell(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.telling != nil {
		_, _ = h.telling.WriteString(text[:min(len(text), MaxTold)])
		h.telling.Close()
		h.telling = nil
	}
}

// Ready tells the predecessor that this process is ready, and returns when the
// predecessor has accepted: from now on this process serves, even if the
// predecessor ends. Ready first closes the files that were not taken:
// connections to a listener that this version does not know would wait forever.
// If the predecessor ends before it has accepted, Ready does not return: this
// process is killed. In a trial it is always killed. In place Ready only
// restores stderr and returns, since there is no predecessor.
func (h *Inheritance) Ready() error {
	h.mu.Lock()
	if h.ready || h.failed {
		h.mu.Unlock()
		return errors.New("telling the predecessor that this process is ready: it was told already how the start went")
	}
	h.ready = true
	for _, fd := range h.files {
		syscall.Close(fd)
	}
	clear(h.files)
	if h.telling != nil {
		h.telling.Close()
	}
	h.mu.Unlock()
	if h.channel == nil {
		if h.final != nil {
			h.takeStderr()
		}
		return nil
	}
	if _, err := h.channel.Write([]byte{msgReady}); err != nil {
		return fmt.Errorf("telling process %d that this one is ready: %w", h.Predecessor, err)
	}
	<-h.accepted
	return nil
}

// Fail tells the predecessor that this process cannot take over, why, and which
// code a starter should exit with (0 becomes 1). The caller must then end the
// process soon; otherwise it is killed. It also works after Ready, until
// Settled. A second Fail does nothing. The message is cut at 8 KiB.
func (h *Inheritance) Fail(code int, message string) {
	h.mu.Lock()
	again := h.failed
	h.failed = true
	h.mu.Unlock()
	if !again && h.channel != nil {
		_, _ = h.channel.Write(encodeFailed(code, message)) // an error means that the predecessor is gone
	}
}

// Settled is closed when the predecessor has decided that this process counts,
// or has ended after Ready.
func (h *Inheritance) Settled() <-chan struct{} { return h.settled }

// follow reads the predecessor's messages. It ends with the predecessor; if the
// predecessor ends too early, follow ends this process.
func (h *Inheritance) follow() {
	accepted, settled := false, false
	for {
		var b [1]byte
		if _, err := h.channel.Read(b[:]); err != nil {
			break
		}
		switch {
		case b[0] == msgAccepted && !accepted:
			accepted = true
			close(h.accepted)
		case b[0] == msgCounts && accepted && !settled:
			settled = true
			h.settle()
		}
	}
	if !accepted {
		h.orphaned()
	}
	if !settled {
		h.settle()
	}
	h.channel.Close()
	close(h.gone)
}

// orphaned ends this process and its group, which their starter does not know
// of. It does not clean up: hanging code could block it.
func (h *Inheritance) orphaned() {
	h.takeStderr()
	fmt.Fprintf(stderr, "legion: process %d has ended before this process, %d, was ready to take over: ending too\n", h.Predecessor, os.Getpid())
	if syscall.Getpgrp() == os.Getpid() {
		syscall.Kill(0, syscall.SIGKILL) // 0: its own group
	}
	os.Exit(1)
}

// settle makes this process's stderr independent of the predecessor, which has
// read it so far.
func (h *Inheritance) settle() {
	rest(h.capture, func(b []byte) { _, _ = h.final.Write(b) }) // earlier output comes first
	h.takeStderr()
	pass := func(b []byte) { _, _ = stderr.Write(b) }
	rest(h.capture, pass) // then output since then
	// The children still have the pipe, and only this goroutine reads it now.
	go func() { // it ends with them, at the latest with this process
		defer h.capture.Close()
		buf := make([]byte, 8<<10)
		for {
			n, err := h.capture.Read(buf)
			pass(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	close(h.settled)
}

// stderr is the process's, even if user code assigns to os.Stderr.
var stderr = os.Stderr

// takeStderr replaces the pipe by the final file of stderr, unless user code
// has already redirected stderr.
func (h *Inheritance) takeStderr() {
	var now syscall.Stat_t
	if syscall.Fstat(2, &now) == nil && now.Dev == h.stderr.Dev && now.Ino == h.stderr.Ino {
		if fd, err := descriptor(h.final); err == nil {
			_ = replace(int(fd), 2)
		}
	}
	h.final.Close()
}
