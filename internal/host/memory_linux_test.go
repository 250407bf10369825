package host

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Touched memory is resident, and counts in the peak after it is given back.
func TestMemory(t *testing.T) {
	before, _ := Memory()
	if before == 0 {
		t.Fatal("none")
	}
	const size = 64 << 20
	touched, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE) // not the heap, which may have as much free
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < size; i += os.Getpagesize() {
		touched[i] = 1
	}
	if after, _ := Memory(); after < before+size*3/4 {
		t.Errorf("%d before, %d with %d more", before, after, size)
	}
	if err := unix.Munmap(touched); err != nil {
		t.Fatal(err)
	}
	if _, peak := Memory(); peak < before+size*3/4 {
		t.Errorf("%d before, %d at most with %d more", before, peak, size)
	}
}
