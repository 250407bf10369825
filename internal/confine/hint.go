package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/legion-go/legion/sandbox"
)

// Hint says, as the end of a sentence that begins with "the sandbox", why a
// function in a process sealed with s may have got err; "" if s has nothing to
// do with it. Not every refusal comes from the sandbox: files have owners and
// modes, too.
func Hint(s *sandbox.Sandbox, err error) string {
	var call *os.SyscallError
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, syscall.EFBIG):
		return "bounds the size of a file (Sandbox.FileSize)"
	case lookup(err) && !s.Network.Any():
		return "allows no lookup of names (Sandbox.Network)"
	case !errors.Is(err, fs.ErrPermission):
		return ""
	case errors.As(err, &call) && slices.Contains(netCalls, call.Syscall):
		return hintNetwork(s)
	case errors.As(err, &path) && path.Op == "fork/exec" && !s.Exec:
		return "allows no other programs (Sandbox.Exec)"
	case errors.As(err, &path) && path.Op == "fork/exec":
		return hintExec(s, path)
	case errors.As(err, &path):
		return hintFile(s, path.Path)
	case errors.As(err, &link):
		if hint := hintFile(s, link.New); hint != "" {
			return hint
		}
		return hintFile(s, link.Old)
	}
	return "may be why"
}

// HintSetup is Hint for a worker's setup, which is not sealed yet.
func HintSetup(s *sandbox.Sandbox, err error) string {
	var path *fs.PathError
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &path) || within(path.Path, s.Read, s.Write, s.Setup) {
		return ""
	}
	return fmt.Sprintf("does not name %s for the setup (Sandbox.Setup, Read or Write)", path.Path)
}

// netCalls are the calls of package net that a sandbox may refuse.
var netCalls = []string{"socket", "connect", "bind", "listen", "accept", "accept4", "setsockopt", "sendto", "sendmsg", "recvfrom", "recvmsg"}

func hintNetwork(s *sandbox.Sandbox) string {
	switch {
	case s.Network.Any():
		return ""
	case s.Network == sandbox.NoNetwork:
		return "allows no network (Sandbox.Network)"
	}
	return fmt.Sprintf("allows of the network only %v (Sandbox.Network)", s.Network)
}

// lookup reports whether err says that a host's name could not be looked up,
// because that was not permitted: such an error has a text only.
func lookup(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && strings.Contains(dns.Err, syscall.EPERM.Error())
}

// hintExec is for a program, where Exec is set. Landlock answers EACCES for a
// file that it does not allow. EPERM is the filter's, for what the child does
// before it becomes the program.
func hintExec(s *sandbox.Sandbox, err *fs.PathError) string {
	switch {
	case errors.Is(err.Err, syscall.EPERM):
		return "lets programs start only as they are: without a process group, session or user of their own"
	case within(err.Path, s.Read):
		return ""
	}
	return fmt.Sprintf("does not name %s among what may be started (Sandbox.Read)", err.Path)
}

func hintFile(s *sandbox.Sandbox, path string) string {
	switch {
	case within(path, s.Write):
		return ""
	case within(path, s.Read):
		return fmt.Sprintf("lets functions read %s, and not write it (Sandbox.Write)", path)
	}
	return fmt.Sprintf("does not name %s (Sandbox.Read, Write)", path)
}

// within reports whether a path lies in one of the folders or is one of the
// files. It takes the path as it is, without following links.
func within(path string, lists ...[]string) bool {
	path = filepath.Clean(path)
	for _, list := range lists {
		for _, above := range list {
			above = filepath.Clean(above)
			if path == above || strings.HasPrefix(path, strings.TrimSuffix(above, "/")+"/") {
				return true
			}
		}
	}
	return false
}
