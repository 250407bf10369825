package codec

import "unsafe"

const (
	textBlock  = 128 // bytes
	sharedText = 32  // bytes; longer strings have memory of their own
)

// text returns a copy of b as a string. Short strings of one value share
// blocks, so that a value of many takes few allocations. A block is small,
// because a caller that keeps one of its strings keeps all of it.
func (d *decoder) text(b []byte) string {
	if len(b) == 0 || len(b) > sharedText {
		return string(b)
	}
	if len(b) > cap(d.block)-len(d.block) {
		d.block = make([]byte, 0, min(textBlock, len(b)+d.left())) // the rest of the value holds no more text than left
	}
	start := len(d.block)
	d.block = append(d.block, b...) // within cap, so never moved, and never written again
	return unsafe.String(&d.block[start], len(b))
}
