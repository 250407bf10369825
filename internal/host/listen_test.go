package host

import (
	"strings"
	"testing"
)

func TestListenSaysWhatToDo(t *testing.T) {
	l, err := Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	if l, err := Listen(t.Context(), "tcp", address); err == nil || l != nil || !strings.Contains(err.Error(), "listen tcp "+address+": bind: address already in use: another process listens there") {
		t.Errorf("a second listener: %v, %v", l, err)
	}
	if l, err := Listen(t.Context(), "tcp", "nowhere"); err == nil || l != nil || strings.Contains(err.Error(), "another process") {
		t.Errorf("a wrong address: %v, %v", l, err)
	}
}
