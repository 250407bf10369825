package legion

import (
	"errors"
	"runtime/debug"

	"github.com/legion-go/legion/internal/bus"
)

// protect calls fn. Its panic is an error, and so is the end of its goroutine.
func protect(fn func() error) (err error) {
	err = errors.New("it ended its goroutine")
	defer func() {
		if v := recover(); v != nil {
			err = &bus.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}
