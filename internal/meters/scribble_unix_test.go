//go:build unix

package meters

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// A region that changes at random while it is read hurts nobody: the memory is
// no memory of Go's, so that the race detector lets it be.
func TestScribbledRegion(t *testing.T) {
	alone(t)
	counter := declareCounter("a")
	const size = 16 << 10
	mem, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(mem)
	var over atomic.Bool
	var scribblers sync.WaitGroup
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 0))
		scribblers.Go(func() {
			for !over.Load() {
				at := rng.IntN(size/64) * 64 // where a record of this size follows another
				switch rng.IntN(5) {
				case 0:
					binary.NativeEndian.PutUint32(mem[at:], 64)
				case 1:
					binary.NativeEndian.PutUint32(mem[at:], rng.Uint32()>>rng.IntN(32))
				case 2:
					binary.LittleEndian.PutUint32(mem[at+4:], rng.Uint32()>>rng.IntN(32))
				case 3:
					binary.LittleEndian.PutUint64(mem[at+8:], counter.of.id)
					binary.LittleEndian.PutUint32(mem[at+4:], 32)
					mem[at+16] = 31
				default:
					mem[at+rng.IntN(64)] = byte(rng.IntN(128)) // mostly UTF-8
				}
			}
		})
	}
	w := Join("scribbled", func(read func([]byte)) { read(mem) })
	most := 0
	for n := 0; n < 2000 || most == 0 && n < 100_000; n++ {
		for _, f := range Gather() {
			most = max(most, len(f.Series))
		}
	}
	over.Store(true)
	scribblers.Wait()
	w.Leave()
	if most == 0 || most > MaxSeries+1 {
		t.Errorf("%d series: the scribblers are no test, or make the daemon keep too many", most)
	}
}
