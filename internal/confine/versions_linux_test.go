//go:build amd64 || arm64

package confine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// A process with versionEnv confines itself as on a kernel with that version of
// Landlock, and says what it can do.
const (
	versionEnv = "CONFINE_TEST_VERSION"
	folderEnv  = "CONFINE_TEST_FOLDER"
	againEnv   = "CONFINE_TEST_AGAIN"
)

func init() { // on the main thread, as package proc does it
	version, ok := os.LookupEnv(versionEnv)
	if !ok {
		return
	}
	newestABI, _ = strconv.Atoi(version)
	folder := os.Getenv(folderEnv)
	box := &sandbox.Sandbox{Read: []string{filepath.Join(folder, "r")}, Write: []string{filepath.Join(folder, "w")}}
	must := func(err error) {
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	if os.Getenv(againEnv) == "" {
		restarts, err := Restarts(box)
		must(err)
		must(Birth(box))
		if restarts {
			must(syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), againEnv+"=1")))
		}
	}
	report, err := Seal(box)
	must(err)
	open := func(name string, flags int) string {
		fd, err := unix.Open(filepath.Join(folder, name), flags|unix.O_CLOEXEC, 0)
		if err == nil {
			unix.Close(fd)
			return "done"
		}
		return unix.ErrnoName(err.(unix.Errno))
	}
	fmt.Println(report.Held[0])
	for _, name := range []string{"r/f", "w/f", "o/f"} {
		fmt.Println(name, open(name, unix.O_RDONLY), open(name, unix.O_WRONLY), open(name, unix.O_RDONLY|unix.O_TRUNC))
	}
	err = unix.Truncate(filepath.Join(folder, "o/f"), 0)
	fmt.Println("truncate", unix.ErrnoName(err.(unix.Errno)))
	os.Exit(0)
}

// Files are kept under each version of Landlock, also under those that let a
// file be emptied that may only be read.
func TestEachVersionOfLandlock(t *testing.T) {
	newest := landlockABI()
	if newest == 0 {
		t.Fatal("this system has no Landlock")
	}
	folder := t.TempDir()
	for _, name := range []string{"r", "w", "o"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for version := 1; version <= newest; version++ {
		for _, name := range []string{"r/f", "w/f", "o/f"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte("content"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), versionEnv+"="+strconv.Itoa(version), folderEnv+"="+folder, "GORACE=atexit_sleep_ms=0")
		out, err := cmd.CombinedOutput()
		truncate := "EPERM"
		if version >= abiTruncate {
			truncate = "EACCES"
		}
		want := fmt.Sprintf("files: Landlock %d\nr/f done EACCES EPERM\nw/f done done EPERM\no/f EACCES EACCES EPERM\ntruncate %s\n", version, truncate)
		if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(want) {
			t.Errorf("version %d: %v\n%s\nnot\n%s", version, err, out, want)
		}
		for _, name := range []string{"r/f", "o/f"} {
			if b, err := os.ReadFile(filepath.Join(folder, name)); string(b) != "content" {
				t.Errorf("version %d: %s has %q, %v", version, name, b, err)
			}
		}
	}
}
