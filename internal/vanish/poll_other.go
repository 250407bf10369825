//go:build !linux

package vanish

import "context"

// kernelWatch fires after each pause, because this system has no inotify.
type kernelWatch struct{}

func newKernelWatch() *kernelWatch { return &kernelWatch{} }

func (*kernelWatch) add(string) {}

func (*kernelWatch) wait(ctx context.Context) error { return sleep(ctx) }

func (*kernelWatch) close() {}
