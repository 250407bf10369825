package reuse

import (
	"bytes"
	"os"
	"sync"
)

// SpoilVariable is the environment variable that, unless it is empty, makes
// this process and its workers overwrite taken-back memory. Package legiontest
// sets it.
const SpoilVariable = "LEGION_SPOIL"

// Pattern is the byte that taken-back memory is overwritten with.
const Pattern = 0xDB

var spoils = sync.OnceValue(func() bool { return raceEnabled || os.Getenv(SpoilVariable) != "" })

var pattern = sync.OnceValue(func() []byte { return bytes.Repeat([]byte{Pattern}, 4<<10) })

// Spoil overwrites b, which is about to be used again, in tests with
// SpoilVariable and in programs built with the race detector: whoever kept a
// part of it reads the pattern, and the detector reports the access.
func Spoil(b []byte) {
	if !spoils() {
		return
	}
	for b = b[:cap(b)]; len(b) > 0; {
		b = b[copy(b, pattern()):]
	}
}
