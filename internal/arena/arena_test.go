package arena

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/buffer"
)

const testPage = 64

// fake is a system without shared memory, which counts.
type fake struct {
	populated, removed atomic.Int64 // bytes
	unmapped           int
	full               bool
}

func (f *fake) system() system {
	return system{testPage,
		func(b []byte) error {
			if f.full {
				return errors.New("no memory")
			}
			f.populated.Add(int64(len(b)))
			return nil
		},
		func(b []byte) error { f.removed.Add(int64(len(b))); clear(b); return nil },
		func(b []byte) error { f.unmapped++; return nil },
	}
}

// pair makes both ends of an arena over ordinary memory.
func pair(half int) (daemon, worker *Arena, f *fake) {
	f = new(fake)
	mem := make([]byte, 2*half)
	daemon = &Arena{half: half, own: extent{0, half}, system: f.system(), mem: mem}
	daemon.begin()
	worker = &Arena{system: f.system(), attach: func() ([]byte, error) { return mem, nil }}
	return daemon, worker, f
}

// A part that the daemon lends is seen by the worker, can come back as the
// result, once, and is free after its release.
func TestLend(t *testing.T) {
	d, w, _ := pair(testPage * 4)
	p := d.Take(100)
	copy(p.Bytes, "argument")
	at, ok := d.Offset(p)
	if !ok || at != 0 || len(p.Bytes) != 100 || cap(p.Bytes) != 100 {
		t.Fatal(at, ok, len(p.Bytes), cap(p.Bytes))
	}
	if _, ok := w.Offset(p); ok {
		t.Error("an arena knows the lease of another")
	}
	v, err := w.View(uint64(at), 100)
	if err != nil || string(v.Bytes[:8]) != "argument" {
		t.Fatal(err, v.Bytes)
	}
	copy(v.Bytes, "RESULT")
	lent := []buffer.Piece{{}, p}
	back, err := d.Claim(uint64(at), 6, lent, nil)
	if err != nil || string(back.Bytes) != "RESULT" {
		t.Fatal(err, back.Bytes)
	}
	if _, err := d.Claim(uint64(at), 6, lent, []buffer.Piece{back}); err == nil {
		t.Error("the argument was claimed twice")
	}
	v.Release()
	if d.Take(testPage*3).Bytes != nil || d.Leases() != 1 {
		t.Error("the argument was lent again")
	}
	back.Release()
	p.Release() // has no effect any more
	if d.Take(testPage*4).Bytes == nil {
		t.Error("the argument is not free")
	}
	if d.Take(1).Bytes != nil || d.Take(testPage*5).Bytes != nil {
		t.Error("there is no end of the memory")
	}
}

// A part of the worker's half goes back when the daemon says so.
func TestResults(t *testing.T) {
	d, w, _ := pair(testPage * 4)
	told := 0
	d.Tell = func() { told++ }
	var claims []buffer.Piece
	for range 2 {
		p := w.Take(testPage * 2)
		copy(p.Bytes, "result")
		at, _ := w.Offset(p)
		c, err := d.Claim(uint64(at), 7, nil, nil)
		if err != nil || string(c.Bytes[:6]) != "result" {
			t.Fatal(err, c.Bytes)
		}
		claims = append(claims, c)
	}
	if w.Take(1).Bytes != nil {
		t.Fatal("the worker's half has no end")
	}
	for _, c := range claims {
		c.Release()
		c.Release()
	}
	freed := d.Freed()
	if told != 1 || len(freed) != 2 || len(d.Freed()) != 0 || d.Leases() != 0 {
		t.Fatal(told, freed, d.Leases())
	}
	if err := w.Returned(freed); err != nil {
		t.Fatal(err)
	}
	if w.Take(testPage*4).Bytes == nil {
		t.Error("the worker's half is not free again")
	}
	if w.Returned([]uint64{1 << 40}) == nil || w.Returned([]uint64{testPage * 5}) == nil {
		t.Error("the worker believes anything")
	}
	if _, err := w.View(testPage*4-1, 2); err == nil {
		t.Error("a view of both halves")
	}
}

// TestLies: what a worker may not name.
func TestLies(t *testing.T) {
	d, _, _ := pair(testPage * 8)
	mine, other := d.Take(testPage), d.Take(testPage)
	lent := []buffer.Piece{mine, {Bytes: make([]byte, 3)}, {}}
	foreign, _, _ := pair(testPage)
	lent = append(lent, foreign.Take(testPage))
	good, err := d.Claim(testPage*10, testPage+1, lent, nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, ref := range map[string][2]uint64{
		"another call's":                   {testPage, 10},
		"the middle of an argument":        {1, 10},
		"more than the argument":           {0, testPage + 1},
		"more than everything":             {0, 1 << 63},
		"a free part of the daemon's half": {testPage * 4, 10},
		"both halves":                      {testPage * 7, testPage * 2},
		"behind the end":                   {testPage * 16, 0},
		"over the end":                     {testPage * 15, testPage + 1},
		"an offset that overflows":         {1<<62 - 1, 1 << 63},
		"no page":                          {testPage*12 + 1, 10},
		"the same a second time":           {testPage * 10, 1},
		"the second page of it":            {testPage * 11, 1},
		"the page before, and it":          {testPage * 9, testPage + 1},
		"all of the half":                  {testPage * 8, testPage * 8},
	} {
		if _, err := d.Claim(ref[0], ref[1], lent, nil); err == nil {
			t.Errorf("%s was claimed", what)
		}
	}
	if _, err := d.Claim(testPage*9, testPage, lent, nil); err != nil {
		t.Error(err)
	}
	if _, err := d.Claim(testPage*12, testPage*4, lent, nil); err != nil {
		t.Error(err)
	}
	mine.Release()
	if _, err := d.Claim(0, 10, lent, nil); err == nil {
		t.Error("a released argument was claimed")
	}
	other.Release()
	good.Release()
	d.Close()
	if _, err := d.Claim(testPage*10, 1, nil, nil); err == nil {
		t.Error("a part of a closed arena was claimed")
	}
}

// FuzzClaim compares Claim with a list of pages: of the worker's half it gives
// out exactly what is whole, within bounds and not claimed.
func FuzzClaim(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		const half = 16
		rng := rand.New(rand.NewPCG(seed, 2))
		d, _, _ := pair(testPage * half)
		var held [half]bool
		claims := map[int]buffer.Piece{}
		for range 200 {
			at, n := uint64(rng.IntN(testPage*half*2+100)), uint64(rng.IntN(testPage*5))
			switch rng.IntN(10) {
			case 0:
				at, n = rng.Uint64(), rng.Uint64()
			case 1, 2, 3, 4, 5, 6:
				at = uint64(half+rng.IntN(half)) * testPage
			}
			pages := (max(n, 1) + testPage - 1) / testPage
			ok := at >= testPage*half && at%testPage == 0 && at < testPage*half*2 && n <= testPage*half &&
				at/testPage+pages <= half*2
			if ok {
				for p := at/testPage - half; p < at/testPage-half+pages; p++ {
					ok = ok && !held[p]
				}
			}
			c, err := d.Claim(at, n, nil, nil)
			if (err == nil) != ok {
				t.Fatalf("%d bytes at %d: %v; held: %v", n, at, err, held)
			}
			if ok {
				for p := at/testPage - half; p < at/testPage-half+pages; p++ {
					held[p] = true
				}
				claims[int(at)] = c
			}
			for at, c := range claims {
				if rng.IntN(3) == 0 {
					for p := at/testPage - half; p*testPage < at-half*testPage+max(len(c.Bytes), 1); p++ {
						held[p] = false
					}
					c.Release()
					delete(claims, at)
				}
			}
			if d.Leases() != len(claims) || len(d.claims) != len(claims) {
				t.Fatal(d.Leases(), len(d.claims), len(claims))
			}
		}
	})
}

// Memory is allocated when pages are lent first, kept, and given back when they
// are free and nobody used them for a while.
func TestIdlePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, f := pair(testPage * 200)
		p := d.Take(testPage * 150)
		q := d.Take(testPage * 2)
		if f.populated.Load() != testPage*152 {
			t.Fatal(f.populated.Load())
		}
		for range 10 { // in use
			time.Sleep(idleAfter)
		}
		if f.removed.Load() != 0 {
			t.Error("memory in use was given back")
		}
		p.Release()
		for range 10 { // used again and again
			time.Sleep(idleAfter * 2 / 3)
			d.Take(testPage * 100).Release()
		}
		if f.populated.Load() != testPage*152 || f.removed.Load() != testPage*50 {
			t.Errorf("%d pages were populated, %d removed", f.populated.Load()/testPage, f.removed.Load()/testPage)
		}
		time.Sleep(2*idleAfter + 1)
		synctest.Wait()
		if f.removed.Load() != testPage*150 {
			t.Errorf("%d pages were given back", f.removed.Load()/testPage)
		}
		q.Release()
		time.Sleep(2*idleAfter + 1)
		synctest.Wait()
		d.mu.Lock()
		if f.removed.Load() != testPage*152 || d.timer != nil || d.pages.count != 0 {
			t.Errorf("%d pages were given back; %v; %d are warm", f.removed.Load()/testPage, d.timer, d.pages.count)
		}
		d.mu.Unlock()
		d.Take(testPage).Release()
		if f.populated.Load() != testPage*153 {
			t.Error("a page without memory was lent")
		}
		d.Close()
	})
}

// Without memory nothing is lent, and the next try is as good as the first.
func TestNoMemory(t *testing.T) {
	d, _, f := pair(testPage * 4)
	f.full = true
	if d.Take(testPage*4).Bytes != nil || d.Leases() != 0 {
		t.Fatal("pages without memory were lent")
	}
	f.full = false
	if p := d.Take(testPage * 4); p.Bytes == nil || f.populated.Load() != testPage*4 {
		t.Error("nothing is lent any more")
	}
	d.Close()
}

// The mapping of a dead worker's arena goes with the last lease, and the rest
// of its memory at once.
func TestClose(t *testing.T) {
	d, w, f := pair(testPage * 8)
	p := d.Take(testPage * 2)
	at, _ := w.Offset(w.Take(testPage))
	r, err := d.Claim(uint64(at), 5, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	d.Tell = func() { told = true }
	d.Close()
	d.Close()
	if f.removed.Load() != testPage*13 || f.unmapped != 0 || d.Take(1).Bytes != nil {
		t.Fatalf("%d pages removed, %d unmapped", f.removed.Load()/testPage, f.unmapped)
	}
	r.Release()
	if f.removed.Load() != testPage*14 || f.unmapped != 0 || told {
		t.Fatalf("%d pages removed, %d unmapped", f.removed.Load()/testPage, f.unmapped)
	}
	p.Release()
	p.Release()
	if f.unmapped != 1 {
		t.Error("the mapping stays")
	}
	e, _, g := pair(testPage)
	e.Close()
	if g.unmapped != 1 {
		t.Error("the mapping of an arena without leases stays")
	}
}
