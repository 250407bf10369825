package worker

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/legion-go/legion/internal/wire"
)

// panicked describes what recover has returned in a function that did not
// return. It is called by the deferred function, so that the stack still shows
// where the panic was.
func panicked(v any) wire.Fault {
	if v == nil {
		return wire.Fault{Message: "the function ended its goroutine (runtime.Goexit, or t.FailNow outside its test)", Stack: string(debug.Stack())}
	}
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

// exiting reports whether runtime.Goexit has called the deferred function that
// asks, and not a panic. Function recover would tell, too, but end the panic: one
// begun anew would be reported as of another place.
func exiting() bool {
	pc, _, _, _ := runtime.Caller(2)
	by, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return by.Function == "runtime.Goexit"
}
