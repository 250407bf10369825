package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const png = "\x89PNG\r\n\x1a\n" // enough of one for a store

func TestSaveReplacesAndDiscards(t *testing.T) {
	s := store{t.TempDir()}
	for _, content := range []string{png + "first", png + "second"} {
		if err := s.save("a b.jpg", []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(s.dir, "a b.jpg.png"))
		if err != nil || string(got) != content {
			t.Errorf("read %q, %v; want %q", got, err, content)
		}
	}
	if err := s.discard("a b.jpg"); err != nil {
		t.Error(err)
	}
	if err := s.discard("a b.jpg"); err != nil {
		t.Errorf("second time: %v", err)
	}
	if left, _ := os.ReadDir(s.dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSaveTakesThumbnailsOnly(t *testing.T) {
	s := store{t.TempDir()}
	for _, content := range []string{"", "<script>", png + strings.Repeat("x", largest)} {
		if err := s.save("a.jpg", []byte(content)); err == nil {
			t.Errorf("%d bytes that are not a thumbnail were saved", len(content))
		}
	}
	if left, _ := os.ReadDir(s.dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSaveFailsWhole(t *testing.T) {
	s := store{t.TempDir()}
	// There is a folder in the place of the thumbnail.
	if err := os.MkdirAll(filepath.Join(s.dir, "a.jpg.png", "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.save("a.jpg", []byte(png)); err == nil {
		t.Error("no error")
	}
	if left, _ := os.ReadDir(s.dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
