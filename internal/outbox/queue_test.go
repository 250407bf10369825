package outbox

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The queue against a plain slice, with a batch on its way while records are
// put.
func TestQueueKeepsRecordsInOrder(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		q := queue{limit: 50 + r.IntN(400)}
		var model [][]byte
		waiting := func() (bytes int) {
			for _, m := range model {
				bytes += len(m) + recordCost
			}
			return bytes
		}
		put := func() {
			record := bytes.Repeat([]byte{'a' + byte(r.IntN(26))}, 1+r.IntN(40))
			room := waiting()+len(record)+recordCost <= q.limit
			if got := q.put(record); got != room {
				t.Fatalf("seed %d: put: %v with %d of %d bytes", seed, got, waiting(), q.limit)
			}
			if room {
				model = append(model, bytes.Clone(record))
			}
			clear(record) // it is the caller's again
		}
		for range 2000 {
			if r.IntN(3) > 0 {
				put()
				continue
			}
			limit := 1 + r.IntN(80)
			batch := q.next(limit)
			if len(model) == 0 {
				if batch != nil {
					t.Fatalf("seed %d: next gives %q of nothing", seed, batch)
				}
				continue
			}
			for range r.IntN(4) {
				put()
			}
			all, whole := bytes.Join(model, nil), false
			for at, i := 0, 0; at < len(batch); i++ {
				at += len(model[i])
				whole = at == len(batch)
			}
			if !whole || !bytes.HasPrefix(all, batch) || len(batch) > limit && len(batch) != len(model[0]) {
				t.Fatalf("seed %d: limit %d gives %q of %q", seed, limit, batch, all)
			}
			n, records := r.IntN(len(batch)+1), 0
			if r.IntN(4) == 0 {
				q.drop()
				n, model = 0, model[1:]
			} else {
				records = q.consume(n)
			}
			for n > 0 && len(model[0]) <= n {
				n -= len(model[0])
				model = model[1:]
				records--
			}
			if records != 0 {
				t.Fatalf("seed %d: consume is wrong by %d records", seed, records)
			}
			if n > 0 {
				model[0] = model[0][n:]
			}
			if q.len() != len(model) || q.size != waiting() {
				t.Fatalf("seed %d: %d records, %d bytes; want %d, %d", seed, q.len(), q.size, len(model), waiting())
			}
		}
	}
}
