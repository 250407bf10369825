package legion

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"testing"
)

// A line that is dropped is reported at once, not with the next one.
func TestDroppedLineIsReported(t *testing.T) {
	r, f, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w := newAsyncWriter(f, func(lines uint64, why error) []byte { return fmt.Appendf(nil, "%d dropped: %v\n", lines, why) })
	long := make([]byte, maxAsync+1)
	long[maxAsync] = '\n'
	lines := bufio.NewReader(r)
	for range 3 {
		_, _ = w.Write(long)
		if got, err := lines.ReadString('\n'); got != "1 dropped: "+errAsyncFull.Error()+"\n" || err != nil { // waits for it
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
	_, _ = w.Write(long)
	if s := w.stats(); s.Dropped != 4 || s.Written != 0 {
		t.Errorf("%+v", s)
	}
	_ = f.Close()
}
