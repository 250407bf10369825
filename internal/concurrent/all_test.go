package concurrent

import (
	"errors"
	"sync"
	"testing"
)

// All runs at the same time for all values, and joins the errors.
func TestAll(t *testing.T) {
	odd := errors.New("odd")
	var here sync.WaitGroup
	here.Add(3)
	err := All([]int{1, 2, 4}, func(n int) error {
		here.Done()
		here.Wait() // for the others
		if n%2 == 1 {
			return odd
		}
		return nil
	})
	if !errors.Is(err, odd) {
		t.Error(err)
	}
	if err := All(nil, func(int) error { return odd }); err != nil {
		t.Error(err)
	}
}
