//go:build !linux

package vanish

import "context"

// kernelWatch tells to look now and then.
type kernelWatch struct{}

func newKernelWatch() *kernelWatch { return &kernelWatch{} }

func (*kernelWatch) add(string) {}

func (*kernelWatch) wait(ctx context.Context) error { return sleep(ctx) }

func (*kernelWatch) close() {}
