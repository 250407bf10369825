package logfile

import "bytes"

// buffer holds whole lines, in order, in memory of a fixed size. A line lies in one piece: where it does not fit before
// the end of the memory, it starts at the beginning, and the rest of the end stays unused for this round.
//
// It has no lock of its own. What next has returned stays as it is until consume, whatever is put in the meantime: so
// the holder of a lock takes it, lets go of the lock, and writes it.
type buffer struct {
	mem     []byte
	head    int  // where the oldest line begins
	tail    int  // where the next line goes
	wrapped bool // the lines are mem[head:end] and then mem[:tail]; otherwise they are mem[head:tail]
	end     int
}

func newBuffer(size int) buffer { return buffer{mem: make([]byte, size)} }

func (b *buffer) empty() bool { return b.head == b.tail && !b.wrapped }

// put appends text, and a newline if it does not end with one. It is false, and nothing has changed, if there is no
// room for all of it.
func (b *buffer) put(text []byte) bool {
	need := len(text)
	if text[need-1] != '\n' {
		need++
	}
	switch {
	case b.wrapped:
		if b.head-b.tail < need {
			return false
		}
	case len(b.mem)-b.tail >= need:
	case b.head >= need:
		b.wrapped, b.end, b.tail = true, b.tail, 0
	default:
		return false
	}
	at := b.mem[b.tail : b.tail+need]
	at[need-1] = '\n'
	copy(at, text)
	b.tail += need
	return true
}

// next returns the oldest lines: whole ones, at most limit bytes, but one line at least; nil if there is none.
func (b *buffer) next(limit int) []byte {
	if b.empty() {
		return nil
	}
	end := b.tail
	if b.wrapped {
		end = b.end
	}
	return wholeLines(b.mem[b.head:end:end], int64(limit))
}

// consume removes the oldest n bytes, which must be whole lines and part of what next has returned.
func (b *buffer) consume(n int) {
	b.head += n
	if b.wrapped && b.head == b.end {
		b.head, b.wrapped = 0, false
	}
	if b.empty() {
		b.head, b.tail = 0, 0 // stay where the memory is warm
	}
}

// wholeLines returns as many of the lines as fit in limit bytes, but one line at least. lines ends with a newline.
func wholeLines(lines []byte, limit int64) []byte {
	if int64(len(lines)) <= limit {
		return lines
	}
	if limit > 0 {
		if cut := bytes.LastIndexByte(lines[:limit], '\n') + 1; cut > 0 {
			return lines[:cut]
		}
	}
	return lines[:bytes.IndexByte(lines, '\n')+1]
}
