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
