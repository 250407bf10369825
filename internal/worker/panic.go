package worker

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/legion-go/legion/internal/wire"
)

// panicked describes the value of recover in a function that panicked. The
// deferred function calls it, so the stack still shows the place of the panic.
func panicked(v any) wire.Fault {
	message := func() (s string) {
		defer func() {
			if recover() != nil {
				s = fmt.Sprintf("panic with a value of type %T that cannot be printed", v)
			}
		}()
		return fmt.Sprint(v)
	}()
	return wire.Fault{Message: message, Stack: string(debug.Stack())}
}

// exited describes the end of a function that ended its goroutine. The deferred
// function calls it, too.
func exited() wire.Fault {
	return wire.Fault{Message: "the function ended its goroutine (runtime.Goexit, or t.FailNow outside its test)", Stack: string(debug.Stack())}
}

// exiting reports whether the calling deferred function runs because of
// runtime.Goexit, and not a panic. recover would tell too, but it would end the
// panic, and a new panic would be reported at another place.
func exiting() bool {
	pc, _, _, _ := runtime.Caller(2)
	by, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return by.Function == "runtime.Goexit"
}
