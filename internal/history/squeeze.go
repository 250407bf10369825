package history

import "math/bits"

// Numbers are kept as floats without a sign: those that fit the mantissa are
// exact, larger ones have an exponent of five bits, and are rounded.
const (
	small = 3  // bits of the mantissa of a number in one byte: off by a sixteenth at most
	large = 11 // … in two: off by 1/4096
)

// squeeze returns n with a mantissa of that many bits. What is too large
// becomes the largest there is.
func squeeze(n uint64, mantissa int) uint64 {
	e := bits.Len64(n) - mantissa - 1
	if e <= 0 {
		return n
	}
	m := n>>e + n>>(e-1)&1
	if m>>(mantissa+1) != 0 { // by rounding
		m >>= 1
		e++
	}
	return min(uint64(e)<<mantissa+m, 1<<(mantissa+5)-1)
}

// swell is the way back.
func swell(code uint64, mantissa int) uint64 {
	if code>>(mantissa+1) == 0 {
		return code
	}
	e := code>>mantissa - 1
	return (code&(1<<mantissa-1) | 1<<mantissa) << e
}

func squeeze8(n uint64) uint8   { return uint8(squeeze(n, small)) }
func squeeze16(n uint64) uint16 { return uint16(squeeze(n, large)) }
func swell8(c uint8) uint64     { return swell(uint64(c), small) }
func swell16(c uint16) uint64   { return swell(uint64(c), large) }
