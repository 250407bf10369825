package legion

import (
	"context"
	"slices"
	"testing"
)

// A follower whose context ends gets nothing more, also when items are there, and
// however fast more of them come.
func TestFollowersEndWithTheirContext(t *testing.T) {
	for range 20 { // a random choice would be right in one of many
		var f followers[int]
		one := f.add(func(int) bool { return true })
		f.offer(1)
		f.offer(2)
		ctx, cancel := context.WithCancel(t.Context())
		sent := 0
		err := one.follow(ctx, func(int) error {
			sent++
			cancel()
			return nil
		}, func(uint64) int { return 0 })
		if err != nil || sent != 1 {
			t.Fatalf("%d items, %v", sent, err)
		}
		f.remove(one)
	}
}

// Who is too slow is told how many items are left out, and where; items that
// nobody wants take nobody's place.
func TestFollowersTellWhatIsMissing(t *testing.T) {
	var f followers[int]
	if f.wanted(1) {
		t.Error("somebody wants something, and there is nobody")
	}
	one := f.add(func(n int) bool { return n >= 0 })
	defer f.remove(one)
	if f.wanted(-1) || !f.wanted(1) {
		t.Error("it is not asked what it wants")
	}
	for n := range 10 * followerBuffer {
		f.offer(-1 - n)
	}
	for n := range followerBuffer + 5 {
		f.offer(n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []int
	more := true
	err := one.follow(ctx, func(n int) error {
		got = append(got, n)
		switch {
		case n == 9 && more: // there is room again
			more = false
			f.offer(1000)
		case n == 1000: // and then none comes after those left out
			for n := range followerBuffer + 2 {
				f.offer(2000 + n)
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
	for n := range followerBuffer {
		want = append(want, n)
	}
	want = append(want, -5, 1000)
	for n := range followerBuffer {
		want = append(want, 2000+n)
	}
	if want = append(want, -2); !slices.Equal(got, want) {
		t.Errorf("got %d items: %v", len(got), got[max(0, len(got)-10):])
	}
}
