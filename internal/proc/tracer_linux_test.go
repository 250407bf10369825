package proc

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTracer(t *testing.T) {
	p, o := begin(t, "hold")
	o.value(t, p, "ready")
	if tracer := Tracer(p.PID()); tracer != 0 {
		t.Skipf("process %d traces already", tracer)
	}
	runtime.LockOSThread() // this thread is the tracer
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(p.PID()); err != nil {
		t.Skipf("a process cannot be traced here: %v", err)
	}
	if tracer := Tracer(p.PID()); tracer != os.Getpid() {
		t.Errorf("its tracer is %d, not this process", tracer)
	}
	p.Kill("test")
	wait(t, p)
	if tracer := Tracer(p.PID()); tracer != 0 {
		t.Errorf("the tracer of a dead process is %d", tracer)
	}
}
