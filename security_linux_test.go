package legion_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// vaultKey names the environment variable with the folder of a vault: files
// with a token that its main reads, and with one that Legion reads.
const vaultKey = "LEGION_TEST_VAULT"

func init() {
	unlike = append(unlike, func() *legion.Daemon { d, _ := newVault(); return d })
}

// newVault declares a daemon with two tokens, and with a function that searches
// its worker's memory for a token that is written backwards.
func newVault() (*legion.Daemon, *legion.Func[[]byte, int]) {
	dir := os.Getenv(vaultKey)
	c := quiet("vault")
	if dir != "" {
		read, _ := os.ReadFile(filepath.Join(dir, "read by main"))
		c.Control = "unix://" + filepath.Join(dir, "socket")
		c.Access = map[string]legion.Role{
			"token-file:" + filepath.Join(dir, "read by Legion"): legion.RoleRead,
			"token:" + string(read):                              legion.RoleRead,
		}
	}
	d := legion.New(c)
	return d, legion.Worker(d, "search", func(_ context.Context, backwards []byte) (int, error) { return searchMemory(backwards) }, legion.Pool{Max: 1})
}

// searchMemory counts the places in this process's memory with a text, which is
// given backwards so that the search itself puts none there.
func searchMemory(backwards []byte) (found int, err error) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return 0, err
	}
	defer maps.Close()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		return 0, err
	}
	defer mem.Close()
	const most = 128 << 20 // larger ones are the race detector's
	page := make([]byte, 1<<20)
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var may string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &may); err != nil || !strings.HasPrefix(may, "rw") || to-from > most {
			continue
		}
		for at := from; at < to; at += int64(len(page) - len(backwards)) {
			n, err := mem.ReadAt(page[:min(int64(len(page)), to-at)], at)
			if err != nil && err != io.EOF {
				break // nothing is mapped there
			}
			found += countBackwards(page[:n], backwards)
		}
	}
	return found, nil
}

// countBackwards counts the places in text with what is given backwards.
func countBackwards(text, backwards []byte) (n int) {
	last := len(backwards) - 1
	for {
		at := bytes.IndexByte(text, backwards[last])
		if at < 0 || len(text)-at <= last {
			return n
		}
		j := 0
		for j <= last && text[at+j] == backwards[last-j] {
			j++
		}
		if j > last {
			n++
		}
		text = text[at+1:]
	}
}

// A token of a file that Legion reads is not in the memory of a worker, which
// may have been taken over. One that main gives to Config is: main runs there
// too.
func TestTokenFilesStayInTheDaemon(t *testing.T) {
	legiontest.CheckLeaks(t)
	dir := t.TempDir()
	t.Setenv(vaultKey, dir)
	backwards := map[string][]byte{}
	for _, name := range []string{"read by main", "read by Legion"} {
		token := []byte("~" + rand.Text()) // a first byte that is rare
		if err := os.WriteFile(filepath.Join(dir, name), token, 0o600); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(token)
		backwards[name] = token
	}
	d, search := newVault()
	legiontest.Start(t, d)
	for name, secret := range map[string]bool{"read by main": false, "read by Legion": true} {
		n, err := search.Call(t.Context(), backwards[name])
		if err != nil || (n == 0) != secret {
			t.Errorf("the token %s is in the worker's memory %d times, %v", name, n, err)
		}
	}
}
