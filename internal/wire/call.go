package wire

// A call has an identity of 32 bits on the wire: the slot it occupies in its
// worker (low 8 bits) and the generation of that slot (high 24 bits). The
// daemon increments the generation each time it reuses the slot, so that a late
// frame of an earlier call can be told from a frame of the current call.
// Generations are compared modulo 2^24: the order of two that are less than
// 2^23 apart is known.

const (
	// Slots is the number of calls that one worker can have at a time, running and
	// sent ahead together.
	Slots = 256
	// GenMask masks the bits of a generation.
	GenMask = 1<<24 - 1
)

// CallID returns the identity of a call; only the low 24 bits of gen count.
func CallID(slot uint8, gen uint32) uint32 { return gen<<8 | uint32(slot) }

// NextGen returns the generation after gen. It is never 0: so no call has the
// identity 0, which stands for none.
func NextGen(gen uint32) uint32 { return max((gen+1)&GenMask, 1) }

// Slot returns the slot of a call.
func Slot(call uint32) uint8 { return uint8(call) }

// Gen returns the generation of a call.
func Gen(call uint32) uint32 { return call >> 8 }

// Newer reports whether generation a comes after generation b.
func Newer(a, b uint32) bool { return int32((a-b)<<8) > 0 }
