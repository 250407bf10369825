package arena

import (
	"math/bits"
	"time"
)

// idleAfter is how often free pages are looked at; those that nobody has used
// since the last time lose their memory.
const idleAfter = 10 * time.Second

// atOnce bounds, in bytes, how much memory is given back under one lock.
const atOnce = 1 << 20

// pages knows which pages of a half have memory, and which were used lately.
type pages struct {
	page, first   int      // size of a page; where the half begins
	warm, touched []uint64 // a bit for each page
	count         int      // of warm pages
}

func newPages(from, to, page int) pages {
	n := ((to-from)/page + 63) / 64
	return pages{page: page, first: from, warm: make([]uint64, n), touched: make([]uint64, n)}
}

// each calls f with the word and the mask of the bits for the pages of e.
func (p *pages) each(e extent, f func(word int, mask uint64)) {
	for i, end := (e.from-p.first)/p.page, (e.to-p.first)/p.page; i < end; {
		n := min(64-i%64, end-i)
		f(i/64, ^uint64(0)>>(64-n)<<(i%64))
		i += n
	}
}

// touch marks the pages of e as used now.
func (p *pages) touch(e extent) {
	p.each(e, func(word int, mask uint64) { p.touched[word] |= mask })
}

// heat marks the pages of e as pages with memory, and reports whether all of
// them had it before.
func (p *pages) heat(e extent) (hot bool) {
	hot = true
	p.each(e, func(word int, mask uint64) {
		hot = hot && p.warm[word]&mask == mask
		p.count += bits.OnesCount64(mask &^ p.warm[word])
		p.warm[word] |= mask
	})
	return hot
}

// chill marks the pages of e as pages without memory.
func (p *pages) chill(e extent) {
	p.each(e, func(word int, mask uint64) {
		p.count -= bits.OnesCount64(mask & p.warm[word])
		p.warm[word] &^= mask
	})
}

// idle returns the first range in e, of at most most bytes, whose pages have
// memory and have not been touched.
func (p *pages) idle(e extent, most int) (extent, bool) {
	is := func(at int) bool {
		i := (at - p.first) / p.page
		return p.warm[i/64]&^p.touched[i/64]>>(i%64)&1 != 0
	}
	at := e.from
	for at < e.to && !is(at) {
		at += p.page
	}
	end := at
	for end < e.to && end-at < most && is(end) {
		end += p.page
	}
	return extent{at, end}, end > at
}
