package lock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/legion-go/legion/status"
)

// maxPID is how many bytes of the file are read: more than any process id has.
const maxPID = 32

// errRubbish says that a file contains something else than a process id.
var errRubbish = errors.New("it contains something else than a process id")

// readPID returns the process id in f, or 0 if it is empty. The first line may
// be followed by the rest of a longer one, see writePID; a crash of the system
// may have left zero bytes.
func readPID(f *os.File) (int, error) {
	b := make([]byte, maxPID+1)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return 0, err
	}
	b = b[:n]
	if rest := bytes.Trim(b, "0123456789\n\x00"); n > maxPID || len(rest) > 0 {
		return 0, fmt.Errorf("%w: %.40q", errRubbish, b)
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	line = bytes.Trim(line, "\x00")
	if len(line) == 0 {
		return 0, nil
	}
	pid, err := strconv.ParseInt(string(line), 10, 32)
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("%w: %.40q", errRubbish, b)
	}
	return int(pid), nil
}

// writePID makes pid the contents of f, which is locked. A reader finds the old
// or the new one at any time: the file is never empty.
func writePID(f *os.File, pid int) error {
	line := strconv.Itoa(pid) + "\n"
	if _, err := f.WriteAt([]byte(line), 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(line)))
}

// mine describes a lock that this process holds.
func mine(name, path string) status.Lock {
	return status.Lock{Name: name, Path: path, Held: true, PID: os.Getpid()}
}
