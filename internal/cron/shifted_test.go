package cron_test

import (
	"time"
	"unsafe"
)

// shifted returns t with its wall clock moved and its monotonic reading kept,
// as time.Now returns it after the clock was set. The layout is that of package
// time: with the top bit of wall set, the 33 bits below it are seconds.
func shifted(t time.Time, by time.Duration) time.Time {
	p := (*struct{ wall uint64 })(unsafe.Pointer(&t))
	p.wall += uint64(by/time.Second) << 30
	return t
}
