package concurrent

import "errors"

// All calls f for every value at the same time, waits for all, and joins their
// errors in the order in which they come.
func All[T any](of []T, f func(T) error) error {
	errs := make(chan error, len(of))
	for _, v := range of {
		go func() { errs <- f(v) }()
	}
	var all []error
	for range of {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
