package proc

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"unicode/utf8"
)

// drain reads f to its end, closes it, and passes each line to emit without its
// newline. It splits a line of more than MaxLine bytes into several, between
// two characters. A last line without a newline counts. It uses a fixed amount
// of memory.
//
// f ends when all its writers have ended, or at its read deadline, in case a
// writer escaped the group and outlived it.
func drain(f *os.File, emit func(line []byte)) {
	defer f.Close()
	buf := make([]byte, MaxLine+1) // one more, to see the newline of a line of exactly MaxLine
	n := 0                         // buf[:n] holds the beginning of a line
	for {
		m, err := f.Read(buf[n:])
		from, scanned := 0, n
		n += m
		for {
			i := bytes.IndexByte(buf[scanned:n], '\n')
			if i < 0 {
				break
			}
			emit(buf[from : scanned+i])
			from = scanned + i + 1
			scanned = from
		}
		n = copy(buf, buf[from:n])
		if n == len(buf) {
			cut := cutBefore(buf, MaxLine)
			emit(buf[:cut])
			n = copy(buf, buf[cut:])
		}
		if err != nil {
			if n > 0 {
				emit(buf[:n])
			}
			return
		}
	}
}

// cutBefore returns where to cut b, at n or just before, so that no character
// of UTF-8 is split.
func cutBefore(b []byte, n int) int {
	for i := n; i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return n // not UTF-8
}

// tail keeps the end of stderr. Of a crash report it keeps the parts that only
// stderr has: the first line of a fatal error (the crash file starts at the
// second), and the program's output before the report, which a long report
// would otherwise push out.
type tail struct {
	mu     sync.Mutex
	buf    []byte // whole lines with newlines, the first perhaps cut; at most twice the bytes that matter
	before []byte // a copy of buf's end, taken when its last line was the last of head
	head   []byte // the last lines that look like the beginning of a crash report, with only empty lines between them
	next   []byte // lines that become head if such a report follows
	inNext bool   // the last line that was not empty is one of next
}

func (t *tail) add(line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(append(t.buf, line...), '\n')
	if len(t.buf) > 2*StderrBytes {
		n := copy(t.buf, t.buf[len(t.buf)-StderrBytes-1:])
		t.buf = t.buf[:n]
	}
	switch {
	case len(line) == 0:
	case !isCrashHead(line) && !isCrashPrelude(line):
		t.inNext = false
	default:
		if !t.inNext || len(t.next) > StderrBytes {
			t.next = t.next[:0]
		}
		t.inNext = true
		t.next = append(append(t.next, line...), '\n')
		if isCrashHead(line) {
			t.head = append(t.head[:0], t.next...)
			t.before = append(t.before[:0], t.buf[max(0, len(t.buf)-StderrBytes-1):]...)
		}
	}
}

// crashHead returns the last lines that look like the beginning of a crash
// report.
func (t *tail) crashHead() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.head)
}

// lines returns the last StderrLines lines within the last StderrBytes bytes;
// if the program crashed, those before the report, and the report's head. A
// line that does not fit completely is left out, unless it is the only one.
func (t *tail) lines(crashed bool) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.buf
	if crashed && len(t.before) > 0 {
		b = t.before
	}
	if len(b) == 0 {
		return nil
	}
	cut := len(b) > StderrBytes
	b = b[max(0, len(b)-StderrBytes) : len(b)-1] // without the last newline
	lines := strings.Split(strings.ToValidUTF8(string(b), "\uFFFD"), "\n")
	if cut && len(lines) > 1 {
		lines = lines[1:]
	}
	if len(lines) > StderrLines {
		lines = lines[len(lines)-StderrLines:]
	}
	return lines
}
