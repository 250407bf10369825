package pool

import (
	"strings"
	"testing"
)

func TestWhereAWorkerWas(t *testing.T) {
	const frames = `SIGABRT: abort
PC=0x1 m=0 sigcode=0

goroutine 1 [IO wait]:
main.main()
	/home/me/app/main.go:9 +0x1

goroutine 7 [sleep]:
runtime.gopark(...)
	/usr/local/go/src/runtime/proc.go:402 +0x1
INNER
main.work({0x1, 0x2}, 0x3)
	/home/me/app/work.go:31 +0x45
github.com/legion-go/legion/internal/worker.(*server).run(0x1, 0x2)
	/home/me/legion/internal/worker/serve.go:200 +0x1`
	for inner, want := range map[string]string{
		"time.Sleep(0x1)\n\t/usr/local/go/src/runtime/time.go:363 +0xfc":                         "time.Sleep (time.go:363), called by main.work (work.go:31)",
		"image/png.(*decoder).decode(0x1)\n\t/usr/local/go/src/image/png/reader.go:700 +0x1":     "png.(*decoder).decode (reader.go:700), called by main.work (work.go:31)",
		"golang.org/x/image/vp8.(*Decoder).scan(0x1)\n\t/root/go/pkg/mod/x/vp8/quant.go:44 +0x1": "vp8.(*Decoder).scan (quant.go:44)",
	} {
		d := &Death{}
		d.Stack = strings.Replace(frames, "INNER", inner, 1)
		if got := d.running(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	d := &Death{}
	d.Stack, d.KilledBy = "SIGABRT: abort\n\ngoroutine 1 [sleep]:\nmain.setup()\n\t/home/me/app/main.go:9 +0x1", string(CauseBootTimeout)
	if got := d.running(); got != "main.setup (main.go:9)" {
		t.Errorf("while starting: %q", got)
	}
	d.Stack = "SIGABRT: abort\n\ngoroutine 1\n(\n\t\n\t\t"
	d.running() // rubbish does no harm
}
