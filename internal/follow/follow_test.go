package follow

import (
	"context"
	"slices"
	"testing"
)

// A follower whose context ends gets nothing more, also when items are there,
// and however fast more of them come.
func TestFollowersEndWithTheirContext(t *testing.T) {
	for range 20 { // a random choice would be right in one of many
		var f Feed[int]
		one := f.Add(func(int) bool { return true })
		f.Offer(1)
		f.Offer(2)
		ctx, cancel := context.WithCancel(t.Context())
		sent := 0
		err := one.Run(ctx, func(int) error {
			sent++
			cancel()
			return nil
		}, func(uint64) int { return 0 })
		if err != nil || sent != 1 {
			t.Fatalf("%d items, %v", sent, err)
		}
		f.Remove(one)
	}
}

// Who is too slow is told how many items are left out, and where; items that
// nobody wants take nobody's place.
func TestFollowersTellWhatIsMissing(t *testing.T) {
	var f Feed[int]
	if f.Wanted(1) {
		t.Error("an item is wanted without followers")
	}
	one := f.Add(func(n int) bool { return n >= 0 })
	defer f.Remove(one)
	if f.Wanted(-1) || !f.Wanted(1) {
		t.Error("it is not asked what it wants")
	}
	for n := range 10 * Buffer {
		f.Offer(-1 - n)
	}
	for n := range Buffer + 5 {
		f.Offer(n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []int
	more := true
	err := one.Run(ctx, func(n int) error {
		got = append(got, n)
		switch {
		case n == 9 && more: // there is room again
			more = false
			f.Offer(1000)
		case n == 1000: // and then none comes after those left out
			for n := range Buffer + 2 {
				f.Offer(2000 + n)
			}
		case n == -2:
			cancel()
		}
		return nil
	}, func(n uint64) int { return -int(n) })
	if err != nil {
		t.Fatal(err)
	}
	var want []int
	for n := range Buffer {
		want = append(want, n)
	}
	want = append(want, -5, 1000)
	for n := range Buffer {
		want = append(want, 2000+n)
	}
	if want = append(want, -2); !slices.Equal(got, want) {
		t.Errorf("got %d items: %v", len(got), got[max(0, len(got)-10):])
	}
}

// Taking does not wait, and tells what was left out; for a follower that has no
// room an item need not be made, but it is told that it missed it.
func TestTake(t *testing.T) {
	var f Feed[int]
	one := f.Add(func(int) bool { return true })
	defer f.Remove(one)
	if items, missed := one.Take(); len(items) > 0 || missed > 0 {
		t.Error(items, missed)
	}
	offered := 0
	for n := range Buffer + 7 {
		if f.Wanted(n) {
			offered++
			f.Offer(n)
		}
	}
	if items, missed := one.Take(); offered != Buffer || len(items) != Buffer || items[Buffer-1] != Buffer-1 || missed != 7 {
		t.Errorf("of %d that were wanted it got %d, and missed %d", offered, len(items), missed)
	}
	other := f.Add(func(int) bool { return true })
	for n := range Buffer {
		f.Offer(n)
	}
	other.Take()
	if !f.Wanted(1) {
		t.Error("one of two has room, and the item is not wanted")
	}
	f.Offer(1)
	f.Remove(other)
	if _, missed := one.Take(); missed != 1 {
		t.Errorf("missed %d", missed)
	}
}
