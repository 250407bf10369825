package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// put writes a file whose modification time is so many seconds after a fixed
// one.
func put(t *testing.T, dir, name, content string, second int) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

func idle(string) bool { return false }

// wantScan scans once and compares the names.
func wantScan(t *testing.T, f *folder, busy func(string) bool, want ...string) {
	t.Helper()
	found, err := f.scan(busy)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, each := range found {
		names = append(names, each.name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("scan found %q, want %q", names, want)
	}
}

func TestScanAtOnce(t *testing.T) {
	f := folder{dir: t.TempDir()}
	put(t, f.dir, "b.png", "12345", 0)
	put(t, f.dir, "a.jpg", "123", 0)
	put(t, f.dir, ".hidden", "1", 0)
	if err := os.Mkdir(filepath.Join(f.dir, "folder.png"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.jpg", filepath.Join(f.dir, "link.jpg")); err != nil {
		t.Fatal(err)
	}
	wantScan(t, &f, idle, "a.jpg", "b.png")
	wantScan(t, &f, idle)
}

func TestScanWaitsUntilAFileIsWhole(t *testing.T) {
	f := folder{dir: t.TempDir(), patient: true}
	put(t, f.dir, "a.png", "half", 0)
	wantScan(t, &f, idle)
	put(t, f.dir, "a.png", "half and half", 1) // grows while it is copied
	wantScan(t, &f, idle)
	wantScan(t, &f, idle, "a.png")
	wantScan(t, &f, idle)

	put(t, f.dir, "a.png", "half AND half", 2) // changed later, same size
	wantScan(t, &f, idle)
	wantScan(t, &f, idle, "a.png")

	if err := os.Remove(filepath.Join(f.dir, "a.png")); err != nil {
		t.Fatal(err)
	}
	wantScan(t, &f, idle)
	put(t, f.dir, "a.png", "half AND half", 2) // the same again is a new file
	wantScan(t, &f, idle)
	wantScan(t, &f, idle, "a.png")
}

func TestScanLeavesBusyFilesForLater(t *testing.T) {
	f := folder{dir: t.TempDir(), patient: true}
	put(t, f.dir, "a.png", "1", 0)
	wantScan(t, &f, idle)
	wantScan(t, &f, idle, "a.png")
	put(t, f.dir, "a.png", "22", 1) // changed while a worker has it
	busy := func(name string) bool { return name == "a.png" }
	wantScan(t, &f, busy)
	wantScan(t, &f, busy)
	wantScan(t, &f, idle, "a.png")
}

func TestScanOfNoFolder(t *testing.T) {
	f := folder{dir: filepath.Join(t.TempDir(), "gone")}
	if _, err := f.scan(idle); err == nil {
		t.Error("no error")
	}
}
