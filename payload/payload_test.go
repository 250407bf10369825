package payload_test

import (
	"context"
	"testing"

	"github.com/legion-go/legion/payload"
)

type lender struct {
	context.Context
	asked int
}

func (l *lender) Value(key any) any {
	if key == (*payload.Lent)(nil) {
		return l
	}
	return nil
}

func (l *lender) Scratch(n int) []byte {
	l.asked = n
	return make([]byte, 0, 2*n)
}

func TestScratch(t *testing.T) {
	if b := payload.Scratch(t.Context(), 10); len(b) != 0 || cap(b) != 10 {
		t.Errorf("outside a call: %d bytes, room for %d", len(b), cap(b))
	}
	l := &lender{Context: t.Context()}
	inner, stop := context.WithCancel(l)
	defer stop()
	if b := payload.Scratch(inner, 10); cap(b) != 20 || l.asked != 10 {
		t.Errorf("in a call: room for %d", cap(b))
	}
}
