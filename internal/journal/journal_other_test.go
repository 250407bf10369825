//go:build !linux

package journal

import (
	"errors"
	"testing"
)

func TestUnsupported(t *testing.T) {
	if _, err := Open(DefaultPath); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Open: %v", err)
	}
}
