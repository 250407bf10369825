package logfile

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The buffer against a plain slice, with a batch on its way while lines are put.
func TestBufferKeepsLinesInOrder(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := newBuffer(1 + r.IntN(300))
		var model []byte
		for range 2000 {
			if r.IntN(3) > 0 {
				text := bytes.Repeat([]byte{'a' + byte(r.IntN(26))}, 1+r.IntN(40))
				if r.IntN(2) == 0 {
					text[len(text)-1] = '\n'
				}
				if r.IntN(8) == 0 {
					text[r.IntN(len(text))] = '\n'
				}
				empty := b.empty()
				ok := b.put(text)
				if text[len(text)-1] != '\n' {
					text = append(text, '\n')
				}
				if ok {
					model = append(model, text...)
				} else if empty && len(text) <= len(b.mem) {
					t.Fatalf("seed %d: an empty buffer of %d refuses %d", seed, len(b.mem), len(text))
				}
				continue
			}
			limit := r.IntN(80)
			batch := b.next(limit)
			if (batch == nil) != (len(model) == 0) {
				t.Fatalf("seed %d: next gives %q, there are %d bytes", seed, batch, len(model))
			}
			if batch == nil {
				continue
			}
			if len(batch) > limit && bytes.IndexByte(batch, '\n') != len(batch)-1 || batch[len(batch)-1] != '\n' {
				t.Fatalf("seed %d: limit %d gives %q", seed, limit, batch)
			}
			for range r.IntN(4) {
				if b.put([]byte("xyz\n")) {
					model = append(model, "xyz\n"...)
				}
			}
			if !bytes.HasPrefix(model, batch) {
				t.Fatalf("seed %d: got %q, want the beginning of %q", seed, batch, model)
			}
			n := len(wholeLines(batch, int64(r.IntN(len(batch)+1))))
			b.consume(n)
			model = model[n:]
		}
	}
}
